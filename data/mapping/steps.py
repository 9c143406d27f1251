"""Row steps of a mapping file: what happens to the rows of a file before its columns are read."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from data.mapping.names import variants
from data.problems import DataProblem, did_you_mean

KINDS = ("only", "without", "sum_by", "latest_by", "unpivot", "split")
_FIELDS = {
    "only": ("only",),
    "without": ("without",),
    "sum_by": ("sum_by", "sum"),
    "latest_by": ("latest_by", "order"),
    "unpivot": ("unpivot", "name", "value"),
    "split": ("split", "by"),
}


@dataclass(frozen=True)
class Only:
    """Keep rows whose values are among those listed, in every column named; compared without case or blanks around.

    An empty text stands for a blank cell. `inverted` (the step `without`) leaves out rows with one of the values in
    any of the columns.
    """

    values: tuple[tuple[str, tuple[str, ...]], ...]
    inverted: bool = False

    @property
    def headers(self) -> tuple[str, ...]:
        """The columns looked at."""
        return tuple(header for header, _ in self.values)

    def to_json(self) -> dict[str, Any]:
        """The step in a mapping file."""
        return {"without" if self.inverted else "only": {header: list(values) for header, values in self.values}}

    def bound(self, present: list[str], file: str) -> "Only":
        """Headers spelled as in the file."""
        return Only(tuple((spelled(header, present, file), values) for header, values in self.values), self.inverted)


@dataclass(frozen=True)
class SumBy:
    """Many rows per key become one: `sums` are added up, other columns keep their first value."""

    keys: tuple[str, ...]
    sums: tuple[str, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        """The columns looked at."""
        return (*self.keys, *self.sums)

    def to_json(self) -> dict[str, Any]:
        """The step in a mapping file."""
        return {"sum_by": list(self.keys), "sum": list(self.sums)}

    def bound(self, present: list[str], file: str) -> "SumBy":
        """Headers spelled as in the file."""
        return SumBy(_all_spelled(self.keys, present, file), _all_spelled(self.sums, present, file))


@dataclass(frozen=True)
class LatestBy:
    """Of the rows of each key only the newest stays, by the time (or number) in `order`."""

    keys: tuple[str, ...]
    order: str

    @property
    def headers(self) -> tuple[str, ...]:
        """The columns looked at."""
        return (*self.keys, self.order)

    def to_json(self) -> dict[str, Any]:
        """The step in a mapping file."""
        return {"latest_by": list(self.keys), "order": self.order}

    def bound(self, present: list[str], file: str) -> "LatestBy":
        """Headers spelled as in the file."""
        return LatestBy(_all_spelled(self.keys, present, file), spelled(self.order, present, file))


@dataclass(frozen=True)
class Unpivot:
    """One column per month (or other heading) becomes one row each; a blank cell is no row."""

    columns: tuple[str, ...]
    name: str
    value: str

    @property
    def headers(self) -> tuple[str, ...]:
        """The columns taken apart."""
        return self.columns

    def to_json(self) -> dict[str, Any]:
        """The step in a mapping file."""
        return {"unpivot": list(self.columns), "name": self.name, "value": self.value}

    def bound(self, present: list[str], file: str) -> "Unpivot":
        """Headers spelled as in the file."""
        columns = _all_spelled(self.columns, present, file)
        for made in (self.name, self.value):
            if made in present and made not in columns:
                raise bad_mapping(f"unpivot cannot make a column {made!r}: {file} has one")
        return Unpivot(columns, self.name, self.value)


@dataclass(frozen=True)
class Split:
    """Of a joined list in one cell the first entry is taken."""

    header: str
    by: str

    @property
    def headers(self) -> tuple[str, ...]:
        """The column looked at."""
        return (self.header,)

    def to_json(self) -> dict[str, Any]:
        """The step in a mapping file."""
        return {"split": self.header, "by": self.by}

    def bound(self, present: list[str], file: str) -> "Split":
        """The header spelled as in the file."""
        return Split(spelled(self.header, present, file), self.by)


Step = Only | SumBy | LatestBy | Unpivot | Split


def step_from_json(given: Any, where: str) -> Step:
    """Read one entry of `rows`; `where` names it in errors.

    Raises:
        DataProblem: an unknown step or field, with close names.
    """
    if not isinstance(given, dict) or not given:
        raise bad_mapping(f'{where} must be an object such as {{"only": {{…}}}}. Known: {", ".join(KINDS)}')
    kinds = [kind for kind in KINDS if kind in given]
    if len(kinds) != 1:
        unknown = next((str(key) for key in given if key not in KINDS), "")
        hint = did_you_mean(unknown, KINDS) if not kinds else ""
        raise bad_mapping(f"{where} must be one step of {', '.join(KINDS)}.{hint}")
    kind = kinds[0]
    for key in given:
        if key not in _FIELDS[kind]:
            raise bad_mapping(f"{where} has an unknown field {key!r}.{did_you_mean(str(key), _FIELDS[kind])}")
    for key in _FIELDS[kind]:
        if key not in given:
            raise bad_mapping(f"{where}: {kind} needs {key!r}")
    if kind in ("only", "without"):
        return Only(_conditions(given[kind], f"{where}: {kind!r}"), kind == "without")
    if kind == "sum_by":
        keys, sums = _headers(given["sum_by"], f"{where}: 'sum_by'"), _headers(given["sum"], f"{where}: 'sum'")
        if set(keys) & set(sums):
            raise bad_mapping(f"{where} cannot sum a column of its key")
        return SumBy(keys, sums)
    if kind == "latest_by":
        return LatestBy(
            _headers(given["latest_by"], f"{where}: 'latest_by'"), _text(given["order"], f"{where}: 'order'")
        )
    if kind == "unpivot":
        columns = _headers(given["unpivot"], f"{where}: 'unpivot'")
        name, value = _text(given["name"], f"{where}: 'name'"), _text(given["value"], f"{where}: 'value'")
        if name == value:
            raise bad_mapping(f"{where}: 'name' and 'value' must differ")
        return Unpivot(columns, name, value)
    return Split(_text(given["split"], f"{where}: 'split'"), _text(given["by"], f"{where}: 'by'", blank=True))


def steps_from_json(given: Any, where: str) -> tuple[Step, ...]:
    """Read `rows` of one table.

    Raises:
        DataProblem: not a list of steps.
    """
    if given is None:
        return ()
    if not isinstance(given, list):
        raise bad_mapping(f"{where}: 'rows' must be a list of steps")
    steps = tuple(step_from_json(one, f"{where}, step {number}") for number, one in enumerate(given, start=1))
    if sum(isinstance(step, Unpivot) for step in steps) > 1:
        raise bad_mapping(f"{where} can unpivot once only")
    return steps


def bound_steps(steps: Iterable[Step], headers: Iterable[str], file: str) -> tuple[tuple[Step, ...], list[str]]:
    """The steps with headers spelled as in the file, and the headers there are after them.

    Raises:
        DataProblem: a header is not in the file.
    """
    present, found = list(headers), []
    for step in steps:
        one = step.bound(present, file)
        found.append(one)
        if isinstance(one, Unpivot):
            present = [header for header in present if header not in one.columns] + [one.name, one.value]
    return tuple(found), present


def made(steps: Iterable[Step]) -> set[str]:
    """Headers that steps make and that no file has."""
    return {header for step in steps if isinstance(step, Unpivot) for header in (step.name, step.value)}


def spelled(header: str, present: list[str], file: str) -> str:
    """A header as the file spells it.

    Raises:
        DataProblem: the file has no such column, with close names.
    """
    if header in present:
        return header
    for form in range(3):
        wanted = variants(header)
        same = [
            other
            for other in present
            if (form == 0 and other.strip().casefold() == header.strip().casefold())
            or (form == 1 and variants(other)[:1] == wanted[:1])
            or (form == 2 and set(variants(other)) & set(wanted))
        ]
        if len(same) == 1 and wanted:
            return same[0]
    raise DataProblem(
        "unknown_header",
        "{file} has no column {header!r}.{hint} It has: {present}.",
        file=file,
        header=header,
        hint=did_you_mean(header, present),
        present=", ".join(present[:40]),
    )


def bad_mapping(why: str) -> DataProblem:
    """The refusal of a mapping file."""
    return DataProblem("bad_mapping", "The mapping cannot be used: {why}.", why=why)


def _all_spelled(headers: tuple[str, ...], present: list[str], file: str) -> tuple[str, ...]:
    found = tuple(spelled(header, present, file) for header in headers)
    if len(set(found)) < len(found):
        raise bad_mapping(f"a step names the same column of {file} twice")
    return found


def _conditions(given: Any, where: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(given, dict) or not given:
        raise bad_mapping(f"{where} must pair headers with lists of values")
    found = []
    for header, values in given.items():
        listed = values if isinstance(values, list) else [values]
        if not listed or any(isinstance(value, dict | list) for value in listed):
            raise bad_mapping(f"{where} must pair headers with lists of plain values")
        found.append((str(header), tuple(_said(value) for value in listed)))
    return tuple(found)


def _said(value: Any) -> str:
    if value is None:
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _headers(given: Any, where: str) -> tuple[str, ...]:
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not listed or not all(isinstance(one, str) and one for one in listed):
        raise bad_mapping(f"{where} must be a header or a list of headers")
    if len(set(listed)) < len(listed):
        raise bad_mapping(f"{where} names a header twice")
    return tuple(listed)


def _text(given: Any, where: str, blank: bool = False) -> str:
    if not isinstance(given, str) or not (given if blank else given.strip()):
        raise bad_mapping(f"{where} must be a text")
    return given
