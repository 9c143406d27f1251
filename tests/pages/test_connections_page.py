"""The connections page: adding, what goes wrong, choosing, bringing in, refreshing, removing; no secret on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.store import ConnectionInfo, Store
from tests.data.connections.sources import Source, postgres_db, secret
from tests.pages.conftest import HOSTILE, ROOT, words

__all__ = ["postgres_db", "secret"]


@pytest.fixture
def space(home: Path) -> Iterator[tuple[Store, str]]:
    """A workspace of its own, taken away again."""
    store = Store(home, None)
    made = store.create_workspace("connected")
    yield store, made.id
    store.delete_workspace(made.id)


def opened(workspace: str, lang: str = "en") -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=200)
    at.query_params["lang"], at.query_params["workspace"] = lang, workspace
    at.run()
    at.switch_page("pages/start/connections.py")
    return at.run()


def field(at: AppTest, name: str):
    kinds = ("text_input", "number_input", "selectbox", "segmented_control")
    return next(one for kind in kinds for one in at.get(kind) if str(one.key).endswith(f"_{name}"))


def fill(at: AppTest, **given: object) -> AppTest:
    for name, value in given.items():
        field(at, name).set_value(value)
    return at.run()


@pytest.mark.parametrize("lang", ["en", "pt_BR", "es"])
@pytest.mark.parametrize("workspace", ["sample", "empty"])
def test_without_a_connection_it_says_what_one_is(workspace: str, lang: str) -> None:
    at = opened(workspace, lang)
    assert not at.exception
    assert "FAROL\\_SECRET\\_" in words(at)
    assert at.button("connection_add_button").label
    assert at.expander[0].proto.expanded


def test_what_cannot_be_connected_is_said_and_a_typed_password_is_gone(space: tuple[Store, str]) -> None:
    at = opened(space[1])
    fill(at, name="crm", host="postgresql://me:hunter2@db.example.com/crm")
    at.button("connection_add_button").click().run()
    assert "Addresses end up in logs" in words(at)
    assert all("hunter2" not in str(one.value) for one in at.text_input)
    fill(at, name="crm", host="db.example.com", database="crm", user="me", secret="hunter2")
    at.button("connection_add_button").click().run()
    assert "not what it is" in words(at)
    assert "hunter2" not in words(at)
    assert all("hunter2" not in str(one.value) for one in at.text_input)
    assert space[0].connections(space[1]) == []
    assert not at.exception


def test_states_of_a_connection(space: tuple[Store, str]) -> None:
    store, id = space
    info = ConnectionInfo("crm", "postgresql", "db.invalid", 5432, f"x {HOSTILE}", "me", "env:FAROL_SECRET_NOT_THERE")
    store.save_connection(id, info, new=True)
    at = opened(id)
    assert "Not refreshed yet" in words(at)
    assert "![](http" not in words(at)
    at.button("connection_test_0").click().run()
    assert "There is no secret env:FAROL" in words(at).replace("\\", "")
    assert not at.exception
    store.note_connection(id, "crm", None, True)
    assert "Last refreshed" in words(opened(id))
    at = opened(id, "pt_BR")
    at.button("connection_remove_sure_0").click().run()
    assert store.connections(id) == []
    assert "foi removida" in words(at)


def test_from_the_form_to_rows(
    space: tuple[Store, str], postgres_db: Source, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, id = space
    source = postgres_db
    source.run(
        "CREATE VIEW accounts AS SELECT account_id, name, 'SMB'::text AS segment, updated_at FROM customers",
        f"GRANT SELECT ON accounts TO {source.info.user}",
    )
    at = opened(id)
    info = source.info
    fill(at, name="crm", host=info.host, port=info.port, database=info.database, user=info.user, secret=info.secret)
    fill(at, tls="off")
    at.button("connection_add_button").click().run()
    assert "may be read. This user could also write" in words(at)
    at.multiselect("connection_which_crm").set_value(["public.accounts"]).run()
    assert not at.exception
    assert "Bring in 1 table" in at.button("connection_bring_in").label
    assert at.selectbox("connection_cursor_public.accounts").value == "updated_at"
    at.button("connection_bring_in").click().run()
    assert "2 rows came in" in words(at).replace("\\", "")
    assert store.rows(id) == {"accounts": 2}
    at.button("connection_refresh_0").click().run()
    assert "nothing has changed at the source" in words(at)
    source.run("DROP VIEW accounts")
    at.button("connection_refresh_0").click().run()
    assert "There is no table or view" in words(at)
    assert store.rows(id) == {"accounts": 2}
    monkeypatch.setenv("FAROL_SECRET_TEST", "wr0ng!pass")
    at.button("connection_test_0").click().run()
    assert "did not let" in words(at)
    assert "wr0ng" not in repr(at) + words(at) + caplog.text
    assert not at.exception
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
