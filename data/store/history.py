"""The history of a workspace's data: what came in, and undo and redo, which add versions and remove none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from data.problems import DataProblem
from data.store import folders, versions, workspaces
from data.store.models import Import, Version
from data.store.problems import NothingToUndo, conflict


@dataclass(frozen=True)
class ImportInfo:
    """One batch of an import, as the audit row has it.

    `original` is the file it came from, where it was kept, and `recipe` the mapping and assumptions it was read with.
    `has_rows`: the batch's own rows are still there, so that it can be taken out or brought back by itself.
    """

    id: int | None
    table: str
    mode: str
    source_name: str
    source_sha256: str
    mapping_signature: str
    rows_accepted: int
    rows_rejected: int
    rejected_file: Path | None
    report: dict[str, Any]
    original: Path | None = None
    recipe: dict[str, Any] | None = None
    has_rows: bool = False


@dataclass(frozen=True)
class HistoryEntry:
    """One version: what made it (import, undo or redo), who, when, and the number of the import it shows again.

    `content` equals `version` for imports; 0 is the empty workspace. `in_force` imports are part of the data now.
    `replays` is the import that this one, read again from its files, stands in place of.
    """

    version: int
    action: str
    created_at: datetime
    actor: str
    content: int
    in_force: bool
    imports: tuple[ImportInfo, ...]
    replays: int | None = None


def entries(session: Session, home: Path, workspace_id: str, counting: Sequence[int]) -> list[HistoryEntry]:
    """All versions, newest first; `counting` are the contents in force."""
    folder, originals = folders.rejected(home, workspace_id), folders.originals(home, workspace_id)
    imports: dict[int, list[ImportInfo]] = {}
    for row in session.exec(select(Import).where(Import.workspace_id == workspace_id).order_by(col(Import.id))):
        imports.setdefault(row.version, []).append(
            ImportInfo(
                row.id,
                row.table_name,
                row.mode,
                row.source_name,
                row.source_sha256,
                row.mapping_signature,
                row.rows_accepted,
                row.rows_rejected,
                folder / row.rejected_file if row.rejected_file else None,
                row.report,
                originals / row.original_file if row.original_file else None,
                row.recipe,
                row.rows_file is not None or not row.rows_accepted,
            )
        )
    query = select(Version).where(Version.workspace_id == workspace_id).order_by(col(Version.number).desc())
    return [
        HistoryEntry(
            row.number,
            row.action,
            row.created_at,
            row.actor,
            row.content,
            row.number in counting,
            tuple(imports.get(row.number, ())),
            row.replays,
        )
        for row in session.exec(query)
    ]


def last_in_force(session: Session, workspace_id: str, expected_version: int | None) -> int | None:
    """The import that an undo takes back, where that needs a content which no version has yet; else None.

    Raises:
        NothingToUndo: no import is in force.
        Conflict: the workspace is not at `expected_version`.
    """
    current = _current(session, workspace_id, expected_version)
    counting = versions.lineage(session, workspace_id, current.content) if current else []
    if current is None or not counting:
        raise NothingToUndo("nothing_to_undo", "There is no import to undo.")
    made = session.get_one(Version, (workspace_id, current.content))
    return None if made.action in ("import", "replay") else counting[0]


def undo(session: Session, workspace_id: str, expected_version: int | None, actor: str) -> int:
    """Go back to the content that the last import in force was made on. Returns the new version."""
    current = _current(session, workspace_id, expected_version)
    made = session.get(Version, (workspace_id, current.content)) if current and current.content else None
    if current is None or made is None:
        raise NothingToUndo("nothing_to_undo", "There is no import to undo.")
    return _show(session, current, "undo", made.base or 0, current.content, actor)


def redo(session: Session, workspace_id: str, expected_version: int | None, actor: str) -> int:
    """Bring back what the last undo took away. Returns the new version."""
    current = _current(session, workspace_id, expected_version)
    if current is None or current.redo is None:
        raise NothingToUndo("nothing_to_redo", "There is no undone import to bring back.")
    query = (
        select(Version)
        .where(Version.workspace_id == workspace_id, Version.content == current.redo)
        .order_by(col(Version.number).desc())
    )
    before_the_undo = session.exec(query).first()
    further = before_the_undo.redo if before_the_undo else None
    return _show(session, current, "redo", current.redo, further, actor)


def _current(session: Session, workspace_id: str, expected_version: int | None) -> Version | None:
    version = workspaces.get(session, workspace_id).version
    if expected_version is not None and expected_version != version:
        raise conflict(workspace_id, expected_version, version)
    return session.get(Version, (workspace_id, version))


def _show(session: Session, current: Version, action: str, content: int, redo: int | None, actor: str) -> int:
    """Add a version with the members of an older one."""
    query = (
        select(Version)
        .where(Version.workspace_id == current.workspace_id, Version.content == content, col(Version.pruned).is_(False))
        .order_by(col(Version.number).desc())
    )
    shown = session.exec(query).first() if content else None
    if content and shown is None:
        raise DataProblem(
            "version_pruned",
            "Version {version} was too old to keep and has been swept. Import its files again.",
            version=content,
        )
    version = Version(
        workspace_id=current.workspace_id,
        number=current.number + 1,
        action=action,
        content=content,
        redo=redo,
        created_at=datetime.now(UTC),
        actor=actor,
    )
    versions.add(session, version, versions.members(session, current.workspace_id, shown.number) if shown else {})
    return version.number
