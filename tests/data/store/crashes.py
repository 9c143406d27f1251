"""Run as a program by the durability tests: processes killed in the middle of a commit, and started at once.

`python crashes.py steps FOLDER`  for each step, a home whose second commit was killed at that step
`python crashes.py loop HOME`     commits for ever, printing each version once it is acknowledged
`python crashes.py open HOME N`   N processes open a new home at the same moment; prints their exit codes
"""

import os
import shutil
import signal
import sys
import time
from datetime import date
from itertools import count, product
from pathlib import Path

import alembic.command  # noqa: F401 – once, before the forks
import pyarrow as pa

from data.store import Batch, Store, commits, durable, versions

ROWS = 10
STEPS = {
    "open": (durable, "open_new"),
    "sync": (durable, "sync_file"),
    "hash": (durable, "digest"),
    "move": (durable, "move"),
    "folder": (durable, "sync_folder"),
    "publish": (commits, "_publish"),
    "members": (versions, "add"),
}


def batches(number: int) -> list[Batch]:
    """One account and ten days of usage, told apart by `number`."""
    usage = {"account_id": [f"a{number}"] * ROWS, "used_on": [date(2024, 1, 1)] * ROWS}
    return [Batch("accounts", pa.table({"account_id": [f"a{number}"]})), Batch("usage", pa.table(usage))]


def die_at(step: str, call: int, after: bool) -> None:
    """Make the `call`-th call of a step the last thing this process does."""
    module, name = STEPS[step]
    original = getattr(module, name)
    calls = count(1)

    def deadly(*arguments, **named):
        last = next(calls) == call
        if last and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments, **named)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(module, name, deadly)


def forked(work) -> int:
    """Run in a process of its own and return its number."""
    process = os.fork()
    if process == 0:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return process


def steps(folder: Path) -> None:
    """Kill at each step; around what makes things visible also right after it, and at the second file."""
    seed = folder / "seed"
    store = Store(seed)
    store.create_workspace("w")
    store.commit("w", batches(1))
    store.close()
    for step, call, after in product(STEPS, (1, 2), (False, True)):
        if (call == 2 and step != "move") or (after and step not in ("move", "members", "publish")):
            continue
        home = folder / f"{step}-{call}-{'after' if after else 'before'}"
        shutil.copytree(seed, home)

        def work(home=home, step=step, call=call, after=after):
            store = Store(home)
            die_at(step, call, after)
            store.commit("w", batches(2))

        os.waitpid(forked(work), 0)
    shutil.rmtree(seed)


def loop(home: Path) -> None:
    """Commit until killed."""
    store = Store(home)
    for number in count(store.workspace("w").version + 1):
        print(store.commit("w", batches(number)).version, flush=True)


def open_at_once(home: Path, processes: int) -> None:
    """Open a home that does not exist from several processes."""
    start = time.time() + 0.3

    def work():
        time.sleep(max(0.0, start - time.time()))
        Store(home).create_workspace(f"w{os.getpid()}")

    print([os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]) for p in [forked(work) for _ in range(processes)]])


if __name__ == "__main__":
    if sys.argv[1] == "steps":
        steps(Path(sys.argv[2]))
    elif sys.argv[1] == "loop":
        loop(Path(sys.argv[2]))
    else:
        open_at_once(Path(sys.argv[2]), int(sys.argv[3]))
