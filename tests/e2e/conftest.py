"""A server of our own on a small sample, and a real browser; skipped where there is no Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data.sample import as_arrow, generate, targets
from data.store import Batch, Store

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

Start = Callable[[], str]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a small sample company and an empty workspace."""
    where = tmp_path_factory.mktemp("home")
    store = Store(where, None)
    space = store.create_workspace("sample")
    batches = [Batch(name, as_arrow(name, frame), source_name=name) for name, frame in generate(40, 16).items()]
    store.commit(space.id, batches, expected_version=0)
    for key, value in targets(40).items():
        store.save_target(space.id, key, None, None, value)
    store.create_workspace("empty")
    return where


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def started(home: Path) -> Iterator[Start]:
    """Starts servers on that home and stops them at the end; each answers before its address is given."""
    running: list[subprocess.Popen[bytes]] = []

    def start() -> str:
        port = _free_port()
        command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
        environment = {**os.environ, "FAROL_HOME": str(home)}
        process = subprocess.Popen(
            [*command, "--server.fileWatcherType=none"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        running.append(process)
        address = f"http://localhost:{port}"
        for _ in range(480):  # the machine may be busy
            try:
                with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:
                    if answer.status == 200:
                        return address
            except OSError:
                time.sleep(0.25)
        raise RuntimeError("The server did not start.")

    yield start
    for process in running:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def server(started: Start) -> str:
    """The address of a server that all browser tests share."""
    return started()


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """A headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: browser tests need it (`make setup-dev` tries to get it)")
    sync = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
