"""Immutable snapshots, their history, and the state database."""

from data.store.backup import BackedUp
from data.store.commits import Batch, BatchResult, CommitResult
from data.store.connections import ConnectionInfo, PickedTable
from data.store.erasure import Erased
from data.store.garbage import Swept
from data.store.history import HistoryEntry, ImportInfo
from data.store.layout import snapshot_schema
from data.store.preferences import ChangeInfo, TargetInfo
from data.store.problems import Conflict, NothingToUndo
from data.store.restore import Restored
from data.store.soundness import Unsound
from data.store.store import Store
from data.store.workspaces import WorkspaceInfo

__all__ = [
    "BackedUp",
    "Batch",
    "BatchResult",
    "ChangeInfo",
    "CommitResult",
    "Conflict",
    "ConnectionInfo",
    "Erased",
    "HistoryEntry",
    "ImportInfo",
    "NothingToUndo",
    "PickedTable",
    "Restored",
    "Store",
    "Swept",
    "TargetInfo",
    "Unsound",
    "WorkspaceInfo",
    "snapshot_schema",
]
