"""Collects every problem of a table: which rows stay out and why, with counts and examples."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from data.problems import Problem
from data.readers.raw import RawTable

EXAMPLES = 5


class Findings:
    """Problems found so far in the rows of one raw table.

    Rows are positions 0 … n − 1; examples name the line a person counts.
    """

    def __init__(self, raw: RawTable) -> None:
        self.raw = raw
        self.count = raw.frame.num_rows
        self.problems: list[Problem] = []
        self.rejected = np.zeros(self.count, dtype=bool)
        self.left_out = np.zeros(self.count, dtype=bool)
        self._reasons: list[tuple[np.ndarray, str]] = []

    def line(self, position: int) -> int:
        """The line of a row in the file."""
        if self.raw.row_numbers is not None:
            return int(self.raw.row_numbers[position].as_py())
        return self.raw.first_row_number + position

    def lines(self, positions: np.ndarray) -> pa.Array:
        """The lines of several rows."""
        if self.raw.row_numbers is not None:
            return self.raw.row_numbers.take(pa.array(positions))
        return pa.array(positions + self.raw.first_row_number, pa.int64())

    def reject(
        self, rows: np.ndarray, column: str | None, problem: str, expected: str, value: Callable[[int], Any]
    ) -> None:
        """Keep rows out, saying what was expected; `value` gives the text to show for a row."""
        positions = np.flatnonzero(rows & ~self.left_out)
        if len(positions):
            self.rejected[positions] = True
            self._reasons.append((positions, f"{f'{column}: ' if column else ''}{expected} [{problem}]"))
            self._add(positions, column, problem, expected, value, "rejected")

    def warn(
        self,
        rows: np.ndarray,
        column: str | None,
        problem: str,
        expected: str,
        value: Callable[[int], Any],
        params: dict[str, Any] | None = None,
    ) -> None:
        """Let rows in, but say that they look odd; `params` fill the translated words."""
        positions = np.flatnonzero(rows & ~self.rejected & ~self.left_out)
        if len(positions):
            self._add(positions, column, problem, expected, value, "warning")
            self.problems[-1].params.update(params or {})

    def leave_out(self, rows: np.ndarray, column: str | None, problem: str, expected: str) -> None:
        """Set rows aside that are not data of this table, such as questions nobody answered."""
        positions = np.flatnonzero(rows & ~self.left_out)
        if len(positions):
            self.left_out[positions] = True
            self._add(positions, column, problem, expected, lambda _: "", "left_out")

    def assume(self, column: str | None, problem: str, count: int, expected: str, **params: Any) -> None:
        """Report a choice made for the reader; `params` fill the translated words."""
        self.problems.append(Problem(column, problem, count, expected, [], "assumed", params))

    def reasons(self, positions: np.ndarray) -> list[str]:
        """Why each of the rejected rows stays out: column, what was expected, and in brackets the problem's id."""
        if not len(positions):
            return []
        texts = np.full(self.count, "", dtype=object)
        for rows, reason in self._reasons:
            texts[rows] = np.where(texts[rows] == "", reason, texts[rows] + f"; {reason}")
        return list(texts[positions])

    def _add(
        self,
        positions: np.ndarray,
        column: str | None,
        problem: str,
        expected: str,
        value: Callable[[int], Any],
        severity: Any,
    ) -> None:
        examples = [{"row": self.line(int(p)), "value": _shown(value(int(p)))} for p in positions[:EXAMPLES]]
        self.problems.append(Problem(column, problem, len(positions), expected, examples, severity))


def _shown(value: Any) -> str:
    return "" if value is None else str(value)[:200]
