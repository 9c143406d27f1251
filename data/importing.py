"""The way in: look at a file, then prepare its rows. Nothing is stored here.

`inspect` reads and suggests; `prepare` applies a mapping and checks every row. What `prepare`
returns holds all that `import --json` prints except the version and the KPIs.
"""

import hashlib
from collections.abc import Callable
from collections.abc import Mapping as Pairs
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv

from data import schema
from data.checks import Checked, Known, apply
from data.mapping import Mapping, questions, refusals, suggest
from data.mapping.mapping import known_column, known_table, table_of
from data.problems import DataProblem, Problem, did_you_mean
from data.readers import Assumed, RawTable, read
from data.readers.reading import open_bytes

__all__ = ["Known", "Prepared", "Upload", "inspect", "prepare", "write_rejected"]


@dataclass(frozen=True)
class Upload:
    """A file as read: its tables of text and what each seems to be.

    Attributes:
        name: File name shown to people.
        sha256: Digest of the bytes, to notice the identical file again.
        size: Bytes.
        tables: One for each sheet or archived file that holds something.
        suggestions: A mapping for each of `tables`, in the same order.
        original: A copy of the file as it was read, as long as this is there; None when nobody kept it.
    """

    name: str
    sha256: str
    size: int
    tables: tuple[RawTable, ...]
    suggestions: tuple[Mapping, ...]
    original: Path | None = None


@dataclass(frozen=True)
class Prepared:
    """Rows ready to be stored, for one file and canonical table.

    `accepted` is a table in memory, or its like on disk (`data.apart.Kept`) when the rows were checked in a child.
    """

    file: str
    table: str
    accepted: Any
    rejected: pa.Table
    checked: Checked
    mapping: Mapping
    unmapped: tuple[str, ...]

    @property
    def warnings(self) -> bool:
        """Whether there is something to read: rejected rows or warnings."""
        return any(problem.severity in ("rejected", "warning") for problem in self.checked.problems)

    def report(self) -> dict[str, Any]:
        """The part of `import --json` that does not depend on a workspace."""
        return {
            "file": self.file,
            "table": self.table,
            "rows_read": self.checked.rows_read,
            "rows_accepted": self.accepted.num_rows,
            "rows_rejected": self.rejected.num_rows,
            "rows_left_out": self.checked.rows_left_out,
            "rows_merged": self.checked.rows_merged,
            "rows_made": self.checked.rows_made,
            "assumed": self.checked.assumed.to_json(),
            "mapping": self.checked.mapping,
            "unmapped": list(self.unmapped),
            "problems": [problem.to_json() for problem in self.checked.problems],
        }


def inspect(
    source: str | Path | bytes,
    name: str | None = None,
    assumed: Assumed | None = None,
    tables: list[str] | None = None,
) -> Upload:
    """Read a file and suggest what it feeds.

    Args:
        source: Path, or the bytes of an upload.
        name: Name shown to people; the path's own when left out.
        assumed: What to use instead of what would be found.
        tables: Canonical tables it must feed; found by best fit when left out.

    Raises:
        DataProblem: the file cannot be read, or a table is unknown.
    """
    for table in tables or []:
        known_table(table)
    shown = name or ("upload" if isinstance(source, bytes) else Path(source).name)
    data = memoryview(source) if isinstance(source, bytes) else open_bytes(Path(source))
    read_tables = tuple(read(source, shown, assumed))
    suggestions = tuple(suggest(raw, tables) for raw in read_tables)
    return Upload(shown, hashlib.sha256(data).hexdigest(), len(data), read_tables, suggestions)


def prepare(
    upload: Upload,
    mapping: Mapping | Pairs[str, Any] | None = None,
    *,
    assumed: Assumed | None = None,
    tables: list[str] | None = None,
    constants: Pairs[str, Any] | None = None,
    known: Known | None = None,
    zone: str = "America/Sao_Paulo",
    using: Callable[..., list[Checked]] = apply,
) -> list[Prepared]:
    """Apply a mapping and check every row; nothing is stored.

    Args:
        upload: What `inspect` returned.
        mapping: A mapping or the JSON of a mapping file; the suggestion when left out. With several
            sheets it goes to those that have its headers.
        assumed: Decimal sign and date order to use instead of what is found. To change encoding,
            delimiter, header row or sheet, inspect again.
        tables: Keep only these tables of a mapping, or suggest for them.
        constants: Canonical column (or `table.column`) → value for every row.
        known: What the workspace already knows.
        zone: Time zone of the workspace; times with a zone of their own are moved to it.
        using: How rows are checked, in place of `data.checks.apply`.

    Raises:
        DataProblem: nothing can be fed, with the reason.
    """
    given = mapping if isinstance(mapping, Mapping) or mapping is None else Mapping.from_json(dict(mapping))
    for table in tables or []:
        known_table(table)
    _known_constants(constants or {})
    prepared: list[Prepared] = []
    refusals: list[DataProblem] = []
    for raw, suggestion in zip(upload.tables, upload.suggestions, strict=True):
        try:
            prepared += _prepare_table(raw, suggestion, given, assumed, tables, constants or {}, known, zone, using)
        except DataProblem as refusal:
            refusals.append(refusal)
    if not prepared:
        raise refusals[0]
    prepared[0].checked.problems += [
        Problem(None, "sheet_left_out", 1, str(refusal), severity="left_out") for refusal in refusals
    ]
    return prepared


def _prepare_table(
    raw: RawTable,
    suggestion: Mapping,
    given: Mapping | None,
    assumed: Assumed | None,
    tables: list[str] | None,
    constants: Pairs[str, Any],
    known: Known | None,
    zone: str,
    using: Callable[..., list[Checked]],
) -> list[Prepared]:
    chosen = given or suggestion
    if tables and given is None and set(tables) != set(map(table_of, chosen.tables)):
        chosen = suggest(raw, tables)
    if tables and given is not None:
        chosen = replace(chosen, tables={k: body for k, body in chosen.tables.items() if table_of(k) in tables})
    if not chosen.tables and chosen.foreign:
        raise refusals.foreign(chosen.foreign, raw.name)
    if not chosen.tables:
        raise DataProblem(
            "not_recognised",
            "{file} does not look like any table Farol knows ({headers}). Name the table and map its columns.",
            file=raw.name,
            headers=", ".join(raw.headers[:12]),
        )
    chosen = _with_constants(chosen, constants).bound(raw.headers, raw.name)
    checked = using(raw, chosen, known=known, assumed=assumed, zone=zone)
    if given is None:
        checked[0].problems += questions.taken(chosen.questions)
    return [Prepared(raw.name, one.table, one.accepted, one.rejected, one, chosen, chosen.unmapped) for one in checked]


def _known_constants(constants: Pairs[str, Any]) -> None:
    known = schema.tables()
    for name in constants:
        table, _, column = name.rpartition(".")
        if table:
            known_column(known_table(table), column)
        elif not any(column in other.columns for other in known.values()):
            every = {column for other in known.values() for column in other.columns}
            raise DataProblem(
                "unknown_constant",
                "No table has a column {name!r}.{hint}",
                name=name,
                hint=did_you_mean(name, every),
            )


def _with_constants(mapping: Mapping, constants: Pairs[str, Any]) -> Mapping:
    """A constant somebody gives stands above what was mapped."""
    if not constants:
        return mapping
    tables = {}
    for name, body in mapping.tables.items():
        mine = {
            column: value
            for key, value in constants.items()
            for table, _, column in [key.rpartition(".")]
            if table in ("", name, table_of(name)) and column in schema.tables()[table_of(name)].columns
        }
        columns = {column: source for column, source in body.columns.items() if column not in mine}
        tables[name] = replace(body, columns=columns, constants={**body.constants, **mine})
    return replace(mapping, tables=tables)


def write_rejected(rejected: pa.Table, path: str | Path) -> None:
    """Write rejected rows as CSV with their line and reason, to be corrected and sent again."""
    arrow_csv.write_csv(rejected, str(path))
