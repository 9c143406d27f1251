"""Where things are in a home."""

from pathlib import Path


def snapshots(home: Path, workspace_id: str, table: str) -> Path:
    """The snapshot files of a table."""
    return home / "snapshots" / workspace_id / table


def rejected(home: Path, workspace_id: str) -> Path:
    """The rejected rows of a workspace's imports."""
    return home / "rejected" / workspace_id


def originals(home: Path, workspace_id: str) -> Path:
    """The files that a workspace's imports came from, as they came."""
    return home / "originals" / workspace_id


def panels(home: Path, workspace_id: str) -> Path:
    """Panels built from a workspace's facts, kept to be found again; may be removed at any time."""
    return home / "cache" / "panels" / workspace_id


def staging(home: Path) -> Path:
    """Files on their way in."""
    return home / "staging"
