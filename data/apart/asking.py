"""The side of the app: ask a child to look at a file or to check its rows, and take what it left."""

import json
import logging
import os
import re
import signal
import time
from collections.abc import Callable
from collections.abc import Mapping as Pairs
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.apart import launching
from data.apart.crossing import plain, problem_in, shaped
from data.apart.kept import Folder, Kept, open_text, write_text
from data.apart.launching import warm
from data.apart.limits import MEGABYTE, Limits, tells_of_memory
from data.apart.texts import RawFile, heading, raw_in
from data.checks import Checked, Known
from data.importing import Prepared, Upload
from data.mapping import Mapping
from data.problems import DataProblem
from data.readers import Assumed

__all__ = ["check", "is_apart", "look", "warm"]

Progress = Callable[[str, float], None]
RESULT = "result.json"
ORIGINAL = "original"
_LARGEST_RESULT = 256 * MEGABYTE
_LOG = logging.getLogger(__name__)


def look(
    source: Path | bytes,
    name: str,
    assumed: Assumed | None,
    tables: list[str] | None,
    place: Path,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Upload:
    """Read a file and suggest what it feeds, in a child.

    Args:
        source: Path, or the bytes of an upload; these are written under a name of ours.
        name: Name shown to people; no path is ever made of it.
        assumed: What to use instead of what would be found.
        tables: Canonical tables it must feed; found by best fit when left out.
        place: A path that is not there yet, for the folder of what is found; it goes with the `Upload`.
        limits: What the reading may take; None = what the environment says.
        progress: Hears of each phase and the share done.

    Raises:
        DataProblem: the file cannot be read, or takes more than it may.
    """
    folder = _folder(place)
    held = _fresh(folder)
    step = held.path
    path = step / "upload" if isinstance(source, bytes) else Path(source)
    if isinstance(source, bytes):
        _write(path, source)
    try:
        size = path.stat().st_size if path.is_file() else 0
        request = {
            "step": "look",
            "source": str(path.absolute()),
            "name": name,
            "assumed": plain(assumed),
            "tables": tables,
            "bytes": size,
            "keep": "" if isinstance(source, bytes) else ORIGINAL + ending(name),
        }
        found = _asked(request, step, name, limits, progress)
    finally:
        if isinstance(source, bytes):
            path.unlink(missing_ok=True)
    with _Taking(name):
        raws = tuple(raw_in(one, step, (folder, held)) for one in found["tables"])
        suggestions = tuple(shaped(Mapping, one) for one in found["suggestions"])
        if len(raws) != len(suggestions) or not raws:
            raise ValueError("a suggestion for each table")
        kept = None if isinstance(source, bytes) else step / str(request["keep"])
        return Upload(name, str(found["sha256"]), int(found["size"]), raws, suggestions, kept)


def check(
    upload: Upload,
    mapping: Mapping | Pairs[str, Any] | None = None,
    *,
    assumed: Assumed | None = None,
    tables: list[str] | None = None,
    constants: Pairs[str, Any] | None = None,
    known: Known | None = None,
    zone: str = "America/Sao_Paulo",
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> list[Prepared]:
    """Apply a mapping and check every row, in a child. What `data.importing.prepare` takes, for an upload of `look`.

    Raises:
        DataProblem: nothing can be fed, or it takes more than it may.
    """
    folder = _home_of(upload)
    held = _fresh(folder)
    step = held.path
    request = {
        "step": "check",
        "name": upload.name,
        "sha256": upload.sha256,
        "size": upload.size,
        "raw": [heading(raw) | {"folder": str(raw.path.parent)} for raw in upload.tables if isinstance(raw, RawFile)],
        "suggestions": [plain(one) for one in upload.suggestions],
        "mapping": mapping.to_json() if isinstance(mapping, Mapping) else plain(mapping),
        "assumed": plain(assumed),
        "tables": tables,
        "constants": plain(constants or {}),
        "known": _left(known or Known(), step),
        "zone": zone,
        "bytes": sum(raw.path.stat().st_size for raw in upload.tables if isinstance(raw, RawFile)),
    }
    found = _asked(request, step, upload.name, limits, progress)
    with _Taking(upload.name):
        return [_prepared(one, step, (folder, held)) for one in found["prepared"]]


def ending(name: str) -> str:
    """The ending of a name that people gave, "" where it is none of the usual; no path is made of more of it."""
    found = Path(name).suffix.lower()
    return found if re.fullmatch(r"[.][a-z0-9]{1,8}", found) else ""


def is_apart(upload: Upload) -> bool:
    """Whether an upload was read in a child, so that it is checked in one."""
    return any(isinstance(raw, RawFile) for raw in upload.tables)


def _folder(place: Path) -> Folder:
    try:
        return Folder(place)
    except OSError as error:
        raise _no_room(place, error.strerror or str(error)) from error


def _fresh(folder: Folder) -> Folder:
    try:
        return folder.fresh()
    except OSError as error:
        raise _no_room(folder.path, error.strerror or str(error)) from error


def _write(path: Path, content: bytes) -> None:
    try:
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(content)
    except OSError as error:
        raise _no_room(path, error.strerror or str(error)) from error


def _no_room(path: Path, why: str) -> DataProblem:
    return DataProblem(
        "storage_failed",
        "Nothing was stored: {why}. Check free space and rights of {home}.",
        why=why,
        home=str(path.parent),
    )


def _home_of(upload: Upload) -> Folder:
    """The folder of an upload that `look` returned."""
    for raw in upload.tables:
        if isinstance(raw, RawFile) and isinstance(raw.holds, tuple):
            return raw.holds[0]
    raise TypeError("check takes what look returned")


def _left(known: Known, step: Path) -> dict[str, Any]:
    """What the workspace knows, left for the child to find."""
    accounts = None if known.accounts is None else pa.table({"account_id": known.accounts})
    key = known.pseudonym_key
    left: dict[str, Any] = {"currencies": known.currencies, "pseudonym_key": key and key.hex()}
    for name, rows in (("accounts", accounts), ("subscriptions", known.subscriptions)):
        left[name] = ""
        if rows is not None:
            left[name] = str(step / f"known-{name}.arrow")
            write_text(rows, Path(left[name]))
    return left


def _prepared(given: dict[str, Any], step: Path, holds: Any) -> Prepared:
    accepted = Kept(step / Path(given["accepted"]).name, tuple(str(name) for name in given["mapped"]), holds)
    rejected = open_text(step / Path(given["rejected"]).name)
    if accepted.num_rows < 0:
        raise ValueError("rows")
    kinds = {**given["checked"], "accepted": None, "rejected": None}
    checked = replace(shaped(Checked, kinds), accepted=accepted, rejected=rejected)
    mapping = shaped(Mapping, given["mapping"])
    unmapped = tuple(str(header) for header in given["unmapped"])
    return Prepared(str(given["file"]), str(given["table"]), accepted, rejected, checked, mapping, unmapped)


class _Taking:
    """What a child left that is not what it should be is no result."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, ValueError | TypeError | KeyError | IndexError | OSError | pa.ArrowException):
            raise crashed(self._name) from error


def _asked(
    request: dict[str, Any], step: Path, name: str, limits: Limits | None, progress: Progress | None
) -> dict[str, Any]:
    """Have a child do a step; gives the result it left."""
    allowed = limits or Limits.from_environment()
    message = {**request, "limits": plain(allowed), "folder": str(step.absolute())}
    complaints = step / "complaints.txt"
    try:
        child = launching.start(json.dumps(message).encode() + b"\n", complaints)
    except OSError as error:
        raise crashed(name) from error
    told: dict[str, Any] | None = None
    begun = time.monotonic()
    try:
        told = _last_word(child, allowed.seconds, progress)
    except TimeoutError:
        raise too_slow(name, allowed) from None
    finally:
        child.end()
        status = child.status()
        complaint = _tail(complaints)
    if told is None:
        raise _death(name, status, complaint, allowed)
    with _Taking(name):
        if "problem" in told:
            raise problem_in(told["problem"])
        if "memory" in told:
            raise too_much_memory(name, allowed)
        if "disk" in told:
            raise _no_room(step, str(told["disk"])[:200])
        spent = (time.monotonic() - begun, float(told.get("cpu") or 0), int(told.get("peak_mb") or 0))
        _LOG.info("%s: %.1f s, %.1f s of processors, %d MB", request["step"], *spent)
        path = step / RESULT
        if path.stat().st_size > _LARGEST_RESULT:
            raise ValueError("the result is too long")
        found = json.loads(path.read_text(encoding="utf-8"))
        for left in (RESULT, "known-accounts.arrow", "known-subscriptions.arrow"):
            (step / left).unlink(missing_ok=True)
        if not isinstance(found, dict):
            raise TypeError("no result")
        return found


def _last_word(child: launching.Child, seconds: float, progress: Progress | None) -> dict[str, Any] | None:
    """What the child said last; None when it ended without a word.

    Raises:
        TimeoutError: it took too long.
    """
    until = time.monotonic() + seconds
    while (line := child.line(until - time.monotonic())) is not None:
        try:
            told = json.loads(line)
        except ValueError:
            return None
        if not isinstance(told, dict):
            return None
        if "phase" not in told:
            return told
        if progress is not None:
            progress(str(told["phase"])[:20], min(1.0, max(0.0, float(told.get("share") or 0.0))))
    return None


def _tail(complaints: Path) -> bytes:
    """The end of what a child complained of."""
    try:
        with complaints.open("rb") as file:
            file.seek(max(0, complaints.stat().st_size - 4096))
            found = file.read()
        complaints.unlink()
    except OSError:
        return b""
    return found


def _death(name: str, status: int | None, complaint: bytes, limits: Limits) -> DataProblem:
    """Why a child ended without a word."""
    if status is not None and status < 0:
        if status == -getattr(signal, "SIGXCPU", 0):
            return too_slow(name, limits)
        if status == -getattr(signal, "SIGXFSZ", 0):
            return too_much_memory(name, limits)
    said = complaint.decode("utf-8", errors="replace")
    if tells_of_memory(said):
        return too_much_memory(name, limits)
    _LOG.warning("A file could not be read: its process ended with %s. %s", status, said[-500:])
    return crashed(name)


def too_slow(name: str, limits: Limits) -> DataProblem:
    """It takes longer than it may."""
    return DataProblem(
        "reading_too_slow",
        "{name} took longer than {seconds} seconds and was given up. Split the file, or allow more time "
        "(FAROL_IMPORT_SECONDS).",
        name=name,
        seconds=limits.seconds,
    )


def too_much_memory(name: str, limits: Limits) -> DataProblem:
    """It takes more memory than it may."""
    return DataProblem(
        "reading_too_big",
        "{name} needs more than {limit} MB of memory to be read and was given up. Split the file, save it as CSV or "
        "Parquet, or allow more memory (FAROL_IMPORT_MEMORY_MB).",
        name=name,
        limit=limits.memory_mb,
    )


def crashed(name: str) -> DataProblem:
    """It ended the process that read it."""
    return DataProblem(
        "reading_crashed",
        "{name} could not be read: the program that reads files gave up on it. It may be damaged. Open it where it "
        "came from, save it again (as CSV, if you can) and try once more.",
        name=name,
    )
