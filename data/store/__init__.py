"""Immutable snapshots, their history, and the state database."""

from data.store.commits import Batch, BatchResult, CommitResult
from data.store.connections import ConnectionInfo, PickedTable
from data.store.history import HistoryEntry, ImportInfo
from data.store.layout import snapshot_schema
from data.store.preferences import ChangeInfo, TargetInfo
from data.store.problems import Conflict, NothingToUndo
from data.store.store import Store
from data.store.workspaces import WorkspaceInfo

__all__ = [
    "Batch",
    "BatchResult",
    "ChangeInfo",
    "CommitResult",
    "Conflict",
    "ConnectionInfo",
    "HistoryEntry",
    "ImportInfo",
    "NothingToUndo",
    "PickedTable",
    "Store",
    "TargetInfo",
    "WorkspaceInfo",
    "snapshot_schema",
]
