"""Sweeping: files that no version refers to any more, once nobody can be reading or writing them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from shutil import rmtree

import sqlalchemy as sa
from sqlmodel import Session, col, select

from data.store import folders
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
    """Remove files unreferenced for longer than `grace`; with `keep_versions`, forget older versions first.

    The version in force and those superseded within `grace` are always kept. While files are removed no commit
    can be made, so that a file that just became part of a version is never taken.
    """
    border = datetime.now(UTC) - grace
    versions = 0
    if keep_versions is not None:
        with database.write() as session:
            versions = _prune(session, border, keep_versions)
    with database.write() as session:
        session.exec(select(Workspace).with_for_update()).all()
        referenced = _referenced(session, home)
        files, size = _remove(home, referenced, border)
    return Swept(versions, files, size)


def _prune(session: Session, border: datetime, keep: int) -> int:
    """Forget the members of versions older than the newest `keep` of their workspace."""
    count = 0
    for workspace in session.exec(select(Workspace).with_for_update()).all():
        query = select(Version).where(Version.workspace_id == workspace.id).order_by(col(Version.number).desc())
        rows = session.exec(query).all()
        for newer, row in pairwise(rows):
            if row.pruned or row.number > workspace.version - keep or newer.created_at > border:
                continue
            session.execute(
                sa.delete(Member).where(col(Member.workspace_id) == workspace.id, col(Member.version) == row.number)
            )
            row.pruned = True
            session.add(row)
            count += 1
    return count


def _referenced(session: Session, home: Path) -> set[Path]:
    members = session.exec(select(Member.workspace_id, Member.table_name, Member.file).distinct())
    rejected = session.exec(
        select(Import.workspace_id, Import.rejected_file).where(col(Import.rejected_file).is_not(None))
    )
    found = {folders.snapshots(home, workspace, table) / file for workspace, table, file in members}
    return found | {folders.rejected(home, workspace) / str(file) for workspace, file in rejected}


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
    yield from folders.staging(home).glob("*")
