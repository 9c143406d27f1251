"""The rows of all pieces as they would be stored, and what would light up: worked out before anything is stored."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import workspace
from data import schema
from data.importing import Prepared
from data.mapping.mapping import table_of
from data.problems import DataProblem
from data.readers import Assumed
from kpis.kpi import Kpi
from ui.importing.matching import Matched
from ui.importing.pieces import Edits, Piece
from ui.importing.target import Target
from workspace import Choice

Value = tuple[Kpi, float, str]


@dataclass(frozen=True)
class Trial:
    """What the checks found.

    Attributes:
        pieces: The pieces that feed something, in the order of the upload.
        prepared: Their rows, one list for each piece.
        problem: Why nothing can be stored, None when all is well.
        held: Rows whose key the workspace holds already, by table.
    """

    pieces: tuple[Piece, ...]
    prepared: tuple[tuple[Prepared, ...], ...]
    problem: DataProblem | None
    held: dict[str, int]

    @property
    def rows(self) -> list[Prepared]:
        """Every table fed."""
        return [one for each in self.prepared for one in each]

    @property
    def accepted(self) -> int:
        """How many rows of the files are ready: a row that feeds two tables is one row still."""
        return sum(lines_ready(each) for each in self.prepared)

    @property
    def rejected(self) -> int:
        """How many rows of the files need a fix, whatever they feed."""
        return sum(lines_aside(each) for each in self.prepared)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics of the company's own that the rows name, in alphabetical order."""
        tables = [one.accepted.select(["metric"]) for one in self.rows if one.table == "observations"]
        found = {str(name) for each in tables for name in pc.unique(each.column("metric")).to_pylist() if name}
        return tuple(sorted(found, key=str.casefold))

    def of(self, piece: Piece) -> tuple[Prepared, ...]:
        """The rows of one piece."""
        return next((p for one, p in zip(self.pieces, self.prepared, strict=True) if one.id == piece.id), ())


def lines_ready(tables: Sequence[Prepared]) -> int:
    """Rows of one file that come in: those of the table it feeds first, which the others go with."""
    counts = [one.accepted.num_rows for one in tables]
    return (counts[0] or max(counts)) if counts else 0


def lines_aside(tables: Sequence[Prepared]) -> int:
    """Rows of one file that stay aside for at least one of its tables."""
    lines = [chunk for one in tables for chunk in one.rejected.column("farol_row").cast(pa.int64()).chunks]
    return int(pc.count_distinct(pa.chunked_array(lines, pa.int64())).as_py())


@dataclass(frozen=True)
class Light:
    """One KPI before and after: its latest value, or what it still needs."""

    kpi: Kpi
    lit: bool
    new: bool
    value: float
    period: str
    needs: tuple[str, ...]


def attempt(
    target: Target,
    pieces: Sequence[Piece],
    found: Sequence[Matched],
    edits: Sequence[Edits],
    progress: Callable[[str, float], None] | None = None,
) -> Trial:
    """Check every row of the pieces that are ready; `progress` hears of each phase and the share done."""
    ready = [(p, m, e) for p, m, e in zip(pieces, found, edits, strict=True) if m.ready]
    choices = [
        Choice(mapping=m.mapping.to_json() if m.changed else None, assumed=_assumed(e), tables=_tables(m))
        for _, m, e in ready
    ]
    used = tuple(p for p, _, _ in ready)
    try:
        prepared = workspace.check(target.space, [p.upload for p in used], choices, progress=progress) if used else []
    except DataProblem as problem:
        return Trial((), (), problem, {})
    rows = [one for each in prepared for one in each]
    return Trial(used, tuple(tuple(each) for each in prepared), None, _held(target, rows))


def _tables(found: Matched) -> tuple[str, ...]:
    """The canonical tables a mapping feeds, without labels."""
    return tuple(dict.fromkeys(table_of(name) for name in found.mapping.tables))


def _assumed(edits: Edits) -> Assumed | None:
    chosen = {name: value for name, value in edits.assumed if name in ("decimal", "date_order")}
    return Assumed(**chosen) if chosen else None


def _held(target: Target, rows: Sequence[Prepared]) -> dict[str, int]:
    """How many keys of the new rows the workspace holds already, by table; tables without any are absent."""
    found: dict[str, int] = {}
    for one in rows:
        keys, paths = list(schema.tables()[one.table].key), target.space.facts.files.get(one.table, ())
        if not keys or not paths or any(name not in one.accepted.column_names for name in keys):
            continue
        new = _joined(one.accepted.select(keys))
        count = sum(
            pc.sum(pc.is_in(new, value_set=_joined(pq.read_table(path, columns=keys)))).as_py() or 0 for path in paths
        )
        if count:
            found[one.table] = found.get(one.table, 0) + int(count)
    return found


def _joined(keys: pa.Table) -> pa.ChunkedArray:
    texts = [pc.fill_null(keys.column(name).cast(pa.string()), "") for name in keys.column_names]
    return pc.binary_join_element_wise(*texts, "\x1f") if len(texts) > 1 else texts[0]


def lights(target: Target, trial: Trial, mode: str) -> list[Light]:
    """Every KPI with its latest value as it would be, in screen order; files of the preview are gone afterwards."""
    before = set() if target.space.empty else _lit(target.space)
    with tempfile.TemporaryDirectory(prefix="farol-") as folder:
        seen = workspace.preview(target.space, trial.rows, mode, Path(folder))
        return read_lights(target.seen(seen.facts), before)


def read_lights(space: Any, before: set[str]) -> list[Light]:
    """Every KPI of a workspace with its latest known value; `before` are those that were lit already."""
    lit = space.lit().set_index("kpi")
    latest = _latest(space.table()) if not space.empty else {}
    found = []
    for one in space.catalogue.kpis:
        value, period = latest.get(one.key, (float("nan"), ""))
        on = bool(lit.at[one.key, "lit"])
        found.append(Light(one, on, on and one.key not in before, value, period, tuple(lit.at[one.key, "needs"])))
    return found


def _latest(table: pd.DataFrame) -> dict[str, tuple[float, str]]:
    """The last known value of each KPI and its period; of a whole period where there is one."""
    known = table[table["value"].notna()]
    found = {}
    for key, block in known.groupby("kpi", sort=False):
        whole = block[block["complete"].astype(bool)]
        row = (whole if len(whole) else block).iloc[-1]
        found[str(key)] = (float(row["value"]), str(row["period"]))
    return found


def _lit(space: Any) -> set[str]:
    lit = space.lit()
    return set(lit.loc[lit["lit"], "kpi"])
