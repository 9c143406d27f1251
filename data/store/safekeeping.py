"""What a store does for the data it keeps: history, undo, backup, retention, erasure."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from data.store import (
    backup,
    erasure,
    folders,
    garbage,
    history,
    rebuild,
    restore,
    secrets,
    soundness,
    versions,
    workspaces,
)
from data.store.backup import BackedUp
from data.store.commits import Batch
from data.store.database import Database
from data.store.erasure import Erased
from data.store.history import HistoryEntry
from data.store.models import Version
from data.store.restore import Restored


class Safekeeping:
    """The part of `Store` that looks after what is stored already."""

    home: Path
    _database: Database

    def history(self, workspace_id: str) -> list[HistoryEntry]:
        """All versions with their imports, newest first."""
        with self._database.read() as session:
            version = session.get(Version, (workspace_id, workspaces.get(session, workspace_id).version))
            counting = versions.lineage(session, workspace_id, version.content if version else 0)
            return history.entries(session, self.home, workspace_id, counting)

    def undo(
        self, workspace_id: str, expected_version: int | None = None, actor: str = "", of: int | None = None
    ) -> int:
        """Take an import back by a new version: the last one in force, or import `of`. Returns the new version.

        Without `of` the members of the version before are shown again; with it, the tables it touched are put
        together from the other imports, as if it had never been.

        Raises:
            NothingToUndo: no import, or not that one, is in force.
            Conflict: the workspace is not at `expected_version`.
            DataProblem: that import cannot be taken out by itself, with the reason.
        """
        with self._database.read() as session:
            last = history.last_in_force(session, workspace_id, expected_version) if of is None else of
        if last is None:
            with self._database.write() as session:
                return history.undo(session, workspace_id, expected_version, actor)
        return rebuild.without(self._database, self.home, workspace_id, last, expected_version, actor)

    def redo(
        self, workspace_id: str, expected_version: int | None = None, actor: str = "", of: int | None = None
    ) -> int:
        """Bring an undone import back by a new version: the last undone, or import `of`. Returns the new version.

        Raises:
            NothingToUndo: nothing was undone, or something was imported since; with `of`, it counts already.
            Conflict: the workspace is not at `expected_version`.
            DataProblem: that import cannot be brought back by itself, with the reason.
        """
        if of is not None:
            return rebuild.bring_back(self._database, self.home, workspace_id, of, expected_version, actor)
        with self._database.write() as session:
            return history.redo(session, workspace_id, expected_version, actor)

    def replay(self, workspace_id: str, of: int, batches: Sequence[Batch], actor: str = "") -> int:
        """Put batches, read again from the files of import `of`, in the place of its rows. Returns the new version.

        Raises:
            NothingToUndo: that import is not in force.
            DataProblem: as `commit`.
        """
        return rebuild.replay(self._database, self.home, workspace_id, of, batches, actor)

    def sweep(self, grace: timedelta = garbage.GRACE, keep_versions: int | None = None) -> garbage.Swept:
        """Remove files that nothing refers to; with `keep_versions`, give up undoing beyond that many versions."""
        return garbage.sweep(self._database, self.home, grace, keep_versions)

    def backup(self, out: Path, workspace_ids: Sequence[str] | None = None, with_keys: bool = False) -> BackedUp:
        """Write one file with these workspaces (all by default): state, snapshots, rejected rows, originals.

        Imports may go on meanwhile: the backup is of one moment. It appears under its name only when it is whole
        and durable. Keys of pseudonyms are left out unless asked for: who has them can recognise people again.

        Raises:
            DataProblem: a file of the data in force is gone or damaged, disk full, …
        """
        return backup.backup(self._database, self.home, Path(out), workspace_ids, with_keys)

    def restore(
        self, source: Path, workspace: str | None = None, name: str | None = None, actor: str = ""
    ) -> list[Restored]:
        """Bring back the workspaces of a backup beside those there are: all, or one by id or name, as `name`.

        Raises:
            DataProblem: the file is no whole backup or not to be trusted, a name is taken, disk full; nothing changed.
        """
        return restore.restore(self._database, self.home, Path(source), workspace, name, actor)

    def mend(self, source: Path) -> int:
        """Put back files that this home has lost and a backup holds, each proven by its hash; returns how many.

        Raises:
            DataProblem: as `restore`.
        """
        return restore.mend(self._database, self.home, Path(source))

    def damaged(self, workspace_id: str) -> dict[str, int]:
        """How many files of the version in force, by table, are gone or not the bytes their names stand for."""
        with self._database.read() as session:
            members = versions.members(session, workspace_id, workspaces.get(session, workspace_id).version)
        found = {
            table: len(soundness.damaged(folders.snapshots(self.home, workspace_id, table) / one.file for one in files))
            for table, files in members.items()
        }
        return {table: count for table, count in found.items() if count}

    def pseudonym_key(self, workspace_id: str) -> bytes:
        """The 32 bytes that pseudonyms of this workspace are made with; made when first asked for.

        Kept in the state database; never shown or exported, and in backups only when asked for.
        """
        return secrets.key(self._database, workspace_id, secrets.PSEUDONYMS)

    def erase(self, workspace_id: str, account_id: str, dry_run: bool = False, actor: str = "") -> Erased:
        """Remove an account from every version, file and record of a workspace, beyond undo; see `erasure`.

        A dry run changes nothing and says what would go. Backups made before still hold the account.

        Raises:
            DataProblem: nothing of that account is here; a file is gone or damaged; disk full.
        """
        return erasure.erase(self._database, self.home, workspace_id, account_id, dry_run, actor)
