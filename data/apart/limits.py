"""How much a file may ask for; each limit can be set by an environment variable."""

import os
from dataclasses import dataclass, fields

MEGABYTE = 1 << 20
_OF_MEMORY = (
    "memory allocation", "bad_alloc", "cannot allocate memory", "out of memory", "outofmemory", "memoryerror",
    "failed to launch worker thread", "can't start new thread", "resource temporarily unavailable",  # no room for one
)  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """What the reading of one file may take.

    Attributes:
        seconds: Time on the clock for one step (reading, or checking), and of each processor.
        memory_mb: Memory of the child beside the file itself.
        rows: Rows of a table.
        columns: Columns of a table.
        cells: Rows × columns of a table.
        unpacked_mb: What an archive, a compressed file or a spreadsheet may hold.
        line_mb: Length of a line of text.
        written_mb: Size of a file that the child leaves behind.
    """

    seconds: int = 600
    memory_mb: int = 4096
    rows: int = 50_000_000
    columns: int = 2_000
    cells: int = 250_000_000
    unpacked_mb: int = 4096
    line_mb: int = 16
    written_mb: int = 16_384

    @classmethod
    def from_environment(cls) -> "Limits":
        """The defaults, or what `FAROL_IMPORT_SECONDS`, `FAROL_IMPORT_MEMORY_MB` and so on say.

        A value that is not a whole number above 0 does not count.
        """
        given = {field.name: os.environ.get(f"FAROL_IMPORT_{field.name.upper()}", "").strip() for field in fields(cls)}
        return cls(**{name: int(text) for name, text in given.items() if text.isdecimal() and int(text) > 0})


def tells_of_memory(complaint: str) -> bool:
    """Whether what a library said last means that memory ran out; which of them notices first is chance."""
    said = complaint.lower()
    return any(words in said for words in _OF_MEMORY)
