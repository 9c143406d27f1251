"""Pages of a live workspace: the numbers of the copy, their age, a source that dies, and the switch both ways."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.sample import as_arrow, generate
from data.store import Batch, PickedTable, Store
from tests.data.connections.sources import PASSWORD, Source, postgres_db, secret
from tests.engines import loading
from tests.pages.conftest import PAGES, ROOT, words
from workspace import Workspace, living

__all__ = ["postgres_db", "secret"]

TABLES = ("accounts", "subscriptions")


class Wire:
    """A port of this machine that passes bytes on to a server until it is cut."""

    def __init__(self, port: int) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._server = port
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._server))
            self._open += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass(one: socket.socket, other: socket.socket) -> None:
        try:
            while block := one.recv(65536):
                other.sendall(block)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def cut(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for one in self._open:
            one.close()


@pytest.fixture
def lively(home: Path, postgres_db: Source) -> Iterator[tuple[Workspace, Wire]]:
    """A workspace with two copied tables, and a connection to the same rows, picked and not live yet."""
    rows = {name: as_arrow(name, frame) for name, frame in generate(40, 14).items() if name in TABLES}
    loading.load(postgres_db.admin, rows, "theirs")
    user = postgres_db.info.user
    postgres_db.run(f"GRANT USAGE ON SCHEMA theirs TO {user}", f"GRANT SELECT ON ALL TABLES IN SCHEMA theirs TO {user}")
    store = Store(home, None)
    made = store.create_workspace("lively")
    wire = Wire(postgres_db.info.port)
    store.commit(made.id, [Batch(name, table, source_name=name) for name, table in rows.items()])
    store.save_connection(made.id, replace(postgres_db.info, port=wire.port), new=True)
    picks = [
        PickedTable("theirs", name, {"tables": {name: {"columns": {one: one for one in table.column_names}}}}, (name,))
        for name, table in rows.items()
    ]
    store.save_picked(made.id, "crm", picks)
    yield Workspace(store, made.id), wire
    living._READINGS.drop((str(store.home), made.id))
    store.delete_workspace(made.id)


def opened(page: str, lang: str = "en", grain: str = "month") -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=200)
    at.query_params["lang"], at.query_params["workspace"], at.query_params["grain"] = lang, "lively", grain
    at.run()
    if page != PAGES["overview"]:
        at.switch_page(page)
        at.run()
    assert not at.exception
    return at


def shown(at: AppTest) -> list[str]:
    """What a page says, without the line about its age."""
    return [line for line in words(at).splitlines() if "Live from" not in line]


@pytest.mark.slow
def test_live_pages_show_the_numbers_of_the_copy_until_the_source_dies(lively: tuple[Workspace, Wire]) -> None:
    space, wire = lively
    copied = {page: shown(opened(page)) for page in (PAGES["overview"], PAGES["retention"])}
    at = opened("pages/start/connections.py")
    assert "nothing is copied" in words(at)
    at.button("live_on_sure_0").click().run()
    assert "crm is live" in words(at)
    assert "All numbers come live from here" in words(at)
    for page, said in copied.items():
        live = opened(page)
        assert "Live from crm, as of" in words(live)
        assert shown(live) == said
    assert "could not be shown" not in words(opened("pages/signals/lead_lag.py"))
    stored = opened("pages/reference/data.py")
    assert "count only when live is switched off" in words(stored)
    assert len(stored.dataframe[0].value) == len(TABLES)

    wire.cut()
    at = opened(PAGES["retention"])
    assert shown(at) == copied[PAGES["retention"]]
    at.button("live_again").click().run()
    assert not at.exception
    assert "Nothing newer could be read" in words(at)
    assert "does not answer" in words(at)
    assert [line for line in shown(at) if "Nothing newer" not in line] == copied[PAGES["retention"]]
    never = words(opened(PAGES["retention"], grain="week"))  # not asked before
    assert "cannot be reached" in never
    assert "Live from crm, as of" in never
    assert "could not be shown" not in never + "".join(shown(at))

    living._READINGS.drop((str(space.store.home), space.id))  # as another process finds it
    for lang, title in (("en", "cannot be read right now"), ("pt_BR", "não pode ser lida"), ("es", "no se puede leer")):
        gone = opened(PAGES["retention"], lang)
        assert title in words(gone)
        assert PASSWORD not in words(gone)
        assert gone.button("live_again").label
    for page in ("start/import_page", "start/connections", "reference/data", "reference/settings"):
        at = opened(f"pages/{page}.py")
        assert at.title, page
        assert "cannot be read right now" not in words(at)

    at = opened("pages/start/connections.py")
    at.button("live_off_sure_0").click().run()
    assert "not live any longer" in words(at)
    again = opened(PAGES["retention"])
    assert "Live from" not in words(again)
    assert shown(again) == copied[PAGES["retention"]]


@pytest.mark.slow
def test_picked_and_live_without_a_copy(home: Path, postgres_db: Source) -> None:
    postgres_db.run(
        "CREATE VIEW accounts AS SELECT account_id, name, 'SMB'::text AS segment FROM customers",
        "CREATE TABLE subscriptions (subscription_id text, account_id text, started_on date, amount int)",
        "INSERT INTO subscriptions VALUES ('s', '007', '2024-01-01', 10)",
        f"GRANT SELECT ON accounts, subscriptions TO {postgres_db.info.user}",
    )
    store = Store(home, None)
    made = store.create_workspace("lively")
    store.save_connection(made.id, postgres_db.info, new=True)
    at = opened("pages/start/connections.py")
    at.button("connection_tables_0").click().run()
    at.multiselect("connection_which_crm").set_value(["public.accounts", "public.subscriptions"]).run()
    at.button("connection_live_sure").click().run()
    assert "crm is live" in words(at)
    picked = store.picked(made.id, "crm")
    at.button("connection_tables_0").click().run()
    at.multiselect("connection_which_crm").set_value(["public.subscriptions"]).run()
    assert not [one for one in at.button if one.key == "connection_bring_in"]
    postgres_db.run("INSERT INTO subscriptions SELECT * FROM subscriptions")
    at.button("connection_live_sure").click().run()
    assert "would count twice" in words(at)
    assert store.picked(made.id, "crm") == picked
    postgres_db.run("TRUNCATE subscriptions", "INSERT INTO subscriptions VALUES ('s', '007', '2024-01-01', 10)")
    assert store.rows(made.id) == {}
    assert store.history(made.id) == []
    at = opened(PAGES["overview"])
    assert "Live from crm" in words(at)
    assert "holds no data yet" not in words(at)
    living._READINGS.drop((str(store.home), made.id))
    store.delete_workspace(made.id)
