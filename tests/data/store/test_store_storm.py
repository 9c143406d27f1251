"""Two writers killed again and again, two readers that never look away: nothing lost, torn or mixed.

The same storm over a store that is wrong on purpose must find it out.
"""

import os
import random
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from data.store import Store
from tests.data.store.storm import seen, wrong_with

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("storm.py")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills are of POSIX")


class Storm:
    """A home under writers and readers; `acknowledged` and `faults` grow as they speak."""

    def __init__(self, home: Path, how: str) -> None:
        self.home, self.how = home, how
        self.acknowledged: set[str] = set()
        self.faults: list[str] = []
        self.kills = self.reads = 0
        self._threads: list[threading.Thread] = []

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, PROGRAM, *arguments], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True,
        )  # fmt: skip
        self._threads.append(threading.Thread(target=self._hear, args=(process, arguments[0], [0])))
        self._threads[-1].start()
        return process

    def _hear(self, process: "subprocess.Popen[str]", kind: str, last: list[int]) -> None:
        for line in process.stdout:
            said = line.strip()
            if not line.endswith("\n"):
                continue  # cut short by the kill: nothing was acknowledged
            if said.startswith("FAULT"):
                self.faults.append(said)
            elif kind == "read":
                self.reads += int(said) - last[0]
                last[0] = int(said)
            else:
                self.acknowledged.add(said)

    def blow(self, wanted: int, chance: random.Random, most_kills: int) -> None:
        """Until `wanted` imports are acknowledged, or a fault is seen."""
        readers = [self.start("read", str(self.home)) for _ in range(2)]
        writers: dict[int, subprocess.Popen[str]] = {}
        generation = 0
        try:
            while len(self.acknowledged) < wanted and self.kills < most_kills and not (self.how and self.faults):
                for place in range(2):
                    if place not in writers:
                        generation += 1
                        writers[place] = self.start("write", str(self.home), f"g{generation}", self.how)
                aim = len(self.acknowledged) + chance.randint(3, 24)
                waited = threading.Event()
                for _ in range(200):
                    if len(self.acknowledged) >= aim or (self.how and self.faults):
                        break
                    waited.wait(0.05)
                waited.wait(chance.random() * 0.05)
                victim = writers.pop(chance.randint(0, 1))
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                self.kills += 1
        finally:
            for process in [*writers.values(), *readers]:
                process.send_signal(signal.SIGKILL)
                process.wait()
            for thread in self._threads:
                thread.join()

    def settle(self) -> None:
        """What is there once the storm is over, and whether all that was acknowledged is in it."""
        store = Store(self.home)
        try:
            version, accounts, usage = seen(store)
            fault = wrong_with(version, accounts, usage)
            if fault:
                self.faults.append(f"FAULT {fault}")
            lost = self.acknowledged - set(accounts)
            if lost:
                self.faults.append(f"FAULT {len(lost)} acknowledged imports lost")
            store.sweep(grace=timedelta(0))
            if store.damaged("w") or wrong_with(*seen(store)):
                self.faults.append("FAULT a file is not what its name says")
        except Exception as error:
            self.faults.append(f"FAULT unreadable at the end: {type(error).__name__}")
        finally:
            store.close()


def blown(home: Path, wanted: int, seed: int, how: str = "", most_kills: int = 60) -> Storm:
    store = Store(home)
    store.create_workspace("w")
    store.close()
    storm = Storm(home, how)
    storm.blow(wanted, random.Random(seed), most_kills)
    storm.settle()
    return storm


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_torn_or_mixed(tmp_path, record_property):
    storm = blown(tmp_path / "home", 220, 7)
    record_property("acknowledged", len(storm.acknowledged))
    print(
        f"{len(storm.acknowledged)} acknowledged, {storm.kills} kills, {storm.reads} reads, {len(storm.faults)} faults"
    )
    assert storm.faults == []
    assert len(storm.acknowledged) >= 220
    assert storm.kills >= 8
    assert storm.reads >= 100
    with sa.create_engine(f"sqlite:///{tmp_path / 'home' / 'state.db'}").connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


@pytest.mark.slow
@pytest.mark.parametrize("how", ["in_place", "no_order", "blind", "lazy"])
def test_a_store_that_is_wrong_is_found_out(tmp_path, how):
    storm = blown(tmp_path / "home", 150, 7, how, most_kills=25)
    print(how, len(storm.acknowledged), storm.kills, storm.faults[:3])
    assert storm.faults
