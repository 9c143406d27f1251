"""Files made to break the app, sent to a running server by a browser: refused in words, and nobody else waits.

Each file is built here. Memory is that of the server process alone; the processes that read files are apart from it.
"""

import gzip
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data.store import Store
from tests.data.apart.test_bombs import xlsx, zipped

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 180_000  # ms: the machine may be busy
GROWTH_MB = 150

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: install it to run browser tests"),
]

_ENTITIES = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {to} "{f"&{of};" * 10}">' for of, to in ("ab", "bc", "cd", "de", "ef", "fg")
)
_ENTITIES += "]>"


def parquet(folder: Path) -> Path:
    """Two hundred million rows in less than 5 MB."""
    path = folder / "usage.parquet"
    rows = "select 'A' as account_id, date '2024-01-01' as used_on from range(200000000)"
    duckdb.connect().execute(f"copy ({rows}) to '{path}' (format parquet, row_group_size 20000000)")
    assert path.stat().st_size < 5_000_000
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def bombs(folder: Path) -> dict[str, tuple[Path, str]]:
    """Each file with words of its refusal."""
    cells = "<row>" + '<c t="inlineStr"><is><t>a</t></is></c>' * 20 + "</row>"
    entity = '<row><c t="inlineStr"><is><t>&g;</t></is></c></row>'
    ods = f'<?xml version="1.0"?>{_ENTITIES}<office:document-content xmlns:office="o">&g;</office:document-content>'
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    nested = zipped({"usage.csv": b"account_id,used_on\nA,2024-01-01\n"})
    for depth in range(4):
        nested = zipped({f"{depth}.zip": nested})
    wide = (",".join(f"c{i}" for i in range(5000)) + "\n" + ",".join("1" * 5000) + "\n").encode()
    line = folder / "line.csv"
    line.write_bytes(b"account_id,used_on\n" + b"x," * 50_000_000)
    return {
        "Parquet of 200 million rows": (parquet(folder), "this one has 200,000,000"),
        "XLSX that unpacks to gigabytes": (written(folder / "a.xlsx", xlsx(cells * 200_000)), "no export does"),
        "entities in XLSX": (written(folder / "b.xlsx", xlsx(entity, _ENTITIES)), "defines entities of its own"),
        "entities in ODS": (
            written(folder / "c.ods", zipped({"mimetype": kind, "content.xml": ods.encode()})),
            "defines entities of its own",
        ),
        "zip in zip in zip": (written(folder / "d.zip", nested), "an archive within archives"),
        "gzip of 300 MB": (written(folder / "e.csv.gz", gzip.compress(b"0" * 300_000_000)), "no export does"),
        "5,000 columns": (written(folder / "wide.csv", wide), "A table may have"),
        "one line of 100 MB": (line, "has a line of more than"),
    }


@dataclass
class Server:
    """A running server."""

    address: str
    process: int

    def memory_mb(self) -> float:
        """Memory that the server process holds now, its children apart."""
        pages = int(Path(f"/proc/{self.process}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 1e6


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a home of its own with one empty workspace."""
    home = tmp_path_factory.mktemp("home")
    Store(home, None).create_workspace("Empty")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    with (home / "server.log").open("wb") as log:
        running = subprocess.Popen(
            [*command, "--server.fileWatcherType=none"],
            cwd=ROOT,
            env={**os.environ, "FAROL_HOME": str(home), "FAROL_DATABASE_URL": ""},
            stdout=log,
            stderr=log,
        )
        found = Server(f"http://localhost:{port}", running.pid)
        try:
            for _ in range(240):
                if _healthy(found):
                    break
                time.sleep(0.5)
            else:
                pytest.fail("the server did not start")
            yield found
        finally:
            running.terminate()
            running.wait(20)


def _healthy(server: Server) -> bool:
    try:
        with urllib.request.urlopen(f"{server.address}/_stcore/health", timeout=60) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@dataclass
class Visitor:
    """Others in a browser of their own: each opens a page, and how long it took is noted.

    Another thread asks for the server's health ten times a second; a third reads its memory.
    """

    server: Server
    waits: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    ready: threading.Event = field(default_factory=threading.Event)

    def visit(self) -> None:
        """A small page, again and again, each time as a session of its own."""
        from playwright.sync_api import Error, sync_playwright

        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = browser.new_page()
            self._open(page)
            self.ready.set()
            while not self.over.is_set():
                start = time.perf_counter()
                try:
                    self._open(page)
                except Error as error:
                    self.troubles.append(str(error).splitlines()[0])
                self.waits.append(time.perf_counter() - start)
                self.over.wait(0.3)
            browser.close()

    def _open(self, page: Any) -> None:
        page.goto(f"{self.server.address}/settings?lang=en&workspace=empty", timeout=PATIENCE)
        page.get_by_role("heading", name="Settings").first.wait_for(timeout=PATIENCE)

    def ask(self) -> None:
        """The server's health."""
        while not self.over.is_set():
            start = time.perf_counter()
            if not _healthy(self.server):
                self.troubles.append("not healthy")
            self.answers.append(time.perf_counter() - start)
            self.over.wait(0.1)

    def weigh(self) -> None:
        """The server's memory."""
        while not self.over.is_set():
            self.memory.append(self.server.memory_mb())
            self.over.wait(0.05)


def test_bombs_are_refused_in_words_and_nobody_else_waits(server: Server, tmp_path: Path, chromium: Any) -> None:
    files = bombs(tmp_path)
    small = written(tmp_path / "accounts.csv", b"account_id,name\n" + b"".join(b"A%d,Alpha\n" % i for i in range(50)))
    visitor = Visitor(server)
    page = chromium.new_page()
    page.goto(f"{server.address}/import?lang=en&workspace=empty")
    place = page.locator("[data-testid=stFileUploaderDropzoneInput]").first
    place.wait_for(state="attached", timeout=PATIENCE)
    place.set_input_files(small)  # everything is loaded once before memory is compared
    page.get_by_text("Bring in 50 rows").first.wait_for(timeout=PATIENCE)
    _take_away(page)
    threads = [threading.Thread(target=work) for work in (visitor.visit, visitor.ask, visitor.weigh)]
    threads[0].start()
    assert visitor.ready.wait(PATIENCE / 1000)
    before = server.memory_mb()
    for thread in threads[1:]:
        thread.start()
    took: dict[str, float] = {}
    said: dict[str, str] = {}
    peak: dict[str, float] = {}
    try:
        for name, (path, words) in files.items():
            seen = len(visitor.memory)
            start = time.perf_counter()
            place.set_input_files(path)
            refusal = page.locator(".st-key-import_unread_0")
            refusal.get_by_text(words).first.wait_for(timeout=PATIENCE)
            took[name] = time.perf_counter() - start
            said[name] = refusal.inner_text()
            _take_away(page)
            time.sleep(2)  # the browser tells the server that the file is gone
            peak[name] = max(visitor.memory[seen:], default=server.memory_mb()) - before
            after = server.memory_mb() - before
            print(f"{name}: {took[name]:.1f} s, server {peak[name]:+.0f} MB at most, {after:+.0f} MB after")
            print("   ", " ".join(said[name].split()))
    finally:
        visitor.over.set()
        for thread in threads:
            thread.join(60)
    print(
        f"second session: {len(visitor.waits)} pages, longest {max(visitor.waits):.1f} s; health asked"
        f" {len(visitor.answers)} times, longest {max(visitor.answers):.2f} s; server {before:.0f} MB before,"
        f" {max(visitor.memory) - before:+.0f} MB at most, {server.memory_mb() - before:+.0f} MB at the end"
    )
    for name, (_, words) in files.items():
        assert words in said[name], name
    assert visitor.troubles == []
    assert visitor.waits, "the second session saw pages meanwhile"
    assert server.memory_mb() - before < GROWTH_MB
    for name, (path, _) in files.items():
        assert peak[name] < GROWTH_MB + path.stat().st_size / 1e6, f"{name}: uploads themselves lie in memory"
    assert max(took.values()) < 60, "generous: other tests may run beside"


def _take_away(page: Any) -> None:
    """Remove the one file and wait until the page has forgotten it."""
    page.locator("[data-testid=stFileChipDeleteBtn] button").first.click(timeout=PATIENCE)
    page.locator("[data-testid=stFileChip]").first.wait_for(state="detached", timeout=PATIENCE)
    page.locator(".st-key-import_unread_0").wait_for(state="detached", timeout=PATIENCE)
