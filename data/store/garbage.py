"""Sweeping: what a workspace wants kept no longer, and files that nothing refers to any more.

Nothing is removed before it has been unwanted or unreferenced for the grace, so that nobody can be reading or
writing it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from shutil import rmtree

import sqlalchemy as sa
from sqlmodel import Session, col, select

from data.store import folders, preferences
from data.store.database import Database
from data.store.models import Import, Member, Version, Workspace

GRACE = timedelta(days=1)


@dataclass(frozen=True)
class Swept:
    """What a sweep removed: versions that cannot be brought back any more, files, and their bytes."""

    versions: int
    files: int
    bytes: int


def sweep(database: Database, home: Path, grace: timedelta, keep_versions: int | None) -> Swept:
    """Remove files unreferenced for longer than `grace`; first forget what each workspace's retention says.

    With `keep_versions`, versions older than that many are forgotten too. The version in force and those superseded
    within `grace` are always kept. While files are removed no commit can be made, so that a file that just became
    part of a version is never taken.
    """
    now = datetime.now(UTC)
    border = now - grace
    with database.write() as session:
        count = 0
        for workspace in session.exec(select(Workspace).with_for_update()).all():
            wanted = preferences.settings(session, workspace.id)
            undone = _before(now, wanted["keep_undone_days"], border)
            count += _prune(session, workspace, undone, border, keep_versions)
            if undone is not None:
                _forget(session, workspace, "rows_file", col(Version.created_at) < undone)
            for name, setting in (
                ("original_file", "keep_originals_days"),
                ("rejected_file", "keep_rejected_days"),
            ):
                if (old := _before(now, wanted[setting], border)) is not None:
                    _forget(session, workspace, name, col(Version.created_at) < old)
    with database.write() as session:
        session.exec(select(Workspace).with_for_update()).all()
        referenced = referenced_files(session, home)
        files, size = _remove(home, referenced, border)
    return Swept(count, files, size)


def _before(now: datetime, days: int | None, border: datetime) -> datetime | None:
    """What is older than this goes; None: nothing does."""
    return None if days is None else min(now - timedelta(days=days), border)


def _forget(session: Session, workspace: Workspace, name: str, which: sa.ColumnElement[bool]) -> None:
    """Let go of one kind of file of the imports of some versions; the audit rows stay, and files in force."""
    old = sa.select(col(Version.number)).where(col(Version.workspace_id) == workspace.id, which)
    in_force = sa.select(col(Member.file)).where(
        col(Member.workspace_id) == workspace.id, col(Member.version) == workspace.version
    )
    session.execute(
        sa.update(Import)
        .where(
            col(Import.workspace_id) == workspace.id,
            col(Import.version).in_(old),
            col(getattr(Import, name)).not_in(in_force),
        )
        .values({name: None})
    )


def _prune(session: Session, workspace: Workspace, undone: datetime | None, border: datetime, keep: int | None) -> int:
    """Forget the members of versions superseded before `undone`, or older than the newest `keep`."""
    count = 0
    query = select(Version).where(Version.workspace_id == workspace.id).order_by(col(Version.number).desc())
    for newer, row in pairwise(session.exec(query).all()):
        too_many = keep is not None and row.number <= workspace.version - keep and newer.created_at <= border
        too_old = undone is not None and newer.created_at < undone
        if row.pruned or not (too_many or too_old):
            continue
        session.execute(
            sa.delete(Member).where(col(Member.workspace_id) == workspace.id, col(Member.version) == row.number)
        )
        row.pruned = True
        session.add(row)
        _forget(session, workspace, "rows_file", col(Version.number) == row.number)
        count += 1
    return count


def referenced_files(session: Session, home: Path, workspace_id: str | None = None) -> set[Path]:
    """Every file that the state names, of one workspace or of all."""
    members = sa.select(col(Member.workspace_id), col(Member.table_name), col(Member.file)).distinct()
    imports = sa.select(
        col(Import.workspace_id),
        col(Import.table_name),
        col(Import.rows_file),
        col(Import.rejected_file),
        col(Import.original_file),
    )
    if workspace_id is not None:
        members = members.where(col(Member.workspace_id) == workspace_id)
        imports = imports.where(col(Import.workspace_id) == workspace_id)
    found = {folders.snapshots(home, workspace, table) / file for workspace, table, file in session.execute(members)}
    for workspace, table, rows, rejected, original in session.execute(imports):
        found |= {folders.snapshots(home, workspace, table) / rows} if rows else set()
        found |= {folders.rejected(home, workspace) / rejected} if rejected else set()
        found |= {folders.originals(home, workspace) / original} if original else set()
    return found


def _remove(home: Path, referenced: set[Path], border: datetime) -> tuple[int, int]:
    count = size = 0
    for path in _candidates(home):
        try:
            status = path.stat()
            if path in referenced or status.st_mtime > border.timestamp():
                continue
            if path.is_dir():
                rmtree(path)
            else:
                path.unlink()
        except FileNotFoundError:  # its writer was faster
            continue
        count += 1
        size += status.st_size
    return count, size


def _candidates(home: Path) -> Iterable[Path]:
    yield from (home / "snapshots").glob("*/*/*")
    yield from (home / "rejected").glob("*/*")
    yield from (home / "originals").glob("*/*")
    yield from folders.staging(home).glob("*")
