"""Run as a program by the storm test: writers that are killed again and again, and readers that never look away.

`python storm.py write HOME ID [WRONG]`  commits for ever, printing each acknowledged number
`python storm.py read HOME`              reads for ever; prints what it saw that cannot be, and how often it looked

Commit k of a writer puts a batch of accounts and one of usage that belong together; a version with one and not the
other, or with a part of either, is torn. WRONG is a way to do it that must not survive the test:
`in_place` writes into a file of a fixed name, `no_order` publishes before the files are there, `blind` moves the
workspace on without looking whether somebody else did, `lazy` acknowledges before the transaction.
"""

import contextlib
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlmodel import col

from data.problems import DataProblem
from data.store import Batch, Store, commits, durable, snapshots, versions
from data.store.models import Workspace

ROWS = 40


def batches(who: str) -> list[Batch]:
    """One account, and its forty days of usage."""
    usage = {"account_id": [who] * ROWS, "used_on": [date(2024, 1, 1)] * ROWS}
    return [Batch("accounts", pa.table({"account_id": [who]})), Batch("usage", pa.table(usage))]


def go_wrong(how: str) -> None:
    """Replace one step by the way it must not be done."""
    if how == "in_place":

        def place(folder, suffix, fill):
            durable.make_folder(folder)
            with (folder / f"current{suffix}").open("wb") as stream:
                fill(stream)
            return f"current{suffix}"

        durable.place = snapshots.durable.place = place
    elif how == "no_order":
        place, publish, waiting = durable.place, commits._publish, []

        def later(folder, suffix, fill):
            durable.make_folder(folder)
            name = place(folder.parent, suffix, fill)
            waiting.append((folder.parent / name, folder / name))
            return name

        def first(database, home, workspace_id, state, actor):
            commits.refuse_swept = lambda *arguments: None
            publish(database, home, workspace_id, state, actor)
            time.sleep(0.005)
            while waiting:
                durable.move(*waiting.pop(0))

        durable.place = snapshots.durable.place = later
        commits._publish = first
    elif how == "blind":
        add = versions.add

        def blindly(session, version, files):
            number = session.get(Workspace, version.workspace_id).version
            update = sa.update(Workspace).where(col(Workspace.id) == version.workspace_id)
            session.execute(update.values(version=number))
            version.number = number + 1
            version.content = number + 1
            for row in session.new:
                row.version = number + 1
            add(session, version, files)

        versions.add = commits.versions.add = blindly
    elif how == "lazy":
        publish = commits._publish

        def lazily(*arguments):
            print(lazily.said, flush=True)
            time.sleep(0.005)
            publish(*arguments)

        commits._publish = lazily
        go_wrong.lazy = lazily


def write(home: Path, who: str, how: str) -> None:
    """Commit until killed."""
    go_wrong(how)
    store = Store(home)
    number = 0
    while True:
        name = f"{who}-{number}"
        if how == "lazy":
            go_wrong.lazy.said = name
        with contextlib.suppress(DataProblem):
            store.commit("w", batches(name))
            if how != "lazy":
                print(name, flush=True)
        number += 1


def seen(store: Store) -> tuple[int, Counter, Counter]:
    """The version in force, its accounts, and how many days of usage each has."""
    version = store.workspace("w").version
    files = store.facts("w", version).files
    accounts = Counter(v for p in files.get("accounts", ()) for v in pq.read_table(p)["account_id"].to_pylist())
    usage = Counter(v for p in files.get("usage", ()) for v in pq.read_table(p)["account_id"].to_pylist())
    return version, accounts, usage


def wrong_with(version: int, accounts: Counter, usage: Counter) -> str:
    """What cannot be about a version; empty when all of it can."""
    if any(count != 1 for count in accounts.values()) or any(count != ROWS for count in usage.values()):
        return "torn"
    if set(accounts) != set(usage):
        return "mixed"
    if len(accounts) != version:
        return f"lost: {len(accounts)} imports in version {version}"
    return ""


def read(home: Path) -> None:
    """Look until killed."""
    store = Store(home)
    looked = 0
    while True:
        try:
            fault = wrong_with(*seen(store))
        except Exception as error:  # whatever a reader meets is a fault of the writers
            fault = f"unreadable: {type(error).__name__}"
        looked += 1
        if fault:
            print(f"FAULT {fault}", flush=True)
        elif looked % 20 == 0:
            print(looked, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(Path(sys.argv[2]), sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else "")
    else:
        read(Path(sys.argv[2]))
