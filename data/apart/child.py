"""What runs in the child: one step for one file, its results left as JSON and Arrow files in a folder."""

import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

from data import importing
from data.apart import fence, screening, sliced, streamed
from data.apart.crossing import plain, problem_out, shaped
from data.apart.kept import Kept, open_mapped, open_text, write_text
from data.apart.limits import Limits, tells_of_memory
from data.apart.texts import RawFile, raw_in, raw_out
from data.apart.writing import write_accepted
from data.checks import Checked, Known
from data.mapping import Mapping, suggest
from data.mapping.mapping import known_table
from data.problems import DataProblem
from data.readers import Assumed, RawTable, read

RESULT = "result.json"
Say = Callable[[str, float], None]


def main() -> None:
    """Serve one step on standard input and output."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no message
    serve(sys.stdin.buffer, out, os.getppid())


def serve(reader: BinaryIO, writer: BinaryIO, parent: int) -> None:
    """Do the one step that is asked for, say how far it is, and how it ended."""

    def tell(message: dict[str, Any]) -> None:
        writer.write(json.dumps(message).encode() + b"\n")
        writer.flush()

    def say(phase: str, share: float) -> None:
        tell({"phase": phase, "share": share})

    fence.die_with_parent()
    asked = json.loads(reader.readline())
    if os.getppid() != parent:  # it ended before we asked to end with it
        return
    limits, folder = shaped(Limits, asked["limits"]), Path(asked["folder"])
    threading.Thread(target=_end_with, args=(reader,), daemon=True).start()
    fence.close_in(limits, int(asked["bytes"]))
    try:
        result = {"look": _look, "check": _check}[asked["step"]](asked, folder, limits, say)
        (folder / RESULT).write_text(json.dumps(result), encoding="utf-8")
        tell({"done": True, "peak_mb": _peak(), "cpu": time.process_time()})
    except DataProblem as problem:
        tell({"memory": True} if _of_memory(problem) else {"problem": problem_out(problem)})
    except MemoryError:  # pa.ArrowMemoryError is one
        tell({"memory": True})
    except OSError as error:
        tell({"disk": error.strerror or type(error).__name__})


def _of_memory(problem: BaseException) -> bool:
    """Whether a refusal came of memory running out: the file may be whole."""
    cause = problem.__cause__ or problem.__context__
    if cause is None:
        return False
    return isinstance(cause, MemoryError) or tells_of_memory(str(cause)) or _of_memory(cause)


def _peak() -> int:
    """The most memory that was in use, pages of mapped files included; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _end_with(reader: BinaryIO) -> None:
    """Nobody listens any more: end at once."""
    while reader.read(1):
        pass
    os._exit(1)


def _look(asked: dict[str, Any], folder: Path, limits: Limits, say: Say) -> dict[str, Any]:
    path, name = Path(asked["source"]), str(asked["name"])
    assumed = shaped(Assumed | None, asked["assumed"])
    say("opening", 0.0)
    screening.screen(path, name, limits)

    for table in asked["tables"] or []:
        known_table(table)
    with ThreadPoolExecutor(1) as beside:
        digest = beside.submit(_digest, path, folder / asked["keep"] if asked["keep"] else None)
        say("reading", 0.05)
        tables = _read(path, name, assumed, folder, limits, say)
        for raw in tables:
            screening.fits(raw.frame.num_rows, raw.frame.num_columns, limits)
        say("keeping", 0.9)
        suggestions = [suggest(raw, asked["tables"]) for raw in tables]
        left = [raw_out(raw, folder, number) for number, raw in enumerate(tables)]
        sha256 = digest.result()
    return {
        "name": name,
        "sha256": sha256,
        "size": path.stat().st_size,
        "tables": left,
        "suggestions": [plain(mapping) for mapping in suggestions],
    }


def _read(path: Path, name: str, assumed: Assumed | None, folder: Path, limits: Limits, say: Say) -> Sequence[RawTable]:
    to = folder / "text-0.arrow"
    at_once = streamed.read(path, name, assumed, to, limits, say)
    if at_once is None:
        return read(path, name, assumed)
    rows, mapped = open_mapped(to)
    return [RawFile(**{**vars(at_once), "frame": rows}, path=to, mapped=mapped)]


def _digest(path: Path, keep: Path | None) -> str:
    """The SHA-256 of a file; while at it, its bytes go into another one, so that a commit finds them on the disk."""
    found = hashlib.sha256()
    with path.open("rb") as file, open(keep or os.devnull, "wb") as copy:
        while chunk := file.read(1 << 20):
            found.update(chunk)
            if keep:
                copy.write(chunk)
        if keep:
            copy.flush()
            os.fsync(copy.fileno())
    return found.hexdigest()


def _check(asked: dict[str, Any], folder: Path, limits: Limits, say: Say) -> dict[str, Any]:
    say("checking", 0.0)
    tables = tuple(raw_in(one, Path(one["folder"])) for one in asked["raw"])
    upload = importing.Upload(
        asked["name"],
        asked["sha256"],
        asked["size"],
        tables,
        tuple(shaped(Mapping, one) for one in asked["suggestions"]),
    )
    made = 0

    def using(raw: RawTable, mapping: Mapping, **how: Any) -> list[Checked]:
        nonlocal made
        found = sliced.apply(raw, mapping, folder / f"rows-{made}.parquet", say=say, **how)
        made += len(found)
        return found

    prepared = importing.prepare(
        upload,
        asked["mapping"],
        assumed=shaped(Assumed | None, asked["assumed"]),
        tables=asked["tables"],
        constants=asked["constants"],
        known=_known(asked["known"]),
        zone=asked["zone"],
        using=using,
    )
    say("keeping", 0.9)
    return {"prepared": [_prepared_out(one, folder, number) for number, one in enumerate(prepared)]}


def _known(given: dict[str, Any]) -> Known:
    accounts, subscriptions = (given[name] and open_text(Path(given[name])) for name in ("accounts", "subscriptions"))
    return Known(
        accounts.column(0).combine_chunks() if accounts else None,
        subscriptions or None,
        None if given["currencies"] is None else tuple(given["currencies"]),
        bytes.fromhex(given["pseudonym_key"]) if given["pseudonym_key"] else None,
    )


def _prepared_out(one: importing.Prepared, folder: Path, number: int) -> dict[str, Any]:
    accepted, rejected = one.accepted, folder / f"rejected-{number}.arrow"
    if not isinstance(accepted, Kept):
        accepted = write_accepted(one.table, accepted, folder / f"accepted-{number}.parquet")
    write_text(one.rejected, rejected)
    checked = {name: plain(value) for name, value in vars(one.checked).items() if name not in ("accepted", "rejected")}
    return {
        "file": one.file,
        "table": one.table,
        "accepted": accepted.path.name,
        "mapped": list(accepted.mapped),
        "rejected": rejected.name,
        "checked": checked,
        "mapping": plain(one.mapping),
        "unmapped": list(one.unmapped),
    }
