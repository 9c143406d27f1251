"""Bringing files in: look at all of them, check every row, show what lights up, store all or nothing."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.facts import Facts, connect
from data.importing import Known, Prepared, Upload, inspect, prepare
from data.problems import DataProblem
from data.readers import Assumed
from data.store import Batch, CommitResult, Store
from workspace.home import open_store
from workspace.numbers import Workspace

FIRST = ("accounts", "subscriptions")  # other tables point at them


@dataclass(frozen=True)
class Choice:
    """What somebody chose for one file, instead of what was found: mapping, ways of reading, constants, tables."""

    mapping: Mapping[str, Any] | None = None
    assumed: Assumed | None = None
    tables: tuple[str, ...] = ()
    constants: tuple[tuple[str, Any], ...] = ()


def look(
    source: str | Path | bytes, name: str | None = None, tables: Sequence[str] = (), assumed: Assumed | None = None
) -> Upload:
    """Read a file and suggest what it feeds; nothing is stored.

    Raises:
        DataProblem: it cannot be read.
    """
    return inspect(source, name, assumed, list(tables) or None)


def check(
    workspace: Workspace, uploads: Sequence[Upload], choices: Sequence[Choice] | None = None
) -> list[list[Prepared]]:
    """The rows of each file as they would be stored, with every problem; files that others point at are read first.

    Raises:
        DataProblem: a file that feeds nothing, with the reason.
    """
    chosen = choices or [Choice()] * len(uploads)
    known = _known(workspace)
    order = sorted(range(len(uploads)), key=lambda i: [not _feeds(uploads[i], chosen[i], [name]) for name in FIRST])
    prepared: dict[int, list[Prepared]] = {}
    for i in order:
        choice = chosen[i]
        prepared[i] = prepare(
            uploads[i],
            choice.mapping,
            assumed=choice.assumed,
            tables=list(choice.tables) or None,
            constants=dict(choice.constants),
            known=known,
            zone=workspace.settings["timezone"],
        )
        known = _with_new(known, prepared[i])
    return [prepared[i] for i in range(len(uploads))]


def preview(workspace: Workspace, prepared: Iterable[Prepared], mode: str, folder: Path) -> Workspace:
    """The workspace as it would be with these rows, read from files in a folder of the caller's; nothing is stored.

    Rows that an upsert would replace are still seen beside the new ones.
    """
    files = {name: list(paths) for name, paths in workspace.facts.files.items()}
    digest = hashlib.sha256()
    new: set[str] = set()
    for number, one in enumerate(prepared):
        path = folder / f"{number}-{one.table}.parquet"
        pq.write_table(_numbered(one), path)
        digest.update(f"{one.file}{one.table}{one.accepted.num_rows}{path}".encode())
        held = [] if mode == "replace" and one.table not in new else files.get(one.table, [])
        files[one.table] = [*held, str(path)]
        new.add(one.table)
    seen = Facts({name: tuple(paths) for name, paths in files.items()}, f"preview-{digest.hexdigest()[:16]}")
    return Workspace(workspace.store, workspace.id, seen)


def store_rows(
    workspace: Workspace,
    uploads: Sequence[Upload],
    prepared: Sequence[Sequence[Prepared]],
    mode: str = "append",
    force: bool = False,
    actor: str = "",
) -> CommitResult:
    """Store the rows of several files as one new version: all of them or nothing.

    Raises:
        DataProblem: somebody changed the workspace meanwhile, keys that come twice, disk full, …
    """
    batches: list[Batch] = []
    for upload, tables in zip(uploads, prepared, strict=True):
        for one in tables:
            body = [one.mapping.to_json(), one.checked.assumed.sheet]
            signature = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode())
            again = mode == "replace" and any(batch.table == one.table for batch in batches)
            batches.append(
                Batch(
                    one.table,
                    one.accepted,
                    "append" if again else mode,  # type: ignore[arg-type]  # files of one import stand side by side
                    source_name=upload.name,
                    source_sha256=upload.sha256,
                    mapping_signature=f"{one.table}:{signature.hexdigest()[:16]}",
                    report=json.loads(json.dumps(one.report(), default=str)),
                    rejected=one.rejected.to_pandas() if one.rejected.num_rows else None,
                )
            )
    return workspace.store.commit(workspace.id, batches, force=force, actor=actor)


def import_files(
    paths: Sequence[Path],
    name: str,
    *,
    tables: Sequence[str] | None = None,
    mapping: Mapping[str, Any] | None = None,
    mode: str = "append",
    constants: Mapping[str, Any] | None = None,
    force: bool = False,
    dry_run: bool = False,
    progress: Callable[[str], None] = lambda message: None,
    home: Path | None = None,
) -> list[dict[str, Any]]:
    """Bring files into a workspace (made when it is not there) and report on each table fed, as cli.md says.

    Raises:
        DataProblem: nothing was stored, with the reason.
    """
    store = open_store(home)
    choice = Choice(mapping, None, tuple(tables or ()), tuple((constants or {}).items()))
    uploads = []
    for path in paths:
        progress(f"{path.name} …")
        uploads.append(look(path, tables=choice.tables))
    with tempfile.TemporaryDirectory(prefix="farol-") as folder:
        found = store.find_workspace(name)
        if found is None and dry_run:
            workspace = _unborn(store)
        else:
            workspace = Workspace(store, (found or store.create_workspace(name)).id)
        try:
            prepared = check(workspace, uploads, [choice] * len(uploads))
            before = _lit(workspace)
            rows = [one for each in prepared for one in each]
            if dry_run:
                after = preview(workspace, rows, mode, Path(folder))
                results: list[Any] = [None] * len(rows)
            else:
                committed = store_rows(workspace, uploads, prepared, mode, force)
                results = list(committed.batches)
                after = Workspace(store, workspace.id)
        except DataProblem:
            if found is None and not dry_run:
                store.delete_workspace(workspace.id)
            raise
        progress("…")
        lit = after.lit()
    lit_now = [key for key, on in zip(lit["kpi"], lit["lit"], strict=True) if on and key not in before]
    dark = [
        {"kpi": key, "needs": list(needs)}
        for key, on, needs in zip(lit["kpi"], lit["lit"], lit["needs"], strict=True)
        if not on
    ]
    return [
        {
            **one.report(),
            "mode": mode,
            "version": result.version if result else None,
            "duplicate_of": result.duplicate_of if result else None,
            "rejected_file": str(result.rejected_file) if result and result.rejected_file else None,
            "kpis_lit": lit_now,
            "kpis_dark": dark,
        }
        for one, result in zip(rows, results, strict=True)
    ]


def _unborn(store: Store) -> Workspace:
    """A workspace that does not exist yet, for a dry run: no facts, the settings of a new one."""
    first = store.workspaces()[0]
    workspace = Workspace(store, first.id, Facts({}, "unborn"))
    workspace.__dict__["settings"] = {**workspace.settings, "policies": {}}
    return workspace


def _lit(workspace: Workspace) -> set[str]:
    lit = workspace.lit()
    return set(lit.loc[lit["lit"], "kpi"])


def _feeds(upload: Upload, choice: Choice, tables: Iterable[str]) -> bool:
    fed = set(choice.tables or (choice.mapping or {}).get("tables", ()))
    fed = fed or {name for suggestion in upload.suggestions for name in suggestion.tables}
    return bool(fed & set(tables))


def _known(workspace: Workspace) -> Known:
    """Account ids, subscriptions and exchange rates already there."""
    with connect(workspace.facts) as cursor:
        accounts = cursor.sql("SELECT account_id FROM accounts").to_arrow_table()["account_id"]
        pairs = cursor.sql("SELECT DISTINCT subscription_id, account_id FROM subscriptions").to_arrow_table()
        dated = [code for (code,) in cursor.sql("SELECT DISTINCT currency FROM fx_rates").fetchall() if code]
    policies = workspace.policies
    currencies = dict.fromkeys([policies.currency, *(code for code, _ in policies.rates), *dated])
    return Known(
        accounts.combine_chunks() if len(accounts) else None, pairs if pairs.num_rows else None, tuple(currencies)
    )


def _with_new(known: Known, prepared: Iterable[Prepared]) -> Known:
    accounts, pairs, currencies = known.accounts, known.subscriptions, known.currencies or ()
    for one in prepared:
        if one.table == "accounts":
            new = one.accepted["account_id"].combine_chunks()
            accounts = new if accounts is None else pa.concat_arrays([accounts, new])
        if one.table == "subscriptions":
            new_pairs = one.accepted.select(["subscription_id", "account_id"])
            pairs = new_pairs if pairs is None else pa.concat_tables([pairs, new_pairs])
        if one.table == "fx_rates":
            currencies = tuple(dict.fromkeys([*currencies, *one.accepted["currency"].to_pylist()]))
    return Known(accounts, pairs, currencies)


def _numbered(one: Prepared) -> pa.Table:
    """The rows as a snapshot would hold them: numbered where the table has no key of its own."""
    from data.store import snapshot_schema

    extra = [name for name in one.accepted.column_names if name.startswith("x_")]
    wanted = snapshot_schema(one.table, extra)
    if "row_id" not in wanted.names or "row_id" in one.accepted.column_names:
        return one.accepted
    return one.accepted.add_column(0, "row_id", pa.array(range(1, one.accepted.num_rows + 1), pa.int64()))


def problems_frame(prepared: Iterable[Prepared]) -> pd.DataFrame:
    """Every problem of several tables: file, table, severity, column, problem, count, expected, examples."""
    found = [
        {"file": one.file, "table": one.table, **problem.to_json()}
        for one in prepared
        for problem in one.checked.problems
    ]
    columns = ["file", "table", "severity", "column", "problem", "count", "expected", "examples"]
    return pd.DataFrame(found, columns=columns)
