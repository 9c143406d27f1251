"""What runs in the child: one step for one file, its results left as JSON and Arrow files in a folder."""

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from data import importing
from data.apart import fence, screening, sliced, streamed
from data.apart.crossing import plain, problem_out, shaped
from data.apart.kept import Kept, open_text, write_text
from data.apart.limits import Limits
from data.apart.texts import RawFile, raw_in, raw_out
from data.apart.writing import write_accepted
from data.checks import Checked, Known
from data.mapping import Mapping
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
        tell({"done": True})
    except DataProblem as problem:
        tell({"problem": problem_out(problem)})
    except MemoryError:  # pa.ArrowMemoryError is one
        tell({"memory": True})
    except OSError as error:
        tell({"disk": error.strerror or type(error).__name__})


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

    def reading(source: Any, shown: str, chosen: Assumed | None) -> list[RawTable]:
        say("reading", 0.05)
        at_once = streamed.read(path, shown, chosen, folder / "text-0.arrow", limits, say)
        if at_once is not None:
            rows = open_text(folder / "text-0.arrow")
            return [RawFile(**{**vars(at_once), "frame": rows}, path=folder / "text-0.arrow")]
        return read(source, shown, chosen)

    upload = importing.inspect(path, name, assumed, asked["tables"], reading=reading)
    for raw in upload.tables:
        screening.fits(raw.frame.num_rows, raw.frame.num_columns, limits)
    say("keeping", 0.9)
    return {
        "name": upload.name,
        "sha256": upload.sha256,
        "size": upload.size,
        "tables": [raw_out(raw, folder, number) for number, raw in enumerate(upload.tables)],
        "suggestions": [plain(mapping) for mapping in upload.suggestions],
    }


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
