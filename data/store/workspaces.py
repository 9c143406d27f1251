"""Workspaces: bodies of data that never mix, each with a name for people and an id for links and folders."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from data.problems import DataProblem, did_you_mean
from data.store.models import Workspace


@dataclass(frozen=True)
class WorkspaceInfo:
    """A workspace. `version` is the data version in force; 0 means that nothing was imported yet."""

    id: str
    name: str
    created_at: datetime
    version: int


def info(row: Workspace) -> WorkspaceInfo:
    """What callers see of a row."""
    return WorkspaceInfo(row.id, row.name, row.created_at, row.version)


def listed(session: Session) -> list[WorkspaceInfo]:
    """All workspaces, oldest first."""
    return [info(row) for row in session.exec(select(Workspace).order_by(col(Workspace.created_at), col(Workspace.id)))]


def get(session: Session, workspace_id: str) -> Workspace:
    """The workspace with this id.

    Raises:
        DataProblem: there is none.
    """
    row = session.get(Workspace, workspace_id)
    if row is None:
        known = session.exec(select(Workspace.id)).all()
        raise DataProblem(
            "unknown_workspace",
            "There is no workspace {workspace!r}.{hint}",
            workspace=workspace_id,
            hint=did_you_mean(workspace_id, known),
        )
    return row


def free(session: Session, name: str, id: str) -> tuple[str, str]:
    """The id and name that a workspace brought back can have: its own id where that is free.

    Raises:
        DataProblem: as `create`.
    """
    return (id if session.get(Workspace, id) is None else _free_id(session, name)), _free_name(session, name)


def create(session: Session, name: str, id: str | None = None) -> Workspace:
    """A new, empty workspace; its id is made from the name and stays when the name changes.

    Raises:
        DataProblem: the name is empty, too long or taken.
    """
    row = Workspace(id=id or _free_id(session, name), name=_free_name(session, name), created_at=datetime.now(UTC))
    session.add(row)
    try:
        session.flush()
    except sa.exc.IntegrityError as error:  # somebody else took the name at this moment
        raise _taken(name) from error
    return row


def rename(session: Session, workspace_id: str, name: str) -> Workspace:
    """Give a workspace another name.

    Raises:
        DataProblem: as `create`.
    """
    row = get(session, workspace_id)
    if name.strip() != row.name:
        row.name = _free_name(session, name)
        session.add(row)
        session.flush()
    return row


def delete(session: Session, workspace_id: str) -> None:
    """Forget a workspace with its history and settings."""
    get(session, workspace_id)
    session.execute(sa.delete(Workspace).where(col(Workspace.id) == workspace_id))


def _free_name(session: Session, name: str) -> str:
    name = name.strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise DataProblem(
            "workspace_name_unusable", "A workspace name has 1 to 100 printable characters; got {name!r}.", name=name
        )
    if session.exec(select(Workspace).where(Workspace.name == name)).first():
        raise _taken(name)
    return name


def _taken(name: str) -> DataProblem:
    return DataProblem("workspace_exists", "There is already a workspace named {name!r}.", name=name)


def _free_id(session: Session, name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub("[^a-z0-9]+", "-", plain)[:40].strip("-") or "workspace"
    taken = set(session.exec(select(Workspace.id).where(col(Workspace.id).startswith(stem))))
    number = 2
    wanted = stem
    while wanted in taken:
        wanted = f"{stem}-{number}"
        number += 1
    return wanted
