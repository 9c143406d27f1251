"""Where an account's id stands in rows, texts and files.

Account columns are compared exactly: they say whose row it is. Elsewhere an id is searched as a whole word, and
only where it is distinctive (`is_distinctive`): "42" in a comment may be anything.
"""

import gzip
import io
import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data.store import snapshots
from data.store.layout import canonical_table

ERASED = "[erased]"
OWNERS = ("account_id", "referrer_account_id", "referred_account_id")
POINTERS = ("parent_account_id",)
MAX_INSIDE = 256 << 20  # bytes of an archive's member that are looked through; larger ones count as holding it


def is_distinctive(id: str) -> bool:
    """Whether the id, met as a word in a text, can only be meant as this account: 4 letters and digits, or 8 signs."""
    mixed = any(c.isalpha() for c in id) and any(c.isdigit() for c in id)
    return len(id) >= 8 or (len(id) >= 4 and mixed)


class Target(NamedTuple):
    """The ids that stand for one account (its own, and its pseudonym), and what replaces a mention in a key."""

    ids: tuple[str, ...]
    substitute: str

    @property
    def distinctive(self) -> tuple[str, ...]:
        """The ids that are looked for in texts."""
        return tuple(id for id in self.ids if is_distinctive(id))

    @property
    def words(self) -> re.Pattern[str] | None:
        """Finds a distinctive id as a whole word; None where none is distinctive."""
        found = "|".join(re.escape(id) for id in self.distinctive)
        return re.compile(rf"(?<![^\W_])(?:{found})(?![^\W_])") if found else None

    def stands_in(self, text: str) -> bool:
        """Whether a text is one of the ids, or has a distinctive one as a word."""
        return text.strip() in self.ids or bool(self.words and self.words.search(text))

    def scrubbed(self, value: Any, *, exact: bool = False) -> Any:
        """A JSON value or text without mentions; with `exact`, texts that are just the id go though not distinctive."""
        if isinstance(value, dict):
            return {self.scrubbed(k, exact=exact): self.scrubbed(v, exact=exact) for k, v in value.items()}
        if isinstance(value, list):
            return [self.scrubbed(one, exact=exact) for one in value]
        if isinstance(value, str):
            if exact and value.strip() in self.ids:
                return ERASED
            return self.words.sub(ERASED, value) if self.words else value
        if exact and isinstance(value, int | float) and not isinstance(value, bool) and str(value) in self.ids:
            return ERASED
        return value


def without_account(table: str, rows: pa.Table, target: Target) -> tuple[pa.Table, int, int]:
    """The rows that are not the account's, without mentions of it; how many rows went, how many cells changed."""
    wanted = pa.array(target.ids)
    owners = [name for name in OWNERS if name in rows.column_names]
    mine = pa.chunked_array([pa.array([False] * rows.num_rows)]) if rows.num_rows else None
    for name in owners if mine is not None else ():
        mine = pc.or_(mine, pc.fill_null(pc.is_in(rows[name], wanted), False))
    kept = rows.filter(pc.invert(mine)) if mine is not None else rows
    changed = 0
    key = (*canonical_table(table).key, *canonical_table(table).required)
    for place, field in enumerate(kept.schema):
        if not pa.types.is_string(field.type) or field.name in owners or not kept.num_rows:
            continue
        if field.name in POINTERS:
            hit = pc.fill_null(pc.is_in(kept[field.name], wanted), False)
            column = pc.if_else(hit, pa.scalar(None, pa.string()), kept[field.name])
        elif target.words is None:
            continue
        else:
            with_word = [pc.match_substring(kept[field.name], id) for id in target.distinctive]
            hit = with_word[0]
            for other in with_word[1:]:
                hit = pc.or_(hit, other)
            hit = pc.fill_null(hit, False)
            if not pc.any(hit).as_py():
                continue
            instead = target.substitute if field.name in key else ERASED
            texts = [target.words.sub(instead, text) if text else text for text in kept[field.name].to_pylist()]
            column = pa.chunked_array([pa.array(texts, pa.string())])
            hit = pc.not_equal(pc.fill_null(column, ""), pc.fill_null(kept[field.name], ""))
        changed += pc.sum(hit).as_py() or 0
        kept = kept.set_column(place, field, column)
    return kept, rows.num_rows - kept.num_rows, changed


def rewritten(folder: Path, table: str, name: str, target: Target) -> tuple[snapshots.Stored, int, int] | None:
    """A snapshot file stored again without the account; None where it does not hold it. Rows stream through."""
    gone = changed = 0
    for piece in snapshots.pieces(folder / name):
        _, rows, cells = without_account(table, piece, target)
        gone, changed = gone + rows, changed + cells
    if not gone and not changed:
        return None
    schema = snapshots.schema_of(folder / name)
    clean = (without_account(table, piece, target)[0] for piece in snapshots.pieces(folder / name))
    stored = snapshots.store_pieces(folder, table, clean, schema)
    numbers = snapshots.row_ids(folder / stored)
    return snapshots.Stored(stored, snapshots.row_count(folder / stored), numbers[1] if numbers else 0), gone, changed


def in_bytes(data: bytes, ids: Sequence[str]) -> bool:
    """Whether bytes hold one of the ids in an encoding that files come in."""
    for id in ids:
        for text in {id, escape(id), escape(id, {'"': "&quot;", "'": "&apos;"}), json.dumps(id)[1:-1]}:
            for encoding in ("utf-8", "utf-16-le", "utf-16-be", "cp1252"):
                try:
                    if text.encode(encoding) in data:
                        return True
                except UnicodeEncodeError:
                    continue
    return False


def in_file(path: Path, ids: Sequence[str]) -> bool:
    """Whether a file holds one of the ids, packed or not, even inside a longer word.

    What cannot be looked through counts as holding it.
    """
    try:
        return _in_packed(path.read_bytes(), ids, 0)
    except (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, pa.ArrowException):
        return True


def _in_packed(data: bytes, ids: Sequence[str], depth: int) -> bool:
    if in_bytes(data, ids):
        return True
    if depth > 2:
        return True
    if data[:2] == b"\x1f\x8b":
        with gzip.open(io.BytesIO(data)) as stream:
            return _in_packed(_limited(stream), ids, depth + 1)
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(_in_packed(_limited(archive.open(info)), ids, depth + 1) for info in archive.infolist())
    if data[:4] == b"PAR1":
        table = pq.read_table(io.BytesIO(data))
        texts = [column.cast(pa.string()) for column in table.columns if not pa.types.is_nested(column.type)]
        return any(pc.any(pc.match_substring(text, id)).as_py() for text in texts for id in ids)
    return False


def _limited(stream: Any) -> bytes:
    data = stream.read(MAX_INSIDE + 1)
    if len(data) > MAX_INSIDE:
        raise ValueError("too large to look through")
    return data
