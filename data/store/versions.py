"""Versions of a workspace's data: which files each one has, and adding the next."""

import sqlalchemy as sa
from sqlmodel import Session, col, select

from data.store.models import Member, Version, Workspace
from data.store.problems import conflict
from data.store.snapshots import Stored


def lineage(session: Session, workspace_id: str, content: int) -> list[int]:
    """The imports that make a content, the last one first; none for the empty one."""
    query = select(Version.number, Version.base, Version.counting).where(
        Version.workspace_id == workspace_id, Version.content == Version.number
    )
    known = {number: (base, counting) for number, base, counting in session.exec(query)}
    found: list[int] = []
    while content:
        base, counting = known[content]
        if counting is not None:
            return [*found, *reversed(counting)]
        found.append(content)
        content = base or 0
    return found


def add(session: Session, version: Version, files: dict[str, list[Stored]]) -> None:
    """Move the workspace on to `version`, if it is still at the one before, with these files.

    Raises:
        Conflict: it is not.
    """
    moved = session.execute(
        sa.update(Workspace)
        .where(col(Workspace.id) == version.workspace_id, col(Workspace.version) == version.number - 1)
        .values(version=version.number)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise conflict(version.workspace_id, version.number - 1, None)
    session.add(version)
    session.flush()
    rows = [
        {
            "workspace_id": version.workspace_id,
            "version": version.number,
            "table_name": table,
            "position": position,
            "file": stored.file,
            "rows": stored.rows,
            "last_row_id": stored.last_row_id,
        }
        for table, members in files.items()
        for position, stored in enumerate(members)
    ]
    if rows:
        session.execute(sa.insert(Member), rows)


def members(session: Session, workspace_id: str, version: int) -> dict[str, list[Stored]]:
    """The files of a version by table, in reading order."""
    query = (
        select(Member)
        .where(Member.workspace_id == workspace_id, Member.version == version)
        .order_by(col(Member.table_name), col(Member.position))
    )
    found: dict[str, list[Stored]] = {}
    for member in session.exec(query):
        found.setdefault(member.table_name, []).append(Stored(member.file, member.rows, member.last_row_id))
    return found
