"""Bringing files in: look at all of them, check every row, show what lights up, store all or nothing."""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data import apart
from data.facts import Facts
from data.importing import Prepared, Upload, prepare
from data.mapping.mapping import Mapping as TableMappings
from data.mapping.mapping import table_of
from data.mapping.remembering import outgrown, remembered, signature
from data.problems import DataProblem, Problem
from data.readers import Assumed
from data.store import Batch, CommitResult, Store
from workspace.home import open_store
from workspace.knowing import beside, compare_churn, compare_held, known, with_new
from workspace.numbers import Workspace

FIRST = ("accounts", "subscriptions")  # other tables point at them


@dataclass(frozen=True)
class Choice:
    """What somebody chose for one file, instead of what was found: mapping, ways of reading, constants, tables."""

    mapping: Mapping[str, Any] | None = None
    assumed: Assumed | None = None
    tables: tuple[str, ...] = ()
    constants: tuple[tuple[str, Any], ...] = ()


Progress = Callable[[str, float], None]


def look(
    source: str | Path | bytes,
    name: str | None = None,
    tables: Sequence[str] = (),
    assumed: Assumed | None = None,
    *,
    store: Store | None = None,
    progress: Progress | None = None,
) -> Upload:
    """Read a file, in a process of its own, and suggest what it feeds; nothing is stored.

    What was read stays on the disk of the store as long as the `Upload` is there. `progress` hears of each phase
    (opening, reading, keeping) and the share done, from 0 to 1.

    Raises:
        DataProblem: it cannot be read, or takes more time or memory than it may.
    """
    shown = name or ("upload" if isinstance(source, bytes) else Path(source).name)
    place = (store or open_store()).staging()
    content = source if isinstance(source, bytes) else Path(source)
    upload = apart.look(content, shown, assumed, list(tables) or None, place, progress=progress)
    return replace(upload, original=_as_it_came(content, shown, place)) if isinstance(content, bytes) else upload


def _as_it_came(content: bytes, name: str, place: Path) -> Path:
    """Where the bytes of a file lie as long as its `Upload` is there."""
    path = place / f"{apart.ORIGINAL}{apart.ending(name)}"
    try:
        path.write_bytes(content)
    except OSError as error:
        raise DataProblem(
            "storage_failed",
            "Nothing was stored: {why}. Check free space and rights of {home}.",
            why=error.strerror or str(error),
            home=str(place.parent),
        ) from error
    return path


def check(
    workspace: Workspace,
    uploads: Sequence[Upload],
    choices: Sequence[Choice] | None = None,
    *,
    progress: Progress | None = None,
    mode: str | None = None,
) -> list[list[Prepared]]:
    """The rows of each file as they would be stored, with every problem; files that others point at are read first.

    `mode` is how they will come in, None while nobody has chosen.

    Raises:
        DataProblem: a mapping that cannot be used, or a file that feeds nothing, with the reason.
    """
    chosen = choices or [Choice()] * len(uploads)
    for choice in chosen:
        if choice.mapping is not None:
            TableMappings.from_json(dict(choice.mapping))  # refused before anything is read by it
    held = known(workspace)
    order = sorted(range(len(uploads)), key=lambda i: [not _feeds(uploads[i], chosen[i], [name]) for name in FIRST])
    prepared: dict[int, list[Prepared]] = {}
    for place, i in enumerate(order):
        choice = chosen[i]
        here = apart.is_apart(uploads[i])
        more: dict[str, Any] = {"progress": _part(progress, place, len(order))} if here else {}
        prepared[i] = (apart.check if here else prepare)(
            uploads[i],
            choice.mapping,
            assumed=choice.assumed,
            tables=list(choice.tables) or None,
            constants=dict(choice.constants),
            known=held,
            zone=workspace.settings["timezone"],
            **more,
        )
        held = with_new(held, prepared[i])
    compare_churn(workspace, list(prepared.values()))
    compare_held(workspace, list(prepared.values()), mode)
    return [prepared[i] for i in range(len(uploads))]


def _part(progress: Progress | None, place: int, of: int) -> Progress | None:
    """The progress of one of several files as that of all."""
    if progress is None:
        return None
    return lambda phase, share: progress(phase, (place + share) / of)


def preview(workspace: Workspace, prepared: Iterable[Prepared], mode: str, folder: Path) -> Workspace:
    """The workspace as it would be with these rows, read from files in a folder of the caller's; nothing is stored.

    Rows that an upsert would replace give way to the new ones.
    """
    files = {name: list(paths) for name, paths in workspace.facts.files.items()}
    digest = hashlib.sha256()
    new: set[str] = set()
    for number, one in enumerate(prepared):
        path = _as_file(one, folder / f"{number}-{one.table}.parquet")
        digest.update(f"{one.file}{one.table}{one.accepted.num_rows}{path}".encode())
        held = [] if mode == "replace" and one.table not in new else files.get(one.table, [])
        if mode == "upsert":
            held = beside(held, one.accepted, one.table, folder / f"{number}-{one.table}-held.parquet")
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
    batches = as_batches(workspace, uploads, prepared, mode)
    return workspace.store.commit(workspace.id, batches, force=force, actor=actor)


def as_batches(
    workspace: Workspace, uploads: Sequence[Upload], prepared: Sequence[Sequence[Prepared]], mode: str
) -> list[Batch]:
    """The rows of several files as the store takes them; files that replace the same table stand side by side."""
    batches: list[Batch] = []
    for upload, tables in zip(uploads, prepared, strict=True):
        for one in tables:
            body = [one.mapping.to_json(), one.checked.assumed.sheet]
            signature = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode())
            again = mode == "replace" and any(batch.table == one.table for batch in batches)
            batches.append(
                Batch(
                    one.table,
                    _handed_over(workspace.store, one.accepted),
                    "append" if again else mode,  # type: ignore[arg-type]  # files of one import stand side by side
                    source_name=upload.name,
                    source_sha256=upload.sha256,
                    mapping_signature=f"{one.table}:{signature.hexdigest()[:16]}",
                    report=json.loads(json.dumps(one.report(), default=str)),
                    rejected=one.rejected.to_pandas() if one.rejected.num_rows else None,
                    original=None if one.mapping.private else upload.original,  # it holds what must not be kept
                    recipe={"mapping": one.mapping.to_json(), "assumed": one.checked.assumed.to_json()},
                )
            )
    return batches


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
    apart.warm()
    store = open_store(home)
    choice = Choice(mapping, None, tuple(tables or ()), tuple((constants or {}).items()))
    uploads = []
    for path in paths:
        progress(f"{path.name} …")
        uploads.append(look(path, tables=choice.tables, store=store, progress=_shares(progress, path.name)))
    with tempfile.TemporaryDirectory(prefix="farol-") as folder:
        found = store.find_workspace(name)
        if found is None and dry_run:
            workspace = _unborn(store)
        else:
            workspace = Workspace(store, (found or store.create_workspace(name)).id)
        try:
            settled = [_as_last_time(workspace, upload, choice) for upload in uploads]
            choices = [mine for mine, _ in settled]
            prepared = check(workspace, uploads, choices, progress=_shares(progress, "…"), mode=mode)
            for each, (_, gone) in zip(prepared, settled, strict=True):
                each[0].checked.problems.extend(_outgrown(gone))
            before = _lit(workspace)
            rows = [one for each in prepared for one in each]
            if dry_run:
                after = preview(workspace, rows, mode, Path(folder))
                results: list[Any] = [None] * len(rows)
            else:
                committed = store_rows(workspace, uploads, prepared, mode, force)
                results = list(committed.batches)
                if mapping is not None:
                    _remember(workspace, uploads, mapping)
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


def _as_last_time(workspace: Workspace, upload: Upload, choice: Choice) -> tuple[Choice, tuple[str, ...]]:
    """The mapping that was settled for files with these headers, where nobody says otherwise.

    With the headers it reads that are gone: the file is then taken anew, for the same tables.

    Raises:
        DataProblem: without those headers it would feed other tables than such files did.
    """
    if choice.mapping is not None or choice.tables or len(upload.tables) != 1:
        return choice, ()
    held = workspace.store.mappings(workspace.id)
    found = remembered(upload.tables[0], held)
    if found is not None:
        return replace(choice, mapping=found.to_json()), ()
    before = outgrown(upload.tables[0], held)
    if before is None:
        return choice, ()
    tables, gone = before
    if tables != set(map(table_of, upload.suggestions[0].tables)):
        raise DataProblem(
            "mapping_outgrown",
            "{file} has the headers of files mapped before, for {tables}, but {headers} is gone. Give a mapping file "
            "with the new header, or name the table.",
            file=upload.name,
            tables=", ".join(sorted(tables)),
            headers=", ".join(gone),
        )
    return choice, gone


def _outgrown(gone: tuple[str, ...]) -> list[Problem]:
    if not gone:
        return []
    named = ", ".join(gone)
    expected = f"the columns of files mapped before; {named} is gone, so this file was matched anew"
    return [Problem(None, "matched_anew", len(gone), expected, severity="assumed", params={"headers": named})]


def _remember(workspace: Workspace, uploads: Sequence[Upload], mapping: Mapping[str, Any]) -> None:
    """Keep a mapping that somebody gave for the next file with the same headers."""
    for upload in uploads:
        if len(upload.tables) == 1:
            workspace.store.save_mapping(workspace.id, signature(upload.tables[0]), mapping)


def _shares(progress: Callable[[str], None], what: str) -> Progress:
    """Progress in words: a line for each tenth, of what takes longer than a moment."""
    begun, said = time.monotonic(), [0]

    def say(phase: str, share: float) -> None:
        tenth = int(share * 10)
        if tenth > said[0] and time.monotonic() - begun > 1:
            said[0] = tenth
            progress(f"{what} {tenth * 10} %")

    return say


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
    fed = set(choice.tables or map(table_of, (choice.mapping or {}).get("tables", ())))
    fed = fed or {name for suggestion in upload.suggestions for name in map(table_of, suggestion.tables)}
    return bool(fed & set(tables))


def _as_file(one: Prepared, path: Path) -> Path:
    """A file of the rows as a snapshot would hold them; rows kept on disk stay where they are."""
    if isinstance(one.accepted, apart.Kept):
        return one.accepted.path
    pq.write_table(_numbered(one), path)
    return path


def _handed_over(store: Store, rows: Any) -> Any:
    """The rows for a commit, which takes a file over: a second name of it, so that these rows can be tried again."""
    if not isinstance(rows, apart.Kept):
        return rows
    path = store.staging(".parquet")
    try:
        os.link(rows.path, path)
    except OSError:  # another disk, or one without links
        shutil.copyfile(rows.path, path)
    return path


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
