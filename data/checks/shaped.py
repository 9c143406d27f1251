"""The rows of a file while steps run on them: what each is made of, and what has to be said."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from data.problems import Problem
from data.readers.raw import RawTable
from data.readers.typed import flat, trimmed

EXAMPLES = 5


@dataclass
class Refused:
    """Rows that a step found fault with: a mask, the column, problem and expectation, and the text of each row."""

    rows: np.ndarray
    column: str
    problem: str
    expected: str
    texts: np.ndarray


@dataclass
class Shaped:
    """The rows after the steps, and where each came from.

    Attributes:
        raw: The rows as text; `row_numbers` are lines of the file (the first one of a group).
        source: Row of the file for each pair of a row read and a row made of it.
        target: Row after the steps for each such pair.
        cell: The column a row was taken from, for each pair, where columns were taken apart; "" elsewhere.
        apart: The columns taken apart.
        plain: Columns that steps have written, as numbers with a decimal point.
        left_out: Rows of the file that were chosen not to come in.
        made: Rows there are more of because columns were taken apart.
        problems: What steps have to say.
        refused: Rows that must stay out.
        facts: Decimal signs and date orders found on the way.
    """

    raw: RawTable
    source: np.ndarray
    target: np.ndarray
    cell: np.ndarray
    apart: tuple[str, ...] = ()
    plain: frozenset[str] = frozenset()
    left_out: int = 0
    made: int = 0
    problems: list[Problem] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def sizes(self) -> np.ndarray:
        """Of how many pairs each row after the steps consists."""
        return np.bincount(self.target, minlength=self.raw.frame.num_rows)


def texts_of(shaped: Shaped, header: str) -> pa.Array:
    """The texts of a column, without blanks around them."""
    return trimmed(flat(shaped.raw.frame.column(header)))


def lines_of(shaped: Shaped) -> pa.Array:
    """The line of each row: given from the start, and carried through every step."""
    return flat(shaped.raw.row_numbers) if shaped.raw.row_numbers is not None else pa.nulls(0, pa.int64())


def leave_out(
    shaped: Shaped, out: np.ndarray, column: str, problem: str, expected: str, params: dict[str, Any], show: str | None
) -> None:
    """Set rows aside, say so, and renumber what is left."""
    if not out.any():
        return
    gone = int(out[shaped.target].sum())
    shaped.left_out += gone
    say(shaped, np.flatnonzero(out), column, problem, gone, expected, "left_out", params, show)
    keep = ~out
    renumbered = np.cumsum(keep) - 1
    stay = keep[shaped.target]
    shaped.source, shaped.cell = shaped.source[stay], shaped.cell[stay]
    shaped.target = renumbered[shaped.target[stay]]
    take(shaped, np.flatnonzero(keep))
    for refused in shaped.refused:
        refused.rows, refused.texts = refused.rows[keep], refused.texts[keep]


def take(shaped: Shaped, rows: np.ndarray) -> None:
    """Keep these rows, in this order."""
    places = pa.array(rows)
    raw = shaped.raw
    shaped.raw = replace(raw, frame=raw.frame.take(places), row_numbers=lines_of(shaped).take(places), _samples={})


def say(
    shaped: Shaped,
    rows: np.ndarray,
    column: str | None,
    problem: str,
    count: int,
    expected: str,
    severity: Any,
    params: dict[str, Any],
    show: str | None,
) -> None:
    """Report something about rows, with the first lines and, where `show` names a column, its texts."""
    examples = []
    for row in rows[:EXAMPLES]:
        value = shaped.raw.frame.column(show)[int(row)].as_py() if show else None
        examples.append({"row": lines_of(shaped)[int(row)].as_py(), "value": (value or "")[:200]})
    shaped.problems.append(Problem(column, problem, count, expected, examples, severity, params))
