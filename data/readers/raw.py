"""What a reader hands over: tables of text and what was assumed to get them."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

import pyarrow as pa

from data.problems import DataProblem, Problem, did_you_mean

MAX_BYTES = 8 * 1024**3
MAX_CELLS = 600_000_000
MAX_COLUMNS = 5_000
_SAMPLE = 400
_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("encoding", "delimiter", "decimal", "thousands", "date_order", "sheet", "quote"), (str,)),
    **dict.fromkeys(("header_row", "header_rows", "table"), (int,)),
    **dict.fromkeys(("units", "keep_totals"), (bool,)),
    "starts": (tuple,),
}


@dataclass(frozen=True)
class Assumed:
    """How a file was read. A field that is None was not needed, or is for the reader to find.

    `decimal` and `thousands` are the characters of numbers, `date_order` is `dmy`, `mdy` or `ymd`,
    `header_row` the first line of the header (1 is the first; 0 means there is none), `sheet` a sheet's
    name or the file within an archive. `header_rows` is how many lines the header has, `units` whether
    the line under it holds units, `table` which of several tables in one sheet or file (0: take all
    lines as one table), `quote` the character around texts, `keep_totals` whether lines of totals and
    notices are rows, `starts` where the columns of a fixed-width file start (0 is the first character).
    """

    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    date_order: str | None = None
    header_row: int | None = None
    sheet: str | None = None
    header_rows: int | None = None
    units: bool | None = None
    table: int | None = None
    quote: str | None = None
    keep_totals: bool | None = None
    starts: tuple[int, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """The form printed by `import --json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> "Assumed":
        """Read what somebody asks for; unknown names are refused."""
        known = [f.name for f in fields(cls)]
        for name in given:
            if name not in known:
                raise DataProblem(
                    "unknown_assumption",
                    "{name!r} is not something a file is read with.{hint} Known: {known}.",
                    name=name,
                    hint=did_you_mean(name, known),
                    known=", ".join(known),
                )
        asked = dict(given)
        if isinstance(asked.get("starts"), list):
            asked["starts"] = tuple(asked["starts"])
        wanted = cls(**asked)
        wanted.check()
        return wanted

    def check(self) -> None:
        """Refuse what no file can be read with.

        Raises:
            DataProblem: a value is of the wrong kind.
        """
        for name, kinds in _KINDS.items():
            value = getattr(self, name)
            plain = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
            if value is not None and not plain:
                raise DataProblem(
                    "bad_assumption", "A file cannot be read with {name} = {value!r}.", name=name, value=value
                )


@dataclass
class RawTable:
    """One table as text.

    Attributes:
        name: File name, with the sheet or the file within an archive where there is one.
        frame: Text columns named by their headers; a blank cell is null or ''.
        header_row: Line of the header, 0 when the file has none.
        first_row_number: Line of the first data row, as a person counts.
        preview_lines: The first lines of the file as they are.
        tail_lines: The last lines with their numbers, as they are.
        left_out: Lines that are no rows, as (line, text, reason); a reason is `title`, `units`, `total`,
            `footer` or `header`. At most 200 are kept; the notes count all.
        assumed: What was assumed to read it.
        notes: What was noticed on the way: footers left out, broken lines.
        row_numbers: Line of each row where they do not follow one another, else None.
        broken: Lines that do not fit the header, as (line, text, reason); a reason is `too_many_cells`,
            `too_few_cells` or `odd_quotes`.
    """

    name: str
    frame: pa.Table
    header_row: int
    first_row_number: int
    preview_lines: tuple[str, ...]
    assumed: Assumed
    notes: list[Problem] = field(default_factory=list)
    row_numbers: pa.Array | None = None
    broken: list[tuple[int, str, str]] = field(default_factory=list)
    tail_lines: tuple[tuple[int, str], ...] = ()
    left_out: list[tuple[int, str, str]] = field(default_factory=list)
    _samples: dict[str, list[str]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def headers(self) -> list[str]:
        """Header names in the order of the file."""
        return list(self.frame.column_names)

    def sample(self, header: str) -> list[str]:
        """Up to 400 non-blank values of a column, from its start and spread over the rest."""
        if header not in self._samples:
            column = self.frame.column(header)
            step = max(1, len(column) // _SAMPLE)
            spread = pa.array(range(_SAMPLE // 2, len(column), step), pa.int64())
            texts = column.slice(0, _SAMPLE // 2).to_pylist() + column.take(spread).to_pylist()
            self._samples[header] = [text for text in texts if text is not None and text.strip()][:_SAMPLE]
        return self._samples[header]
