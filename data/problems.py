"""What can be wrong with data, said once: what, where, and what to do."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rapidfuzz import fuzz, process, utils


class DataProblem(Exception):
    """A problem with somebody's data or request, never a fault of the program.

    `id` is a stable key that screens translate, `params` fill the translated sentence, and
    `str(problem)` is the same sentence in plain English.

    Example:
        raise DataProblem("unknown_table", "No table {name!r}.{hint}", name=name, hint=did_you_mean(name, known))
    """

    def __init__(self, id: str, message: str, /, **params: Any) -> None:
        """`message` is the English sentence, with `params` in braces; a brace in a value is harmless."""
        self.id = id
        self.message = message
        self.params = params
        super().__init__(message.format_map(params) if params else message)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes whole: exceptions lose keyword arguments otherwise."""
        return _rebuild, (type(self), self.id, self.message, self.params)


def _rebuild(kind: type[DataProblem], id: str, message: str, params: dict[str, Any]) -> DataProblem:
    return kind(id, message, **params)


def close_names(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """The known names most like `name`, best first; empty when nothing is close."""
    found = process.extract(name, list(known), scorer=fuzz.WRatio, processor=utils.default_process, limit=limit)
    return [candidate for candidate, score, _ in found if score >= 60]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` Did you mean 'a' or 'b'?`, with its leading space, or nothing."""
    close = close_names(name, known)
    return f" Did you mean {' or '.join(repr(candidate) for candidate in close)}?" if close else ""


@dataclass
class Problem:
    """Something to know about the rows of one import: how often, with a few examples.

    `severity` is one of
    `rejected` (those rows stay out), `warning` (rows go in, look at them), `assumed` (a choice made
    for the reader, to be confirmed) and `left_out` (not data: totals, questions nobody answered).
    An example is `{"row": line in the file as a person counts it, "value": text}`. `params` are what the
    sentence in `expected` names, for translations of it.
    """

    column: str | None
    problem: str
    count: int
    expected: str
    examples: list[dict[str, Any]] = field(default_factory=list)
    severity: Literal["rejected", "warning", "assumed", "left_out"] = "rejected"
    params: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The form printed by `import --json`."""
        return asdict(self)
