"""Refreshing: what changed at the source comes in, all of a connection's tables at once or none.

What was read last is not remembered beside the data but in the report of the import that brought it: an undo, a
restore or a lost answer can never leave a mark that is ahead of the rows. A table with a cursor is read from a
little before its mark and upserted; without one, or once a week, it is read whole and replaced, so that what was
deleted at the source goes here too. A table that other files feed as well is never replaced, only upserted.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data import connections, schema
from data.connections import HostRules
from data.importing import Prepared
from data.problems import DataProblem
from data.readers import Assumed
from data.store import Batch, Conflict, ConnectionInfo, PickedTable
from data.store.commits import Mode
from workspace.bringing_in import Choice, as_batches, check, look
from workspace.connecting import as_error, fetched, noted
from workspace.numbers import Workspace
from workspace.refresh_plan import Plan, counting_imports, planned, pull_along, settle

ATTEMPTS = 4  # each lost one is another import that was stored meanwhile
Progress = Callable[[str], None]


def refresh(
    space: Workspace,
    names: Sequence[str] = (),
    whole: bool = False,
    force: bool = False,
    shared: bool = False,
    actor: str = "",
    progress: Progress = lambda message: None,
) -> list[dict[str, Any]]:
    """Bring in what changed, one connection after the other; one that fails leaves the data as they were.

    Args:
        space: The workspace.
        names: Connections; all of them when left out.
        whole: Read everything again, also where a column tells what is new.
        force: Store also what would empty a table or leave more rows aside than it brings.
        shared: Whether others use this Farol (see `HostRules`).
        actor: Who asks.
        progress: Told what is being read.

    Returns:
        One object for each table fed: connection, source, table, mode (replace, upsert, unchanged), version,
        rows_read, rows_accepted, rows_rejected, rows_removed, columns_left_out, cursor, mark, problems,
        rejected_file, error (None, or the id and message of what went wrong).

    Raises:
        DataProblem: a connection of that name is not there.
    """
    known = {info.name: info for info in space.store.connections(space.id)}
    for name in names:
        space.store.connection(space.id, name)
    reports: list[dict[str, Any]] = []
    for name in names or known:
        info = known[name]
        if info.options.get("live"):
            continue
        try:
            with noted(space, info, refreshed=True):
                reports += _refreshed(space, info, whole, force, HostRules.from_environment(shared), actor, progress)
        except DataProblem as problem:
            reports.append(_report(info, "", "", "failed") | {"error": as_error(problem)})
    return reports


def _refreshed(
    space: Workspace, info: ConnectionInfo, whole: bool, force: bool, rules: HostRules, actor: str, progress: Progress
) -> list[dict[str, Any]]:
    picks = space.store.picked(space.id, info.name)
    if not picks:
        raise DataProblem(
            "connection_nothing_picked", "Nothing is picked from {name} yet. Pick tables first.", name=info.name
        )
    for attempt in range(ATTEMPTS):
        opened = Workspace(space.store, space.id)  # as things are now, not as they were when a page was opened
        version = opened.store.workspace(space.id).version
        try:
            with ExitStack() as files:
                return _once(opened, info, picks, whole, force, rules, actor, progress, version, files)
        except Conflict:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _once(
    space: Workspace,
    info: ConnectionInfo,
    picks: Sequence[PickedTable],
    whole: bool,
    force: bool,
    rules: HostRules,
    actor: str,
    progress: Progress,
    version: int,
    files: ExitStack,
) -> list[dict[str, Any]]:
    counting = counting_imports(space)
    plans = [planned(space, info, pick, counting, whole) for pick in picks]
    replaced = settle(info, plans, counting)
    if info.kind == "link":
        _fetch(space, info, plans, rules, files, progress)
    else:
        _copy(space, info, plans, rules, files, progress)
    pull_along(plans, replaced)
    fresh = [plan for plan in plans if not plan.unchanged]
    reports = [_report(info, plan.pick.shown, table, "unchanged", plan) for plan in plans if plan.unchanged
               for table in plan.tables]  # fmt: skip
    if not fresh:
        return reports
    uploads = [look(plan.path, plan.name, store=space.store) for plan in fresh if plan.path is not None]
    prepared = check(space, uploads, [_choice(plan) for plan in fresh])
    if not force:
        _refuse_losses(space, fresh, prepared, replaced)
    removed = _removed(space, prepared, replaced)
    batches = _batches(space, info, fresh, uploads, prepared, replaced)
    done = space.store.commit(space.id, batches, expected_version=version, force=True, actor=actor)
    results = iter(done.batches)
    for plan, each in zip(fresh, prepared, strict=True):
        for one in each:
            result = next(results)
            mode = "replace" if one.table in replaced else "upsert"
            reports.append(
                _report(info, plan.pick.shown, one.table, mode, plan)
                | {
                    "version": result.version,
                    "rows_read": one.checked.rows_read,
                    "rows_accepted": one.accepted.num_rows,
                    "rows_rejected": one.rejected.num_rows,
                    "rows_removed": removed.pop(one.table, 0),
                    "problems": [problem.to_json() for problem in one.checked.problems],
                    "rejected_file": str(result.rejected_file) if result.rejected_file else None,
                }
            )
    return reports


def _copy(
    space: Workspace, info: ConnectionInfo, plans: Sequence[Plan], rules: HostRules, files: ExitStack, say: Progress
) -> None:
    with connections.reading(info, rules) as connection:
        known = connections.relations(connection)
        for plan in plans:
            pick, path = plan.pick, space.store.staging(".parquet")
            files.callback(path.unlink, missing_ok=True)
            say(f"{info.name} · {pick.shown} …")
            relation = connections.find(known, pick.schema, pick.table)
            before = plan.past.report if plan.past else {}
            since = "" if plan.whole else str(before.get("mark") or "")
            copied = connections.copy(connection, relation, path, pick.cursor, since)
            if plan.whole:
                plan.unchanged = bool(
                    plan.past and plan.past.last_is_whole and before.get("fingerprint") == copied.fingerprint
                )
            else:
                plan.unchanged = copied.rows == 0 or before.get("tail") == copied.fingerprint
            plan.path, plan.name, plan.rows, plan.left_out = path, pick.shown, copied.rows, copied.left_out
            plan.facts = {
                "whole": plan.whole,
                "step": 0 if plan.whole else int(before["step"]) + 1,
                "mark": max(copied.mark, since, key=_as_mark) if since else copied.mark,
                "fingerprint": copied.fingerprint,
                "tail": copied.tail,
            }


def _as_mark(mark: str) -> tuple[int, Any]:
    """Marks in their order: numbers as numbers, days and times as text (one way of writing for one column)."""
    if not mark:
        return (0, 0)
    return (1, int(mark)) if mark.lstrip("-").isdigit() else (2, mark)


def _fetch(
    space: Workspace, info: ConnectionInfo, plans: Sequence[Plan], rules: HostRules, files: ExitStack, say: Progress
) -> None:
    for plan in plans[:1]:
        say(f"{info.name} …")
        before = plan.past.report if plan.past else {}
        path, found = files.enter_context(
            fetched(space, info, rules, str(before.get("etag") or ""), str(before.get("modified") or ""))
        )
        plan.unchanged = not found.changed or before.get("fingerprint") == found.sha256
        plan.path, plan.name = path, found.name
        plan.facts = {
            "whole": True,
            "step": 0,
            "fingerprint": found.sha256,
            "etag": found.etag,
            "modified": found.modified,
        }


def _choice(plan: Plan) -> Choice:
    """The mapping kept with the pick; a part of the rows is read the way the whole was."""
    assumed = None
    said = (plan.past.report.get("assumed") or {}) if plan.past and not plan.whole else {}
    if said:
        assumed = Assumed(decimal=said.get("decimal"), date_order=said.get("date_order"))
    return Choice(plan.pick.mapping, assumed)


def _refuse_losses(
    space: Workspace, plans: Sequence[Plan], prepared: Sequence[Sequence[Prepared]], replaced: set[str]
) -> None:
    held = space.store.rows(space.id)
    for table in replaced:
        mine = [one for each in prepared for one in each if one.table == table]
        if not mine or not held.get(table):
            continue
        good, bad = sum(one.accepted.num_rows for one in mine), sum(one.rejected.num_rows for one in mine)
        if good == 0 or bad > good:
            raise DataProblem(
                "refresh_would_lose",
                "The source now has {good} good rows and {bad} with problems for {table}, which holds {held}. That "
                "looks like a fault there, so nothing was changed. Look at the source; if it is right, use force.",
                good=good,
                bad=bad,
                table=table,
                held=held[table],
            )


def _removed(space: Workspace, prepared: Sequence[Sequence[Prepared]], replaced: set[str]) -> dict[str, int]:
    """How many keys of each replaced table are no longer at the source."""
    found: dict[str, int] = {}
    for table in replaced:
        keys = list(schema.tables()[table].key)
        mine = [one for each in prepared for one in each if one.table == table]
        if not keys or not mine:
            continue
        new = pa.concat_arrays([_joined(one.accepted.select(keys)) for one in mine])
        gone = 0
        for path in space.facts.files.get(table, ()):
            held = _joined(pq.read_table(path, columns=keys))
            gone += len(held) - (pc.sum(pc.is_in(held, value_set=new)).as_py() or 0)
        found[table] = gone
    return found


def _joined(keys: pa.Table) -> pa.Array:
    texts = [pc.fill_null(keys.column(name).cast(pa.string()), "") for name in keys.column_names]
    joined = pc.binary_join_element_wise(*texts, "\x1f") if len(texts) > 1 else texts[0]
    return joined.combine_chunks()


def _batches(
    space: Workspace,
    info: ConnectionInfo,
    plans: Sequence[Plan],
    uploads: Sequence[Any],
    prepared: Sequence[Sequence[Prepared]],
    replaced: set[str],
) -> list[Batch]:
    made, batches, begun = iter(as_batches(space, uploads, prepared, "append")), [], set()
    for plan, each in zip(plans, prepared, strict=True):
        for one in each:
            batch = next(made)
            mode: Mode = "upsert" if one.table not in replaced else "append" if one.table in begun else "replace"
            begun.add(one.table)
            said = {"decimal": one.checked.assumed.decimal, "date_order": one.checked.assumed.date_order}
            before = (plan.past.report.get("assumed") or {}) if plan.past and not plan.whole else {}
            facts: dict[str, Any] = {"name": info.name, "source": plan.pick.shown, "setting": plan.setting}
            facts |= {**(plan.facts or {}), "assumed": before or said}
            batches.append(
                replace(
                    batch,
                    mode=mode,
                    source_name=f"{info.name} · {plan.pick.shown}",
                    source_sha256=str((plan.facts or {}).get("fingerprint", "")),
                    report={**batch.report, "connection": facts},
                )
            )
    return batches


def _report(info: ConnectionInfo, source: str, table: str, mode: str, plan: Plan | None = None) -> dict[str, Any]:
    facts = (plan.facts if plan else None) or {}
    return {
        "connection": info.name,
        "source": source,
        "table": table,
        "mode": mode,
        "version": None,
        "rows_read": plan.rows if plan else 0,
        "rows_accepted": 0,
        "rows_rejected": 0,
        "rows_removed": 0,
        "columns_left_out": list(plan.left_out) if plan else [],
        "cursor": plan.pick.cursor if plan else "",
        "mark": str(facts.get("mark", "")),
        "problems": [],
        "rejected_file": None,
        "error": None,
    }
