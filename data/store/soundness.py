"""Whether the files that a version names are there and whole.

`check` is for every read: it looks at each file's existence and ends (a Parquet file starts and ends with its
mark, and says how long its table of contents is), once for each state of a file. `damaged` reads every byte and
compares it with the file's name, which is its hash.
"""

import logging
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from data.problems import DataProblem
from data.store import durable

_MARK = b"PAR1"
_LOG = logging.getLogger(__name__)


class Unsound(DataProblem):
    """A snapshot file is gone or damaged. What is stored elsewhere is not touched by it."""


def check(table: str, paths: Iterable[Path]) -> None:
    """Refuse to read files that are gone, cut short or not Parquet at all.

    Raises:
        Unsound: one is; the log says which, people are told the table.
    """
    for path in paths:
        try:
            status = path.stat()
            sound = _has_both_ends(path, status.st_size, status.st_mtime_ns)
        except OSError:
            sound = False
        if not sound:
            _LOG.error("The snapshot file %s is gone or damaged.", path)
            raise Unsound(
                "snapshot_missing",
                "A stored file of {table} is gone or damaged. Under Stored data, undo the import, bring its file in "
                "again, or put the file back from a backup.",
                table=table,
            )


def damaged(paths: Iterable[Path]) -> list[Path]:
    """The files that are gone, or whose bytes are not those their name stands for."""
    return [path for path in paths if not path.is_file() or durable.digest(path) != path.name.partition(".")[0]]


@lru_cache(20_000)
def _has_both_ends(path: Path, size: int, changed: int) -> bool:
    if size < 12:
        return False
    with path.open("rb") as file:
        first = file.read(4)
        file.seek(-8, 2)
        length, last = int.from_bytes(file.read(4), "little"), file.read(4)
    return first == last == _MARK and 0 < length <= size - 12
