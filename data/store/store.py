"""The store: one home folder with all files, and one state database that says what of them exists."""

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from data.facts import Facts
from data.problems import DataProblem
from data.store import (
    commits,
    connections,
    durable,
    folders,
    preferences,
    soundness,
    versions,
    workspaces,
)
from data.store.commits import Batch, CommitResult
from data.store.connections import ConnectionInfo, PickedTable
from data.store.database import Database
from data.store.models import Version
from data.store.preferences import ChangeInfo, TargetInfo
from data.store.safekeeping import Safekeeping
from data.store.workspaces import WorkspaceInfo


class Store(Safekeeping):
    """Everything Farol keeps. Safe to share between threads, and between processes through the same home."""

    def __init__(self, home: Path | str | None = None, url: str | None = None) -> None:
        """Open a home, making or migrating it as needed.

        Without `home`: `FAROL_HOME`, else `.farol` in the user's home. Without `url`: `FAROL_DATABASE_URL`, else
        SQLite in `home/state.db`.

        Raises:
            DataProblem: the home cannot be written, or the state database cannot be used.
        """
        self.home = Path(home or os.environ.get("FAROL_HOME") or Path.home() / ".farol").expanduser().resolve()
        try:
            durable.make_folder(self.home)
        except OSError as error:
            raise DataProblem(
                "home_unusable",
                "Farol cannot keep its data in {home}: {why}. Set FAROL_HOME to a folder you may write to.",
                home=str(self.home),
                why=error.strerror or str(error),
            ) from error
        default = sa.URL.create("sqlite", database=str(self.home / "state.db"))
        self._database = Database(url or os.environ.get("FAROL_DATABASE_URL") or default)

    def close(self) -> None:
        """Give database connections back."""
        self._database.close()

    # Workspaces

    def workspaces(self) -> list[WorkspaceInfo]:
        """All workspaces, oldest first."""
        with self._database.read() as session:
            return workspaces.listed(session)

    def workspace(self, workspace_id: str) -> WorkspaceInfo:
        """One workspace by id.

        Raises:
            DataProblem: there is none.
        """
        with self._database.read() as session:
            return workspaces.info(workspaces.get(session, workspace_id))

    def find_workspace(self, name: str) -> WorkspaceInfo | None:
        """The workspace with this name, else the one with this id, else None."""
        known = self.workspaces()
        return next((w for w in known if w.name == name), None) or next((w for w in known if w.id == name), None)

    def create_workspace(self, name: str) -> WorkspaceInfo:
        """A new, empty workspace; its id is made from the name.

        Raises:
            DataProblem: the name is empty, too long or taken.
        """
        with self._database.write() as session:
            return workspaces.info(workspaces.create(session, name))

    def rename_workspace(self, workspace_id: str, name: str) -> WorkspaceInfo:
        """Give a workspace another name; its id, and with it links, stay."""
        with self._database.write() as session:
            return workspaces.info(workspaces.rename(session, workspace_id, name))

    def delete_workspace(self, workspace_id: str) -> None:
        """Forget a workspace for good. Its files stay for the readers they may have and go with a later sweep."""
        with self._database.write() as session:
            workspaces.delete(session, workspace_id)
        shutil.rmtree(folders.panels(self.home, workspace_id), ignore_errors=True)
        for folder in (
            self.home / "snapshots" / workspace_id,
            folders.rejected(self.home, workspace_id),
            folders.originals(self.home, workspace_id),
        ):
            for path in folder.rglob("*"):
                with suppress(FileNotFoundError):  # swept meanwhile
                    os.utime(path)

    # Facts

    def facts(self, workspace_id: str, version: int | None = None) -> Facts:
        """The snapshot files of a version (the one in force by default): resolve once, then read.

        `Facts.version` names the content: equal exactly when the files are, so that an undo finds old caches again.

        Raises:
            DataProblem: no such workspace or version, or a file is gone.
        """
        with self._database.read() as session:
            number = workspaces.get(session, workspace_id).version if version is None else version
            row = session.get(Version, (workspace_id, number)) if number else None
            if (number and row is None) or (row is not None and row.pruned):
                raise DataProblem(
                    "unknown_version",
                    "Workspace {workspace} has no version {version}, or it has been swept.",
                    workspace=workspace_id,
                    version=number,
                )
            members = versions.members(session, workspace_id, number)
            imported = session.get(Version, (workspace_id, row.content)) if row else None
            zone = ZoneInfo(preferences.settings(session, workspace_id)["timezone"])
        digest = hashlib.sha256()
        files: dict[str, tuple[str, ...]] = {}
        for table, stored in sorted(members.items()):
            folder = folders.snapshots(self.home, workspace_id, table)
            paths = [folder / one.file for one in stored]
            soundness.check(table, paths)
            files[table] = tuple(str(path) for path in paths)
            digest.update("".join([table, *(one.file for one in stored)]).encode())
        imported_on = imported.created_at.astimezone(zone).date() if imported else None
        return Facts(files=files, version=digest.hexdigest()[:16], imported_on=imported_on)

    def rows(self, workspace_id: str, version: int | None = None) -> dict[str, int]:
        """The number of rows per table in a version (the one in force by default); tables without rows are absent."""
        with self._database.read() as session:
            number = workspaces.get(session, workspace_id).version if version is None else version
            members = versions.members(session, workspace_id, number)
        return {table: sum(stored.rows for stored in files) for table, files in members.items()}

    def staging(self, suffix: str = "") -> Path:
        """A fresh path on the same disk, to write a file that `commit` then takes over. Swept after a day."""
        folder = folders.staging(self.home)
        durable.make_folder(folder)
        return durable.temporary(folder).with_suffix(suffix)

    def commit(
        self,
        workspace_id: str,
        batches: Sequence[Batch],
        expected_version: int | None = None,
        force: bool = False,
        actor: str = "",
    ) -> CommitResult:
        """Store batches as one new version: all of them or nothing; durable when this returns.

        A batch whose source was stored before with the same mapping, and still counts, is left out unless forced.
        With `expected_version`, the workspace must still be there; without, a commit that collides is repeated.

        Raises:
            Conflict: somebody else changed the workspace meanwhile.
            DataProblem: unknown table, columns or values that do not fit, keys that come twice, disk full, …
        """
        return commits.commit(self._database, self.home, workspace_id, batches, expected_version, force, actor)

    # Preferences

    def settings(self, workspace_id: str) -> dict[str, Any]:
        """All settings, defaults filled in: currency, language, timezone, policies, health_preset and any others."""
        with self._database.read() as session:
            return preferences.settings(session, workspace_id)

    def save_settings(self, workspace_id: str, changes: Mapping[str, Any], actor: str = "") -> None:
        """Store the named settings and leave the others; None goes back to the default."""
        with self._database.write() as session:
            preferences.save_settings(session, workspace_id, changes, actor)

    def targets(self, workspace_id: str) -> list[TargetInfo]:
        """All targets, by KPI, period and segment."""
        with self._database.read() as session:
            return preferences.targets(session, workspace_id)

    def save_target(
        self,
        workspace_id: str,
        kpi: str,
        period_scope: str | None,
        segment: tuple[str, str] | None,
        value: float | None,
        actor: str = "",
    ) -> None:
        """Set what a KPI should be (None: no target), for one period or all, one dimension value or the company."""
        with self._database.write() as session:
            preferences.save_target(session, workspace_id, kpi, period_scope, segment, value, actor)

    def labels(self, workspace_id: str) -> dict[tuple[str, str], str]:
        """The roles that the company gave KPIs, by (kpi, objective); the catalogue's hold elsewhere."""
        with self._database.read() as session:
            return preferences.labels(session, workspace_id)

    def save_label(self, workspace_id: str, kpi: str, objective: str, role: str | None, actor: str = "") -> None:
        """Give a KPI a role (leading, lagging, neither) under an objective; None: the catalogue's."""
        with self._database.write() as session:
            preferences.save_label(session, workspace_id, kpi, objective, role, actor)

    def mappings(self, workspace_id: str) -> dict[str, dict[str, Any]]:
        """The remembered mappings by source signature."""
        with self._database.read() as session:
            return preferences.mappings(session, workspace_id)

    def save_mapping(
        self, workspace_id: str, source_signature: str, mapping: Mapping[str, Any] | None, actor: str = ""
    ) -> None:
        """Remember the mapping of a source; None forgets it."""
        with self._database.write() as session:
            preferences.save_mapping(session, workspace_id, source_signature, mapping, actor)

    def changes(self, workspace_id: str, kind: str | None = None) -> list[ChangeInfo]:
        """The record of changed settings, targets, labels and mappings, newest first."""
        with self._database.read() as session:
            return preferences.changes(session, workspace_id, kind)

    # Connections

    def connections(self, workspace_id: str) -> list[ConnectionInfo]:
        """All connections of a workspace, by name."""
        with self._database.read() as session:
            return connections.listed(session, workspace_id)

    def connection(self, workspace_id: str, name: str) -> ConnectionInfo:
        """One connection by name."""
        with self._database.read() as session:
            return connections.get(session, workspace_id, name)

    def save_connection(self, workspace_id: str, info: ConnectionInfo, actor: str = "", new: bool = False) -> None:
        """Add a connection (`new`) or change one."""
        with self._database.write() as session:
            connections.save(session, workspace_id, info, actor, new)

    def set_live(self, workspace_id: str, name: str, minutes: int | None, actor: str = "") -> None:
        """Let the numbers come live from one connection; None switches it off."""
        with self._database.write() as session:
            connections.set_live(session, workspace_id, name, minutes, actor)

    def remove_connection(self, workspace_id: str, name: str, actor: str = "") -> None:
        """Forget a connection; the rows it brought in stay."""
        with self._database.write() as session:
            connections.remove(session, workspace_id, name, actor)

    def picked(self, workspace_id: str, name: str) -> list[PickedTable]:
        """The tables and views that a connection brings in."""
        with self._database.read() as session:
            return connections.picked(session, workspace_id, name)

    def save_picked(self, workspace_id: str, name: str, tables: Sequence[PickedTable]) -> None:
        """Set which tables and views a connection brings in."""
        with self._database.write() as session:
            connections.save_picked(session, workspace_id, name, list(tables))

    def note_connection(
        self, workspace_id: str, name: str, error: Mapping[str, Any] | None = None, refreshed: bool = False
    ) -> None:
        """Remember how the last use of a connection went."""
        with self._database.write() as session:
            connections.note_result(session, workspace_id, name, error, refreshed)
