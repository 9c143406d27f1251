"""Erasing an account: from every version, file and record of a workspace, beyond undo.

Rows that name the account as theirs (or as either side of a referral) go; other accounts that had it as parent lose
the pointer; where its id is distinctive, mentions in texts, extra columns, reports and settings are taken out. Every
version is rewritten, so that history stays usable and no undo brings the account back. Original files that hold it
are deleted (they cannot be replayed any more), rejected rows are rewritten. The record of changes notes that an
erasure took place, with a keyed hash in place of the id.

Files are written first; one transaction points the state to them and moves the workspace on by a version, so that
an import made at the same moment repeats itself. Then the old files are removed at once, without a day of grace.
"""

import csv
import hmac
import io
import secrets as randomness
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from data.problems import DataProblem
from data.store import commits, durable, folders, garbage, mentions, secrets, snapshots, soundness, versions, workspaces
from data.store.database import Database
from data.store.mentions import Target
from data.store.models import Change, Import, Key, Member, StateModel, Version, Workspace
from data.store.problems import Conflict, conflict

ATTEMPTS = 5
_KEPT_AS_THEY_ARE = {
    "id",
    "workspace_id",
    "file",
    "rows_file",
    "rejected_file",
    "original_file",
    "value",
    "action",
    "actor",
}


@dataclass(frozen=True)
class Erased:
    """What an erasure removed, or would: rows by table in the data in force, and in all versions together.

    `mentions` are cells of other accounts' rows that named it; `originals` and `rejected` count files deleted and
    rewritten; `version` is the new one (None for a dry run).
    """

    rows: dict[str, int]
    rows_in_history: dict[str, int]
    mentions: int
    originals: int
    rejected: int
    version: int | None = None


@dataclass
class _Plan:
    number: int
    files: dict[tuple[str, str], tuple[snapshots.Stored, int, int]] = field(default_factory=dict)  # of (table, file)
    in_force: set[tuple[str, str]] = field(default_factory=set)
    rejected: dict[str, str | None] = field(default_factory=dict)
    originals: set[str] = field(default_factory=set)
    records: int = 0

    def said(self, version: int | None) -> Erased:
        """The plan in numbers."""
        now: dict[str, int] = {}
        ever: dict[str, int] = {}
        cells = 0
        for (table, name), (_, gone, changed) in self.files.items():
            ever[table] = ever.get(table, 0) + gone
            if (table, name) in self.in_force:
                now[table] = now.get(table, 0) + gone
                cells += changed
        found = [{t: n for t, n in sorted(rows.items()) if n} for rows in (now, ever)]
        return Erased(found[0], found[1], cells, len(self.originals), len(self.rejected), version)


def erase(database: Database, home: Path, workspace_id: str, account_id: str, dry_run: bool, actor: str) -> Erased:
    """Erase an account, or say what would go. See `Store.erase`."""
    id = account_id.strip()
    if not id:
        raise DataProblem("account_missing", "Say which account to erase.")
    with database.read() as session:
        workspaces.get(session, workspace_id)
        key = secrets.known(session, workspace_id, secrets.PSEUDONYMS)
    target = Target(tuple(dict.fromkeys([id, *_pseudonyms(id, key)])), f"erased-{randomness.token_hex(6)}")
    for attempt in range(ATTEMPTS):
        with commits.said_in_full(home):
            plan = _plan(database, home, workspace_id, target, dry_run)
        if not plan.files and not plan.rejected and not plan.originals and not plan.records:
            raise DataProblem("account_unknown", "Nothing of an account {account!r} is stored here.", account=id)
        if dry_run:
            return plan.said(None)
        mark = hmac.new(secrets.key(database, workspace_id, secrets.ERASURES), id.encode(), "sha256").hexdigest()
        try:
            said = _publish(database, home, workspace_id, target, plan, mark, actor)
        except Conflict:
            if attempt == ATTEMPTS - 1:
                raise
            continue
        with commits.said_in_full(home):
            _purge(database, home, workspace_id, target)
        return said
    raise AssertionError


def _pseudonyms(id: str, key: bytes | None) -> list[str]:
    if key is None:
        return []
    from data.checks.privacy import pseudonym  # a way in and a way out meet here alone

    return [pseudonym(id, key)]


def _plan(database: Database, home: Path, workspace_id: str, target: Target, dry_run: bool) -> _Plan:
    """What must be written anew or removed; unless it is a dry run, the new files are there afterwards."""
    with database.read() as session:
        workspace = workspaces.get(session, workspace_id)
        plan = _Plan(workspace.version)
        members = session.exec(select(Member).where(Member.workspace_id == workspace_id)).all()
        imports = session.exec(select(Import).where(Import.workspace_id == workspace_id)).all()
        plan.in_force = {(m.table_name, m.file) for m in members if m.version == workspace.version}
        named = {(m.table_name, m.file) for m in members} | {
            (i.table_name, i.rows_file) for i in imports if i.rows_file
        }
        rejected = {i.rejected_file for i in imports if i.rejected_file}
        originals = {i.original_file for i in imports if i.original_file}
        source_of = {(i.table_name, i.rows_file): i.original_file for i in imports if i.rows_file and i.original_file}
        plan.records = _scrub(session, workspace_id, target, apply=False)
    for table, name in sorted(named):
        folder = folders.snapshots(home, workspace_id, table)
        if not (folder / name).exists():  # lost: it holds nobody any more
            continue
        soundness.check(table, [folder / name])
        found = _counted(folder, table, name, target) if dry_run else mentions.rewritten(folder, table, name, target)
        if found is not None:
            plan.files[(table, name)] = found
            if (table, name) in source_of:
                plan.originals.add(source_of[(table, name)])
    for name in sorted(rejected):
        path = folders.rejected(home, workspace_id) / name
        lines = _lines(path) if path.is_file() else []
        kept = [line for line in lines if not any(target.stands_in(cell) for cell in line)]
        if len(kept) < len(lines):
            plan.rejected[name] = None if dry_run or len(kept) < 2 else _stored_lines(path.parent, kept)
    plan.originals |= {
        name
        for name in originals
        if (path := folders.originals(home, workspace_id) / name).is_file() and mentions.in_file(path, target.ids)
    }
    return plan


def _counted(folder: Path, table: str, name: str, target: Target) -> tuple[snapshots.Stored, int, int] | None:
    gone = changed = 0
    for piece in snapshots.pieces(folder / name):
        _, rows, cells = mentions.without_account(table, piece, target)
        gone, changed = gone + rows, changed + cells
    return (snapshots.Stored(name, 0), gone, changed) if gone or changed else None


def _lines(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def _stored_lines(folder: Path, lines: list[list[str]]) -> str:
    def fill(stream: Any) -> None:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        csv.writer(text).writerows(lines)
        text.flush()
        text.detach()

    return durable.place(folder, ".csv", fill)


def _publish(
    database: Database, home: Path, workspace_id: str, target: Target, plan: _Plan, mark: str, actor: str
) -> Erased:
    with database.write() as session:
        workspace = workspaces.get(session, workspace_id)
        if workspace.version != plan.number:
            raise conflict(workspace_id, plan.number, workspace.version)
        for (table, name), (stored, _, _) in plan.files.items():
            if not (folders.snapshots(home, workspace_id, table) / stored.file).exists():
                raise conflict(workspace_id, plan.number, None)
            here = (col(Member.workspace_id) == workspace_id, col(Member.table_name) == table, col(Member.file) == name)
            session.execute(sa.update(Member).where(*here).values(file=stored.file, rows=stored.rows))
            _point(session, workspace_id, "rows_file", name, stored.file, table)
        for name, new in plan.rejected.items():
            _point(session, workspace_id, "rejected_file", name, new)
        for name in plan.originals:
            _point(session, workspace_id, "original_file", name, None)
        _scrub(session, workspace_id, target, apply=True)
        current = session.get(Version, (workspace_id, plan.number))
        now = datetime.now(UTC)
        number = plan.number
        if current is not None:
            number += 1
            version = Version(
                workspace_id=workspace_id,
                number=number,
                action="erase",
                content=current.content,
                redo=current.redo,
                created_at=now,
                actor=actor,
            )
            versions.add(session, version, versions.members(session, workspace_id, plan.number))
        said = plan.said(number)
        note = {"account": mark, "rows": said.rows_in_history, "originals": said.originals, "rejected": said.rejected}
        session.add(
            Change(workspace_id=workspace_id, changed_at=now, actor=actor, kind="erasure", name="account", after=note)
        )
    return said


def _point(session: Session, workspace_id: str, name: str, old: str, new: str | None, table: str | None = None) -> None:
    where = [col(Import.workspace_id) == workspace_id, col(getattr(Import, name)) == old]
    if table is not None:
        where.append(col(Import.table_name) == table)
    session.execute(sa.update(Import).where(*where).values({name: new}))


def _scrub(session: Session, workspace_id: str, target: Target, apply: bool) -> int:
    """Take mentions out of everything the state says about the workspace; returns how many rows hold some."""
    count = 0
    for table in StateModel.metadata.sorted_tables:
        if table.name in (Workspace.__tablename__, Key.__tablename__, Member.__tablename__, Version.__tablename__):
            continue
        exact = table.name == Import.__tablename__  # examples in reports are cells of the file
        key = [column.name for column in table.primary_key.columns]
        for row in session.execute(sa.select(table).where(table.c.workspace_id == workspace_id)).mappings().all():
            clean = {}
            for column in table.c:
                if column.name in _KEPT_AS_THEY_ARE - {"value"} or column.foreign_keys:
                    continue
                found = target.scrubbed(row[column.name], exact=exact and isinstance(column.type, sa.JSON))
                if found != row[column.name]:
                    clean[column.name] = found
            if not clean:
                continue
            count += 1
            if apply:
                where = [table.c[name] == row[name] for name in key]
                session.execute(sa.update(table).where(*where).values(clean))
    return count


def _purge(database: Database, home: Path, workspace_id: str, target: Target) -> None:
    """Remove at once what the state names no longer and may hold the account, caches, and traces in the database."""
    shutil.rmtree(folders.panels(home, workspace_id), ignore_errors=True)
    with database.write() as session:
        session.exec(select(Workspace).with_for_update()).all()  # no commit meanwhile takes a file for its own
        referenced = garbage.referenced_files(session, home, workspace_id)
        loose = [
            path
            for folder in ("snapshots", "rejected", "originals")
            for path in (home / folder / workspace_id).rglob("*")
            if path.is_file() and path not in referenced
        ]
        left = [path for path in folders.staging(home).glob("*") if _is_left_over(path)]
        for path in [*loose, *left]:
            if path.exists() and mentions.in_file(path, target.ids):
                path.unlink(missing_ok=True)
    database.forget_traces()


def _is_left_over(path: Path) -> bool:
    """Whether a file on its way in has been lying for ten minutes: an import under way is not touched."""
    try:
        return path.is_file() and path.stat().st_mtime < datetime.now().timestamp() - 600
    except FileNotFoundError:
        return False
