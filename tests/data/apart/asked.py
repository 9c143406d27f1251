"""Looking at a file in a child, as tests do it."""

import os
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from data import apart
from data.importing import Upload


def look(source, name: str, folder: Path, **how) -> Upload:
    """An upload as the app gets it, with its files in a folder of the test."""
    return apart.look(source, name, how.pop("assumed", None), how.pop("tables", None), folder / uuid4().hex, **how)


def memory_mb() -> float:
    """Memory of this process now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


@contextmanager
def unharmed(seconds: float = 10.0, grown_mb: float = 150.0):
    """What is done inside is over soon, takes no memory of this process, and lets others work meanwhile."""
    pauses, done = [], threading.Event()

    def work() -> None:
        while not done.is_set():
            start = time.perf_counter()
            sum(range(10_000))
            done.wait(0.01)
            pauses.append(time.perf_counter() - start)

    other = threading.Thread(target=work)
    before, start = memory_mb(), time.perf_counter()
    other.start()
    try:
        yield
    finally:
        done.set()
        other.join()
    took, grown = time.perf_counter() - start, memory_mb() - before
    print(f"{took:.1f} s, {grown:+.0f} MB, another session waited {max(pauses) * 1000:.0f} ms at most")
    assert took < seconds * 3, "generous: other tests may run beside"
    assert grown < grown_mb
    assert max(pauses) < 2.0
