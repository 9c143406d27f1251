"""The store's own kinds of problem, for callers that want to act on them."""

from data.problems import DataProblem


class Conflict(DataProblem):
    """Somebody else changed the workspace meanwhile; nothing was stored. Look again and repeat."""


class NothingToUndo(DataProblem):
    """There is no import to undo, or no undone import to redo."""


def conflict(workspace_id: str, expected: int, found: int | None) -> Conflict:
    """The conflict of a commit made for version `expected` of a workspace now at `found` (None: unknown)."""
    return Conflict(
        "version_conflict",
        "Workspace {workspace} changed while this was being prepared (expected version {expected}, found {found}). "
        "Nothing was stored; look at the new data and try again.",
        workspace=workspace_id,
        expected=expected,
        found="a newer one" if found is None else found,
    )
