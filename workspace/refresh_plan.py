"""What a refresh will do, settled before anything is read: which tables are read whole, and what replaces what."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from data import schema
from data.mapping.mapping import table_of
from data.problems import DataProblem
from data.store import ConnectionInfo, ImportInfo, PickedTable
from workspace.numbers import Workspace

WHOLE_EVERY = timedelta(days=7)


@dataclass(frozen=True)
class Past:
    """The last reading of a source that still counts.

    Attributes:
        whole_at: When it was last read whole, None when that no longer counts.
        report: What the last import said of it: mark, fingerprint, tail, assumed, setting …
        last_is_whole: Whether that one was whole.
    """

    whole_at: datetime | None
    report: Mapping[str, Any]
    last_is_whole: bool


@dataclass
class Plan:
    """How one picked table is read this time, and then what was read.

    Attributes:
        pick: The table.
        past: Its last reading, None when there is none or it was set up otherwise since.
        setting: A digest of all that decides how its rows are understood.
        whole: Whether it is read whole.
        path: The file it was copied to.
        name: What that is called.
        rows: How many rows were read.
        left_out: Columns that were not copied.
        facts: What goes into the report of its import.
        unchanged: Whether there is nothing to store.
    """

    pick: PickedTable
    past: Past | None
    setting: str
    whole: bool
    path: Path | None = None
    name: str = ""
    rows: int = 0
    left_out: tuple[str, ...] = ()
    facts: dict[str, Any] | None = None
    unchanged: bool = False

    @property
    def tables(self) -> tuple[str, ...]:
        """The canonical tables it feeds."""
        return tuple(dict.fromkeys(table_of(name) for name in (self.pick.mapping or {}).get("tables", {})))


def counting_imports(space: Workspace) -> dict[str, list[tuple[datetime, ImportInfo]]]:
    """By table the imports that make it what it is now, oldest first, from where it was last replaced."""
    found: dict[str, list[tuple[datetime, ImportInfo]]] = {}
    for entry in reversed(space.store.history(space.id)):
        if not entry.in_force:
            continue
        for table in dict.fromkeys(one.table for one in entry.imports):
            mine = [one for one in entry.imports if one.table == table]
            if any(one.mode == "replace" for one in mine):
                found[table] = []
            found.setdefault(table, []).extend((entry.created_at, one) for one in mine)
    return found


def planned(
    space: Workspace,
    info: ConnectionInfo,
    pick: PickedTable,
    counting: Mapping[str, list[tuple[datetime, ImportInfo]]],
    whole: bool,
) -> Plan:
    """How a picked table will be read: whole, or from a little before the mark of its last reading."""
    body = [pick.mapping, pick.cursor, space.settings["timezone"], info.kind, info.host, info.port, info.database,
            info.options.get("url")]  # fmt: skip
    setting = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()[:16]
    plan = Plan(pick, None, setting, True)
    pasts = [_past(info, pick, counting.get(table, [])) for table in plan.tables]
    past = pasts[0] if pasts else None
    if past is not None and all(one is not None and one.report == past.report for one in pasts):
        plan.past = past if past.report.get("setting") == setting else None
    keyed = all(schema.tables()[table].key for table in plan.tables)
    steps = any("rows" in body for body in (pick.mapping or {}).get("tables", {}).values())
    recent = plan.past and plan.past.whole_at and datetime.now(UTC) - plan.past.whole_at < WHOLE_EVERY
    plan.whole = bool(
        whole or not pick.cursor or not recent or not keyed or steps or not (plan.past and plan.past.report.get("mark"))
    )  # steps sum or leave out rows by what others say: a part of the rows would not tell
    return plan


def _past(info: ConnectionInfo, pick: PickedTable, imports: Sequence[tuple[datetime, ImportInfo]]) -> Past | None:
    """The last reading, when no link is missing between it and the last whole one (an undo may take one out)."""
    mine = [(at, one.report["connection"]) for at, one in imports if _comes_from(one, info, pick)]
    wholes = [place for place, (_, report) in enumerate(mine) if report.get("whole")]
    if not wholes:
        return None
    chain = [report for _, report in mine[wholes[-1] :]]
    if [report.get("step") for report in chain] != list(range(len(chain))):
        return None
    return Past(mine[wholes[-1]][0], chain[-1], len(chain) == 1)


def _comes_from(one: ImportInfo, info: ConnectionInfo, pick: PickedTable | None = None) -> bool:
    said = one.report.get("connection") or {}
    return said.get("name") == info.name and (pick is None or said.get("source") == pick.shown)


def settle(
    info: ConnectionInfo, plans: Sequence[Plan], counting: Mapping[str, list[tuple[datetime, ImportInfo]]]
) -> set[str]:
    """The tables that are replaced; whoever feeds one of them is read whole.

    Raises:
        DataProblem: a table without a key is fed by others too, so that it can be neither replaced nor upserted.
    """
    replaced: set[str] = set()
    while True:
        wanted = {table for plan in plans if plan.whole for table in plan.tables}
        now = set()
        for table in wanted:
            if all(_comes_from(one, info) for _, one in counting.get(table, [])):
                now.add(table)
            elif not schema.tables()[table].key:
                raise DataProblem(
                    "connection_table_taken",
                    "Table {table} already holds rows from elsewhere, and has no key to tell them apart. Undo that "
                    "import, or bring this table into a workspace of its own.",
                    table=table,
                )
        along = [plan for plan in plans if not plan.whole and set(plan.tables) & now]
        for plan in along:
            plan.whole = True
        if not along and now == replaced:
            return replaced
        replaced = now


def pull_along(plans: Sequence[Plan], replaced: set[str]) -> None:
    """What is replaced is stored with all that feeds it: if one part changed, the others come along."""
    while True:
        touched = {table for plan in plans if not plan.unchanged for table in plan.tables} & replaced
        along = [plan for plan in plans if plan.unchanged and set(plan.tables) & touched]
        if not along:
            return
        for plan in along:
            plan.unchanged = False
