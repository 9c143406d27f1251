"""A table of text on disk: its heading as JSON, its rows as an Arrow file that is mapped and never read whole."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

import pyarrow as pa

from data.apart.crossing import plain, shaped
from data.apart.kept import open_mapped, open_text, write_text
from data.readers import RawTable
from data.readers.raw import _SAMPLE as SAMPLE

_ROWS = ("frame", "row_numbers")


@dataclass
class RawFile(RawTable):
    """A table of text whose rows are in a file, mapped and not read.

    Attributes:
        path: The Arrow file.
        numbers: The file of row numbers beside it, "" when rows follow one another.
        mapped: The mapping, to give its pages back.
        holds: What keeps the file there.
    """

    path: Path = Path()
    numbers: str = ""
    mapped: Any = field(default=None, repr=False, compare=False)
    holds: Any = field(default=None, repr=False, compare=False)

    def sample(self, header: str) -> list[str]:
        """What `RawTable.sample` gives, cell by cell: nothing else of the file is brought into memory."""
        if header not in self._samples:
            column = self.frame.column(header)
            step = max(1, len(column) // SAMPLE)
            spread = range(SAMPLE // 2, len(column), step)
            texts = column.slice(0, SAMPLE // 2).to_pylist() + [column[place].as_py() for place in spread]
            self._samples[header] = [text for text in texts if text is not None and text.strip()][:SAMPLE]
        return self._samples[header]


def raw_in(given: dict[str, Any], folder: Path, holds: Any = None) -> RawFile:
    """A table of text from its heading and its file.

    Raises:
        ValueError, TypeError, KeyError, OSError, pa.ArrowException: it is none.
    """
    hints = get_type_hints(RawTable)
    known = {name: shaped(hints[name], given[name]) for name in _heading_names()}
    path = folder / Path(given["path"]).name
    numbers = Path(given["row_numbers"]).name
    lines = open_text(folder / numbers).column(0).combine_chunks() if numbers else None
    frame, mapped = open_mapped(path)
    return RawFile(frame=frame, row_numbers=lines, path=path, numbers=numbers, mapped=mapped, holds=holds, **known)


def _heading_names() -> list[str]:
    return [one.name for one in fields(RawTable) if one.name not in _ROWS]


def heading(raw: RawTable) -> dict[str, Any]:
    """What is known of a table of text without its rows, with samples of all its columns."""
    for header in raw.headers:
        raw.sample(header)
    known = {name: plain(getattr(raw, name)) for name in _heading_names()}
    return known | ({"path": raw.path.name, "row_numbers": raw.numbers} if isinstance(raw, RawFile) else {})


def raw_out(raw: RawTable, folder: Path, number: int) -> dict[str, Any]:
    """Leave a table of text in a folder; gives its heading."""
    said = heading(raw)
    if not isinstance(raw, RawFile):
        said["path"] = f"text-{number}.arrow"
        write_text(raw.frame, folder / said["path"])
    said["row_numbers"] = ""
    if raw.row_numbers is not None:
        said["row_numbers"] = f"lines-{number}.arrow"
        write_text(pa.table({"line": raw.row_numbers}), folder / said["row_numbers"])
    return said
