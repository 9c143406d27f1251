"""Homes for pages: a small sample company, an empty workspace, and accounts with subscriptions only."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.sample import as_arrow, generate, targets
from data.store import Batch, Store

ROOT = Path(__file__).parents[2]
HOSTILE = "![](http://evil.example/x.png) [x](http://evil.example) <b>"
PAGES = {
    "overview": "pages/start/overview.py",
    **{o: f"pages/objectives/{o}.py" for o in ("retention", "quality", "expansion", "financial")},
}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home: sample, empty, undated (30 accounts alone) and partial; one account has a hostile name."""
    where = tmp_path_factory.mktemp("home")
    store = Store(where, None)
    tables = generate(40, 16)
    tables["accounts"].loc[:4, "name"] = HOSTILE
    tables["accounts"].loc[:9, "segment"] = "**[SMB](http://evil.example)**"
    arrow = {name: as_arrow(name, frame) for name, frame in tables.items()}

    def fill(name: str, wanted: tuple[str, ...]) -> str:
        space = store.create_workspace(name)
        batches = [Batch(table, arrow[table], source_name=table) for table in wanted]
        if batches:
            store.commit(space.id, batches, expected_version=0)
        return space.id

    full = fill("sample", tuple(arrow))
    for key, value in targets(40).items():
        store.save_target(full, key, None, None, value)
    fill("empty", ())
    alone = as_arrow("accounts", tables["accounts"].head(30).assign(created_on=None))
    undated = store.create_workspace("undated")
    store.commit(undated.id, [Batch("accounts", alone, source_name="accounts")], expected_version=0)
    fill("partial", ("accounts", "subscriptions"))
    return where


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every page of these tests reads that home."""
    monkeypatch.setenv("FAROL_HOME", str(home))
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)
    old = os.getcwd()
    os.chdir(ROOT)
    yield
    os.chdir(old)


def opened(page: str, **query: str) -> AppTest:
    """A page of the app under a link, run inside its shell."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    for name, value in query.items():
        at.query_params[name.replace("__", ".")] = value
    at.run()
    if page != "overview":
        at.switch_page(PAGES[page])
        for name, value in query.items():
            at.query_params[name.replace("__", ".")] = value
        at.run()
    return at


def words(at: AppTest) -> str:
    """Everything the page says in Markdown."""
    return "\n".join(str(e.value) for kind in ("title", "markdown", "caption") for e in at.get(kind))
