"""Which encoding a text file has: byte-order mark, then strict UTF-8, then the likeliest of the old Western ones."""

import codecs
import re
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

_COMMON = frozenset("áàâãäéêëèíìïóòôõöúùüûçñÁÀÂÃÄÉÊËÍÓÔÕÖÚÜÇÑºª’\u00a0")
_IN_WORDS = re.compile(r"(?<=[A-Za-z])[^\x00-\x7f]")
_ACCENTED = re.compile(r"\S*[^\x00-\x7f]\S*")
_SPOILED = re.compile(r"[^\s,;|]*(?:Ã[\u0080-\u00bf]|â€[\u0080-\u00ff\u2122\u0153\u2013\u201c]|\ufffd)[^\s,;|]*")


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
    return _western(data)


def _western(data: memoryview) -> str:
    """The old encoding that makes most sense of the bytes above 127: cp1252 unless DOS or Mac clearly fits better."""
    if not _decodes(data, "cp1252"):
        best = "latin-1"
    else:
        best = "cp1252"
    sample = bytes(data[: 1 << 20])
    scores = {name: _sense(sample.decode(name, errors="replace")) for name in (best, "cp850", "mac_roman")}
    other = max(("cp850", "mac_roman"), key=lambda name: scores[name])
    return other if scores[other] >= 0.8 and scores[best] <= 0.4 else best


def _sense(text: str) -> float:
    """Share of the characters above 127 that stand behind a letter and that Portuguese or Spanish would have there."""
    high = _IN_WORDS.findall(text)
    return sum(1 for character in high if character in _COMMON) / len(high) if high else 1.0


def unproven(data: memoryview, encoding: str) -> list[str]:
    """Words with letters that another encoding would read otherwise; empty where the bytes prove the encoding."""
    if encoding.startswith("utf"):
        return []
    text = bytes(data[: 1 << 20]).decode(encoding, errors="replace")
    return list(dict.fromkeys(_ACCENTED.findall(text)))[:3]


def spoiled_words(text: str) -> list[str]:
    """Words whose letters were damaged before they came here, as in `SÃ£o`."""
    return list(dict.fromkeys(_SPOILED.findall(text)))[:5]


def as_utf8(data: memoryview, encoding: str) -> memoryview:
    """The same text as UTF-8 bytes without a byte-order mark; no copy when it already is.

    Raises:
        DataProblem: the bytes are not text in that encoding.
    """
    try:
        found = codecs.lookup(encoding)
        "".encode(encoding)  # refuses codecs that are not for text, such as zip
    except (LookupError, ValueError) as error:
        raise DataProblem("unknown_encoding", "There is no text encoding {name!r}.", name=encoding) from error
    name = found.name
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
