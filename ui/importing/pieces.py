"""Uploaded files as pieces: one table of text each, read with what somebody chose instead of what was found."""

import hashlib
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import workspace
from data.importing import Upload
from data.mapping import Mapping
from data.problems import DataProblem
from data.readers import Assumed, RawTable

Progress = Callable[[str, str, float], None]
MOST_FILES = 20
MEGABYTE = 1024 * 1024
TYPES = ["csv", "tsv", "txt", "xlsx", "xlsm", "xlsb", "xls", "ods", "parquet", "jsonl", "ndjson", "json", "zip", "gz"]
READ_AGAIN = (
    *("encoding", "delimiter", "header_row", "header_rows", "units", "table", "quote", "keep_totals", "starts"),
)


class Sent(Protocol):
    """What is needed of an uploaded file; its name is whatever somebody called it."""

    file_id: str
    name: str
    size: int

    def getvalue(self) -> bytes:
        """The bytes."""


@dataclass(frozen=True)
class Edits:
    """What somebody chose for one piece instead of what was found.

    Attributes:
        assumed: Ways of reading by field of `Assumed`.
        tables: Canonical tables it feeds; None = as suggested, () = it stays out.
        targets: Header → "table.column", or "" for none.
        shared: "table.column" → a header that feeds it beside whatever else it feeds.
        constants: "table.column" → the value of every row.
        last_day: Whether ends are the last day *with* a subscription; None = as suggested.
        answers: "table|question" → the answer somebody gave.
        privacy: Header → "drop" (kept nowhere) or "pseudonym" (a keyed hash stands for each value).
        given: A mapping file as text, used instead of the suggestion; "" for none.
    """

    assumed: tuple[tuple[str, Any], ...] = ()
    tables: tuple[str, ...] | None = None
    targets: tuple[tuple[str, str], ...] = ()
    shared: tuple[tuple[str, str], ...] = ()
    constants: tuple[tuple[str, str], ...] = ()
    last_day: bool | None = None
    answers: tuple[tuple[str, str], ...] = ()
    privacy: tuple[tuple[str, str], ...] = ()
    given: str = ""

    def with_pair(self, part: str, name: str, value: Any) -> "Edits":
        """These edits with one pair of a part that holds pairs set."""
        changed: dict[str, Any] = {part: tuple({**dict(getattr(self, part)), name: value}.items())}
        return replace(self, **changed)


@dataclass(frozen=True)
class Piece:
    """One table of text of an uploaded file: the whole file, or one sheet or archived file of it."""

    id: str
    file: str
    upload: Upload
    problem: DataProblem | None = field(default=None, compare=False)

    @property
    def raw(self) -> RawTable:
        """The table of text."""
        return self.upload.tables[0]

    @property
    def suggestion(self) -> Mapping:
        """What it seems to feed."""
        return self.upload.suggestions[0]


@dataclass(frozen=True)
class Refused:
    """A file that cannot be read, and why."""

    file: str
    problem: DataProblem


def read(
    files: Sequence[Sent],
    edits: MutableMapping[str, Edits],
    kept: MutableMapping[Any, Any],
    limit_mb: int,
    progress: Progress | None = None,
) -> tuple[list[Piece], list[Refused]]:
    """All pieces of the uploaded files, and the files that cannot be read.

    Args:
        files: The upload.
        edits: What was chosen, by piece.
        kept: Where readings are kept between runs of one session; those of files no longer there are dropped.
        limit_mb: The largest size of a file: the browser's own limit does not bind a client that is none.
        progress: Hears which file is worked on, in which phase, and the share of the whole upload that is done.
    """
    present = {sent.file_id for sent in files}
    for key in [key for key in kept if key[0] not in present]:
        del kept[key]
    pieces: list[Piece] = []
    refused: list[Refused] = []
    for number, sent in enumerate(files):
        try:
            if number >= MOST_FILES:
                raise DataProblem("too_many_files", "Up to {limit} files at a time.", limit=MOST_FILES)
            if sent.size > limit_mb * MEGABYTE:
                raise DataProblem(
                    "upload_too_large", "{name} is larger than {limit} MB.", name=sent.name, limit=limit_mb
                )
            say = _part(progress, sent.name, number, len(files))
            first = _first(sent, kept, say)
            pieces += [_again(sent, piece, edits.get(piece.id, Edits()), kept, say) for piece in first]
        except DataProblem as problem:
            refused.append(Refused(sent.name, _light(problem)))
    return pieces, refused


def _light(problem: DataProblem) -> DataProblem:
    """The problem without its traceback, whose frames would hold the bytes of the file as long as it is shown."""
    problem.__context__ = problem.__cause__ = None
    return problem.with_traceback(None)


def _part(progress: Progress | None, name: str, place: int, of: int) -> Callable[[str, float], None] | None:
    """The progress of one file as that of all."""
    return None if progress is None else lambda phase, share: progress(name, phase, (place + share) / of)


def _first(sent: Sent, kept: MutableMapping[Any, Any], say: Callable[[str, float], None] | None) -> list[Piece]:
    """The file as it reads by itself."""
    key = (sent.file_id, "found")
    if key not in kept:
        try:
            upload = workspace.look(sent.getvalue(), sent.name, progress=say)
            kept[key] = [_piece(sent, upload, number) for number in range(len(upload.tables))]
        except DataProblem as problem:
            kept[key] = _light(problem)
    found = kept[key]
    if isinstance(found, DataProblem):
        raise found
    return list(found)


def _piece(sent: Sent, upload: Upload, number: int) -> Piece:
    raw = upload.tables[number]
    several = len(upload.tables) > 1
    digest = hashlib.sha256(f"{upload.sha256}/{raw.name}".encode()).hexdigest() if several else upload.sha256
    one = replace(upload, sha256=digest, tables=(raw,), suggestions=(upload.suggestions[number],))
    return Piece(f"{sent.file_id[:8]}{sent.file_id[-4:]}-{number}", raw.name if several else sent.name, one)


def _again(
    sent: Sent,
    piece: Piece,
    edits: Edits,
    kept: MutableMapping[Any, Any],
    say: Callable[[str, float], None] | None,
) -> Piece:
    """The piece read with what was chosen; with a problem, as it was, when it cannot be read so."""
    chosen = {name: value for name, value in edits.assumed if name in READ_AGAIN}
    if not chosen:
        return piece
    key = (sent.file_id, piece.id, tuple(sorted(chosen.items())))
    if key not in kept:
        try:
            within = {"sheet": piece.raw.assumed.sheet, "table": piece.raw.assumed.table}
            assumed = Assumed(**within | chosen)
            upload = workspace.look(sent.getvalue(), sent.name, assumed=assumed, progress=say)
            names = [raw.name for raw in upload.tables]
            number = names.index(piece.raw.name) if piece.raw.name in names else 0
            one = replace(piece.upload, tables=(upload.tables[number],), suggestions=(upload.suggestions[number],))
            kept[key] = replace(piece, upload=one)
        except DataProblem as problem:
            kept[key] = replace(piece, problem=_light(problem))
    return kept[key]
