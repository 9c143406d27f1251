"""From a real CSV in a real browser to "lit up": upload, preview, one button, a new workspace with its KPIs."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data.store import Store

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 120_000  # ms: the machine may be busy

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: install it to run browser tests"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one empty workspace, so that no sample has to be made."""
    where = tmp_path_factory.mktemp("home")
    Store(where, None).create_workspace("Empty")
    return where


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    """A server of its own on that home."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    environment = {**os.environ, "FAROL_HOME": str(home), "FAROL_DATABASE_URL": ""}
    log = (home / "server.log").open("wb")
    server = subprocess.Popen(
        [*command, "--server.fileWatcherType=none"], cwd=ROOT, env=environment, stdout=log, stderr=log
    )
    url = f"http://localhost:{port}"
    try:
        _wait(url)
        yield url
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def _wait(url: str) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    pytest.fail("the server did not start")


def _csv(path: Path) -> Path:
    rows = [f"S{i},C{i % 40},{2024 + i % 2}-{1 + i % 12:02d}-01,{100 + i}.50," for i in range(1, 61)]
    rows += [f"T{i},C{i},2024-01-01,80.00,2025-0{1 + i % 9}-01" for i in range(1, 13)]
    rows.append("bad,C1,2024-02-01,free,")
    path.write_text(
        "subscription_id,account_id,started_on,amount,ended_on\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    return path


def test_from_a_file_to_lit_up(address: str, home: Path, tmp_path: Path, chromium: Any) -> None:
    from playwright.sync_api import expect

    page = chromium.new_page(viewport={"width": 390, "height": 844})
    strangers: list[str] = []
    page.on("request", lambda one: strangers.append(one.url) if "localhost" not in one.url else None)
    page.goto(f"{address}/import?lang=en&workspace=empty")
    dropzone = page.locator("[data-testid=stFileUploaderDropzoneInput]")
    dropzone.wait_for(state="attached", timeout=PATIENCE)
    dropzone.set_input_files(_csv(tmp_path / "subscriptions.csv"))
    button = page.get_by_role("button", name="Bring in 72 rows")
    expect(button).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("1 row needs a fix").first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("4 · What lights up").first).to_be_visible(timeout=PATIENCE)
    button.click()
    expect(page.get_by_text("72 rows are in").first).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="Logo churn").first.click()
    expect(page.get_by_role("heading", name="Logo churn").first).to_be_visible(timeout=PATIENCE)
    assert "kpi=logo_churn" in page.url
    page.close()
    assert not [url for url in strangers if not url.startswith(("data:", "blob:"))]
    assert Store(home, None).rows("empty")["subscriptions"] == 72


def _month_ends(path: Path) -> Path:
    """Subscriptions that end on the last day of a month, one with a hostile product, in a file with a hostile name."""
    rows = [f"S{i},C{i},2024-0{1 + i % 6}-01,10.00,2024-1{i % 3}-{(31, 30, 31)[i % 3]},Pro" for i in range(1, 25)]
    rows.append('H1,C1,2024-01-01,5.00,,"![](http://evil.example/x.png)<img src=http://evil.example/y.png>"')
    path.write_text("subscription_id,account_id,started_on,amount,ended_on,product\n" + "\n".join(rows) + "\n")
    return path


def test_a_question_answered_rows_in_and_taken_back(address: str, home: Path, tmp_path: Path, chromium: Any) -> None:
    from playwright.sync_api import expect

    space = Store(home, None).create_workspace("Second")
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    strangers: list[str] = []
    page.on("request", lambda one: strangers.append(one.url) if "localhost" not in one.url else None)
    page.goto(f"{address}/import?lang=en&workspace={space.id}")
    dropzone = page.locator("[data-testid=stFileUploaderDropzoneInput]").first
    dropzone.wait_for(state="attached", timeout=PATIENCE)
    dropzone.set_input_files(_month_ends(tmp_path / "![](evil) <b>ends.csv"))
    expect(page.get_by_text("One thing to confirm")).to_be_visible(timeout=PATIENCE)
    page.get_by_text("Yes, the last day with it").click()
    button = page.get_by_role("button", name="Bring in 25 rows")
    expect(button).to_be_enabled(timeout=PATIENCE)
    expect(page.get_by_text("4 · What lights up").first).to_be_visible(timeout=PATIENCE)
    button.click()
    expect(page.get_by_text("25 rows are in").first).to_be_visible(timeout=PATIENCE)
    store = Store(home, None)
    assert store.rows(space.id)["subscriptions"] == 25
    page.get_by_role("button", name="Take it back").first.click()
    expect(page.get_by_text("Taken back").first).to_be_visible(timeout=PATIENCE)
    assert store.rows(space.id) == {}
    page.close()
    assert not [url for url in strangers if not url.startswith(("data:", "blob:"))]
