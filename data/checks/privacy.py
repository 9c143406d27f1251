"""What must not be kept as it is: pseudonyms for people, and cells that a spreadsheet would run."""

import hashlib
import hmac

import pyarrow as pa
import pyarrow.compute as pc

from data.problems import DataProblem
from data.readers.typed import TEXT_NULLS, flat, is_missing, mask, trimmed

_START = "p_"
_BODY, _SEAL = 20, 6
_RUNS = r"^'*[\s]*[=@+\-]|^'*[\t\r]"
_NUMBER = r"^[+\-][0-9.,]*%?$"


def pseudonyms(texts: pa.Array, key: bytes | None) -> pa.Array:
    """A pseudonym for each text: a keyed hash, the same for the same text wherever this key is used.

    A missing value stays missing. A pseudonym made with this key stays as it is, so rejected rows can come back.

    Raises:
        DataProblem: there is no key.
    """
    if not key:
        raise DataProblem(
            "no_pseudonym_key", "Pseudonyms need the key of the workspace, and there is none. Import into a workspace."
        )
    values = trimmed(texts).cast(pa.string())
    values = pc.if_else(pa.array(is_missing(values, TEXT_NULLS)), pa.scalar(None, pa.string()), values)
    encoded = pc.dictionary_encode(values)
    made = [pseudonym(text, key) for text in encoded.dictionary.to_pylist()]
    return pa.array(made, pa.string()).take(encoded.indices)


def pseudonym(text: str, key: bytes) -> str:
    """The pseudonym of one text: `p_`, twenty hexadecimal digits, and six that prove it was made with this key."""
    if len(text) == len(_START) + _BODY + _SEAL and text.startswith(_START):
        body, seal = text[len(_START) : -_SEAL], text[-_SEAL:]
        if hmac.compare_digest(seal, _digest(key, f"seal {body}")[:_SEAL]):
            return text
    body = _digest(key, f"value {text}")[:_BODY]
    return _START + body + _digest(key, f"seal {body}")[:_SEAL]


def _digest(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()


def neutral(texts: pa.Array) -> pa.Array:
    """Cells that a spreadsheet would run as a formula behind an apostrophe; numbers stay as they are."""
    runs = _runs(texts)
    if not mask(runs).any():
        return texts
    return pc.if_else(runs, pc.binary_join_element_wise("'", texts, ""), texts)


def restored(frame: pa.Table) -> pa.Table:
    """Rejected rows that come back: the apostrophe before a formula is taken off again."""
    columns = {}
    for name in frame.column_names:
        texts = flat(frame.column(name))
        runs = pc.and_(pc.fill_null(pc.starts_with(texts, "'"), False), _runs(texts))
        columns[name] = pc.if_else(runs, pc.utf8_slice_codeunits(texts, 1), texts) if mask(runs).any() else texts
    return pa.table(columns)


def _runs(texts: pa.Array) -> pa.Array:
    runs = pc.and_not(pc.match_substring_regex(texts, _RUNS), pc.match_substring_regex(texts, _NUMBER))
    return pc.fill_null(runs, False)
