"""Survey answers and ratings: words to scores, and the scale where the file does not say it."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.checks.findings import Findings
from data.checks.values import answer_words
from data.mapping.names import normalised, words
from data.readers.typed import mask

Columns = dict[str, pa.Array]
_IN_HEADER = re.compile(
    r"[(\[]\s*(?:scale|escala)?\s*([01])\s*(?:-|–|—|to|a|até|ate|hasta|\.\.+)\s*(\d{1,3})\s*[)\]]", re.I
)


def settle(columns: Columns, findings: Findings, split: bool, headers: tuple[str, ...] = ()) -> None:
    """Complete survey columns: scores from words, rows without an answer, scales, direction; changes `columns`.

    Args:
        columns: Typed columns of `surveys`.
        findings: Where problems and assumptions go.
        split: The file feeds other tables too, so a row without an answer is a question nobody
            answered and not a fault.
    """
    count = findings.count
    if "score" not in columns:
        columns["score"] = pa.nulls(count, pa.float64())
    answered_in_words = _scores_from_labels(columns, findings)
    named_scale(columns, findings, headers, ~answered_in_words)
    empty = mask(pc.is_null(columns["score"])) & ~findings.rejected
    if split:
        findings.leave_out(empty, "score", "no_answer", "an answer; rows without one are not survey answers")
    else:
        findings.reject(empty, "score", "missing_required", "a score or a label", lambda _: "")
    _complete_scales(columns, findings, answered_in_words)
    if "higher_is_better" not in columns:
        columns["higher_is_better"] = pa.array(np.ones(count, dtype=bool))
        findings.assume("higher_is_better", "assumed_direction", count, "true: a high score is good")
    else:
        columns["higher_is_better"] = pc.fill_null(columns["higher_is_better"], True)


def _scores_from_labels(columns: Columns, findings: Findings) -> np.ndarray:
    """Fill missing scores from labels; True where a word gave the score."""
    none = np.zeros(findings.count, dtype=bool)
    if "label" not in columns:
        return none
    encoded = pc.dictionary_encode(columns["label"])
    known, silent = answer_words(), words("surveys.unanswered")
    labels = [normalised(label) for label in encoded.dictionary.to_pylist()]
    meant = pa.array([known.get(label) for label in labels], pa.float64())
    scores = meant.take(encoded.indices)
    missing = mask(pc.is_null(columns["score"]))
    filled = missing & mask(pc.is_valid(scores))
    columns["score"] = pc.if_else(pa.array(filled), scores, columns["score"])
    quiet = np.append(np.array([label in silent for label in labels], dtype=bool), False)
    unsaid = quiet[np.asarray(pc.fill_null(encoded.indices, len(labels)))]
    findings.leave_out(missing & unsaid, "label", "no_answer", "an answer; rows without one are not survey answers")
    strange = missing & ~filled & ~unsaid & mask(pc.is_valid(columns["label"]))
    findings.reject(
        strange,
        "label",
        "unknown_answer",
        "a score, or a word such as satisfied",
        lambda row: columns["label"][row].as_py(),
    )
    return filled


def named_scale(columns: Columns, findings: Findings, headers: tuple[str, ...], rows: np.ndarray) -> None:
    """Take the scale that a header names, as in `Nota NPS (1-10)`, for rows without one; changes `columns`."""
    found = {(float(low), float(high)) for header in headers for low, high in _IN_HEADER.findall(header)}
    if len(found) != 1 or not (ends := found.pop())[0] < ends[1]:
        return
    open_rows = np.zeros(findings.count, dtype=bool)
    for name, value in zip(("scale_min", "scale_max"), ends, strict=True):
        given = columns.get(name, pa.nulls(findings.count, pa.float64()))
        mine = rows & mask(pc.is_null(given))
        columns[name] = pc.if_else(pa.array(mine), pa.scalar(value), given)
        open_rows |= mine
    if open_rows.any():
        low, high = (f"{end:g}" for end in ends)
        expected = f"a scale of {low} to {high}, as the header says"
        findings.assume("scale_max", "scale_from_header", int(open_rows.sum()), expected, low=low, high=high)


def _complete_scales(columns: Columns, findings: Findings, in_words: np.ndarray) -> None:
    count = findings.count
    for name in ("scale_min", "scale_max"):
        columns.setdefault(name, pa.nulls(count, pa.float64()))
    columns["scale_min"] = pc.if_else(pa.array(in_words), pa.scalar(1.0), columns["scale_min"])
    columns["scale_max"] = pc.if_else(pa.array(in_words), pa.scalar(5.0), columns["scale_max"])
    kinds = pc.fill_null(columns.get("kind", pa.nulls(count, pa.string())), "other")
    for kind in pc.unique(kinds).to_pylist():
        mine = mask(pc.equal(kinds, kind)) & ~findings.rejected & ~findings.left_out
        open_low, open_high = (mine & mask(pc.is_null(columns[name])) for name in ("scale_min", "scale_max"))
        if not (open_low.any() or open_high.any()):
            continue
        low, high = _scale(kind, columns["score"].filter(pa.array(open_low | open_high)))
        columns["scale_min"] = pc.if_else(pa.array(open_low), pa.scalar(low), columns["scale_min"])
        columns["scale_max"] = pc.if_else(pa.array(open_high), pa.scalar(high), columns["scale_max"])
        findings.assume(
            "scale_max",
            "assumed_scale",
            int((open_low | open_high).sum()),
            f"{kind}: a scale of {low:g} to {high:g}",
            low=f"{low:g}",
            high=f"{high:g}",
        )


def _scale(kind: str, scores: pa.Array) -> tuple[float, float]:
    """The usual scale that holds the scores of a kind of survey."""
    ends = pc.min_max(scores).as_py()
    low, high = ends["min"], ends["max"]
    if kind in ("nps", "enps") or low is None:
        return (0.0, 10.0) if kind in ("nps", "enps") else (1.0, 5.0)
    if high <= 1:
        return (0.0, 1.0)
    if high <= 3 and low >= 1 and len(scores) >= 30:
        return (1.0, 3.0)
    for top in (5.0, 7.0, 10.0, 100.0):
        if high <= top:
            return (0.0 if low < 1 or top == 100.0 else 1.0, top)
    return (float(low), float(high))
