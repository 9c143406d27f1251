"""Contents that no import has made: one import taken out, one brought back, one read again with today's code.

Every import keeps its own rows (`Import.rows_file`). A table is made again from those of the imports that count, in
order and each in its mode, exactly as if the others had never been; tables they did not touch stay as they are.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session, col, select

from data.problems import DataProblem
from data.store import commits, folders, keys, snapshots, soundness, versions, workspaces
from data.store.database import Database
from data.store.models import Import, Version
from data.store.problems import Conflict, NothingToUndo, conflict

MADE_BY_IMPORT = ("import", "replay")


def without(database: Database, home: Path, workspace_id: str, number: int, expected: int | None, actor: str) -> int:
    """A version in which import `number` does not count; one that was read again counts as it was before.

    Raises:
        NothingToUndo: it does not count now.
        DataProblem: the rows of a table cannot be put together without it, with the reason.
    """

    def change(session: Session, counting: list[int]) -> list[int]:
        if number not in counting:
            raise NothingToUndo("import_not_in_force", "Import {version} is not part of the data now.", version=number)
        row = session.get_one(Version, (workspace_id, number))
        place = counting.index(number)
        return [*counting[:place], *([row.replays] if row.replays else []), *counting[place + 1 :]]

    return _moved(database, home, workspace_id, "undo", change, expected, actor)


def bring_back(database: Database, home: Path, workspace_id: str, number: int, expected: int | None, actor: str) -> int:
    """A version in which import `number` counts again, at its old place.

    Raises:
        NothingToUndo: there is no such import, or it counts already, itself or read again.
        DataProblem: the rows of a table cannot be put together with it, with the reason.
    """

    def change(session: Session, counting: list[int]) -> list[int]:
        row = session.get(Version, (workspace_id, number))
        if row is None or row.action not in MADE_BY_IMPORT:
            raise NothingToUndo("no_such_import", "There is no import {version}.", version=number)
        origins = {_origin(session, workspace_id, one): one for one in counting}
        same = origins.get(_origin(session, workspace_id, number))
        if same is not None:
            raise NothingToUndo(
                "import_in_force",
                "Import {version} is part of the data already (as {same}).",
                version=number,
                same=same,
            )
        first = _origin(session, workspace_id, number)
        before = [one for one in counting if _origin(session, workspace_id, one) < first]
        return [*before, number, *counting[len(before) :]]

    return _moved(database, home, workspace_id, "redo", change, expected, actor)


def replay(
    database: Database, home: Path, workspace_id: str, number: int, batches: Sequence[commits.Batch], actor: str
) -> int:
    """A version in which `batches`, read from the same files, stand in place of the rows of import `number`.

    Raises:
        NothingToUndo: that import does not count now.
        DataProblem: as `Store.commit`.
    """
    for batch in batches:
        commits.check(batch, True)
    for attempt in range(commits.ATTEMPTS):
        with database.read() as session:
            current, counting = _current(session, workspace_id, None)
            if number not in counting:
                raise NothingToUndo(
                    "import_not_in_force", "Import {version} is not part of the data now.", version=number
                )
            members = versions.members(session, workspace_id, current.number)
            row = session.get_one(Version, (workspace_id, number))
            made = current.number + 1
            wanted = [made if one == number else one for one in counting]
            imports = _imports(session, workspace_id, set(counting))
        with commits.said_in_full(home):
            fresh = commits.own_rows(database, home, workspace_id, made, batches)
            touched = {one.table_name for one in imports if one.version == number} | {one.table_name for one in fresh}
            made_anew = _tables(home, workspace_id, touched, wanted, [*imports, *fresh])
        version = Version(
            workspace_id=workspace_id,
            number=made,
            action="replay",
            content=made,
            base=current.content,
            created_at=datetime.now(UTC),
            actor=actor,
            counting=wanted,
            replays=row.number,
        )
        try:
            with database.write() as session:
                versions.add(session, version, {**members, **made_anew})
                session.add_all(fresh)
                commits.refuse_swept(home, workspace_id, current.number, made_anew, fresh)
            return made
        except Conflict:
            if attempt == commits.ATTEMPTS - 1:
                raise
    raise AssertionError


def _moved(database, home, workspace_id, action, change, expected, actor):  # type: ignore[no-untyped-def]
    """Publish a content of its own with another list of imports; repeated when somebody else was faster."""
    for attempt in range(commits.ATTEMPTS):
        with database.read() as session:
            current, counting = _current(session, workspace_id, expected)
            wanted = change(session, counting)
            members = versions.members(session, workspace_id, current.number)
            imports = _imports(session, workspace_id, {*counting, *wanted})
        differing = set(counting) ^ set(wanted)
        touched = {one.table_name for one in imports if one.version in differing}
        with commits.said_in_full(home):
            made_anew = _tables(home, workspace_id, touched, wanted, imports)
        version = Version(
            workspace_id=workspace_id,
            number=current.number + 1,
            action=action,
            content=current.number + 1,
            base=current.content,
            redo=current.content if action == "undo" else None,
            created_at=datetime.now(UTC),
            actor=actor,
            counting=wanted,
        )
        try:
            with database.write() as session:
                versions.add(session, version, {**members, **made_anew})
                commits.refuse_swept(home, workspace_id, current.number, made_anew, [])
            return version.number
        except Conflict:
            if expected is not None or attempt == commits.ATTEMPTS - 1:
                raise
    raise AssertionError


def _current(session: Session, workspace_id: str, expected: int | None) -> tuple[Version, list[int]]:
    number = workspaces.get(session, workspace_id).version
    if expected is not None and expected != number:
        raise conflict(workspace_id, expected, number)
    current = session.get(Version, (workspace_id, number))
    if current is None:
        raise NothingToUndo("nothing_to_undo", "There is no import to undo.")
    session.expunge(current)
    return current, versions.lineage(session, workspace_id, current.content)[::-1]


def _origin(session: Session, workspace_id: str, number: int) -> int:
    """The import that this one is, or is another reading of."""
    row = session.get_one(Version, (workspace_id, number))
    while row.replays:
        row = session.get_one(Version, (workspace_id, row.replays))
    return row.number


def _imports(session: Session, workspace_id: str, numbers: set[int]) -> list[Import]:
    query = select(Import).where(Import.workspace_id == workspace_id).order_by(col(Import.id))
    found = [row for row in session.exec(query) if row.version in numbers]
    for row in found:
        session.expunge(row)
    return found


def _tables(
    home: Path, workspace_id: str, touched: set[str], counting: Sequence[int], imports: Sequence[Import]
) -> dict[str, list[snapshots.Stored]]:
    """The files of the touched tables, as the imports that count make them in their order."""
    place = {number: at for at, number in enumerate(counting)}
    mine = sorted((row for row in imports if row.version in place), key=lambda row: place[row.version])
    return {
        table: _table(folders.snapshots(home, workspace_id, table), table, [r for r in mine if r.table_name == table])
        for table in sorted(touched)
    }


def _table(folder: Path, table: str, imports: Sequence[Import]) -> list[snapshots.Stored]:
    replaced = [place for place, row in enumerate(imports) if row.mode == "replace"]
    files: list[snapshots.Stored] = []
    for row in imports[replaced[-1] if replaced else 0 :]:
        if not row.rows_accepted:
            continue
        if row.rows_file is None:
            raise DataProblem(
                "import_rows_gone",
                "Import {version} ({source}) no longer has its own rows, so {table} cannot be put together from its "
                "imports. Undo the newer imports first, or bring the files in again with replace.",
                version=row.version,
                source=row.source_name,
                table=table,
            )
        path, held = folder / row.rows_file, [folder / stored.file for stored in files]
        soundness.check(table, [path, *held])
        if not snapshots.row_count(path):
            continue
        if row.mode == "upsert":
            files = [keys.upsert(folder, table, path, held)]
            continue
        keys.refuse_repeated(folder, table, path, held)
        files = commits.merged(folder, table, [*files, _numbered(folder, table, path, files)])
    return files


def _numbered(folder: Path, table: str, path: Path, held: Sequence[snapshots.Stored]) -> snapshots.Stored:
    """The file as it is where its row numbers come after those held; else its rows with new numbers."""
    numbers, last = snapshots.row_ids(path), max((stored.last_row_id for stored in held), default=0)
    if numbers is not None and numbers[0] <= last:
        return snapshots.store_frame(folder, table, path, last + 1)
    return snapshots.Stored(path.name, snapshots.row_count(path), numbers[1] if numbers else 0)
