"""Which encoding a text file has: byte-order mark, then strict UTF-8, then cp1252."""

import codecs
from collections.abc import Iterator

from data.problems import DataProblem

_CHUNK = 1 << 24
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def find_encoding(data: memoryview) -> str:
    """Name of the encoding of a text file's bytes."""
    head = bytes(data[:4096])
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if len(head) >= 4 and head.count(0) > len(head) // 4:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if odd > len(head) // 4 and even * 8 < odd:
            return "utf-16-le"
        if even > len(head) // 4 and odd * 8 < even:
            return "utf-16-be"
    if _decodes(data, "utf-8"):
        return "utf-8"
    return "cp1252" if _decodes(data, "cp1252") else "latin-1"


def as_utf8(data: memoryview, encoding: str) -> memoryview:
    """The same text as UTF-8 bytes without a byte-order mark; no copy when it already is.

    Raises:
        DataProblem: the bytes are not text in that encoding.
    """
    try:
        name = codecs.lookup(encoding).name
    except LookupError as error:
        raise DataProblem("unknown_encoding", "There is no text encoding {name!r}.", name=encoding) from error
    if name in ("utf-8", "utf-8-sig", "ascii"):
        start = 3 if bytes(data[:3]) == codecs.BOM_UTF8 else 0
        if not _decodes(data, "utf-8"):
            raise _not_text(encoding)
        return data[start:]
    decoder = codecs.getincrementaldecoder(name)()
    parts = bytearray()
    try:
        for chunk, last in _chunks(data):
            parts += decoder.decode(chunk, last).encode("utf-8")
    except UnicodeError as error:
        raise _not_text(encoding) from error
    return memoryview(bytes(parts).removeprefix(codecs.BOM_UTF8))


def _not_text(encoding: str) -> DataProblem:
    return DataProblem(
        "wrong_encoding", "The file is not text in {encoding}. Choose another encoding.", encoding=encoding
    )


def _chunks(data: memoryview) -> Iterator[tuple[bytes, bool]]:
    for start in range(0, max(len(data), 1), _CHUNK):
        yield bytes(data[start : start + _CHUNK]), start + _CHUNK >= len(data)


def _decodes(data: memoryview, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        for chunk, last in _chunks(data):
            if not (chunk.isascii() and not decoder.getstate()[0] and name != "utf-16"):
                decoder.decode(chunk, last)
    except UnicodeError:
        return False
    return True
