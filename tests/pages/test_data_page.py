"""The page of what is stored: history by line, backup and restore, retention, erasure; and the way out of a loss."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from data.store import Batch, Store
from tests.pages.conftest import HOSTILE, PAGES, ROOT, words

PAGE = "pages/reference/data.py"
ACCOUNTS = b"account_id,name\nC-1001,Ana\nC-1002,Bia\n"


@pytest.fixture
def space(home: Path, tmp_path: Path) -> Iterator[tuple[Store, str]]:
    """A workspace with two imports: one with its file and hostile names, one with rejected rows."""
    store = Store(home, None)
    made = store.create_workspace(f"kept {HOSTILE}").id
    path = tmp_path / "accounts.csv"
    path.write_bytes(ACCOUNTS)
    recipe = {
        "mapping": {"tables": {"accounts": {"columns": {"account_id": "account_id", "name": "name"}}}},
        "assumed": {},
    }
    frame = pa.table({"account_id": ["C-1001", "C-1002"], "name": ["Ana", "old"]})
    report = {"mapping": {"account_id": HOSTILE}}
    store.commit(made, [Batch("accounts", frame, source_name="a.csv", original=path, recipe=recipe, report=report)])
    rejected = pd.DataFrame({"row": [2], "reason": ["no id"]})
    late = pa.table({"account_id": ["C-1003"], "name": ["Caio"]})
    store.commit(made, [Batch("accounts", late, source_name=f"{HOSTILE}.csv", rejected=rejected)], actor=HOSTILE)
    yield store, made
    store.delete_workspace(made)


def opened(workspace: str, lang: str = "en", page: str = PAGE) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=200)
    at.query_params["lang"], at.query_params["workspace"] = lang, workspace
    at.run()
    at.switch_page(page)
    return at.run()


def keys(at: AppTest, kind: str = "button") -> set[str]:
    return {str(one.key) for one in at.get(kind) if one.key}


@pytest.mark.parametrize(
    ("workspace", "lang"), [("sample", "en"), ("sample", "pt_BR"), ("partial", "es"), ("empty", "en"), ("empty", "es")]
)
def test_opens_everywhere(workspace: str, lang: str) -> None:
    at = opened(workspace, lang)
    assert not at.exception
    assert len(at.tabs) == 4
    title = {"en": "Stored data", "pt_BR": "Dados guardados", "es": "Datos guardados"}[lang]
    assert title in words(at)
    assert ("data_bring" in keys(at)) == (workspace == "empty")
    if workspace != "empty":
        tables = at.dataframe[0].value
        assert next(iter(tables.iloc[:, 1])) > 0
        assert "data_undo_1" in keys(at)


def test_data_stay_text(space: tuple[Store, str]) -> None:
    at = opened(space[1])
    assert not at.exception
    assert "![](http" not in words(at)
    assert "1 rejected" in words(at)


def test_each_import_is_taken_back_and_brought_back(space: tuple[Store, str]) -> None:
    store, id = space
    at = opened(id)
    at.button("data_undo_1").click().run()
    assert "Taken back. Version 3 is in force." in words(at)
    assert store.rows(id) == {"accounts": 1}
    at.button("data_redo_1").click().run()
    assert store.rows(id) == {"accounts": 3}
    at.button("data_replay_1").click().run()
    assert "Read again. Version 5 is in force." in words(at)
    assert "in place of version 1" in words(at)
    assert store.rows(id) == {"accounts": 3}
    assert "data_redo_1" not in keys(at)
    assert not at.exception


def test_a_backup_is_made_and_restored(space: tuple[Store, str], tmp_path: Path) -> None:
    store, id = space
    at = opened(id)
    at.button("data_backup_make").click().run()
    assert not at.exception
    made = Path(at.session_state[f"data_backup_{id}"])
    assert made.stat().st_size > 500
    at.file_uploader("data_restore_file").upload("b.zip", made.read_bytes(), "application/zip").run()
    at.button("data_restore").click().run()
    assert "already a workspace named" in words(at)
    at.text_input("data_restore_name").set_value("Back again").run()
    at.button("data_restore").click().run()
    assert "Back again is restored" in words(at)
    again = store.find_workspace("Back again")
    assert again is not None
    assert store.rows(again.id) == store.rows(id)
    store.delete_workspace(again.id)
    made.unlink()


def test_a_stranger_is_no_backup(space: tuple[Store, str]) -> None:
    at = opened(space[1])
    at.file_uploader("data_restore_file").upload("b.zip", b"PK nonsense", "application/zip").run()
    at.button("data_restore").click().run()
    assert "This file cannot be restored" in words(at)
    assert not at.exception


def test_retention_is_saved(space: tuple[Store, str]) -> None:
    store, id = space
    at = opened(id)
    assert "For ever" in at.selectbox(f"data_keep_originals_days_{id}").options
    at.selectbox(f"data_keep_originals_days_{id}").set_value(0).run()
    at.selectbox(f"data_keep_undone_days_{id}").set_value(90).run()
    found = store.settings(id)
    assert (found["keep_originals_days"], found["keep_undone_days"], found["keep_rejected_days"]) == (0, 90, None)
    at.selectbox(f"data_keep_undone_days_{id}").set_value(-1).run()
    assert store.settings(id)["keep_undone_days"] is None


def test_an_account_is_erased_after_typing_it_twice(space: tuple[Store, str]) -> None:
    store, id = space
    at = opened(id)
    at.text_input("data_erase_id").set_value("C-1002").run()
    at.button("data_erase_look").click().run()
    assert "Original files deleted: 1" in words(at)
    assert store.workspace(id).version == 2
    assert at.button("data_erase").disabled
    at.text_input("data_erase_confirm").set_value("C-1001").run()
    assert at.button("data_erase").disabled
    at.text_input("data_erase_confirm").set_value("C-1002").run()
    at.button("data_erase").click().run()
    assert "The account is erased. Version 3 is in force." in words(at)
    assert store.rows(id) == {"accounts": 2}
    at.text_input("data_erase_id").set_value("C-1002").run()
    at.button("data_erase_look").click().run()
    assert "Nothing of an account" in words(at)
    assert not at.exception


def test_a_lost_file_is_said_without_its_path_and_mended_here(space: tuple[Store, str], home: Path) -> None:
    store, id = space
    backup = store.staging(".zip")
    store.backup(backup, [id])
    for path in (home / "snapshots" / id / "accounts").glob("*"):
        path.write_bytes(b"PAR1")
    for page in [*list(PAGES.values())[:2], "pages/reference/definitions.py"]:
        at = opened(id, page=page)
        assert not at.exception
        assert "Numbers wait until this is mended" in words(at)
        assert str(home) not in words(at)
        assert len(at.get("vega_lite_chart")) == 0
    for page in ("pages/reference/settings.py", "pages/start/import_page.py", "pages/start/connections.py"):
        at = opened(id, page=page)
        assert not at.exception
        assert "Numbers wait" not in words(at)
        assert str(home) not in words(at)
    at = opened(id)
    assert "Ways out" in words(at)
    at.button("data_check").click().run()
    assert "Gone or damaged" in words(at)
    at.file_uploader("data_restore_file").upload("b.zip", backup.read_bytes(), "application/zip").run()
    at.button("data_mend").click().run()
    assert "2 files put back" in words(at)
    assert "Ways out" not in words(at)
    at.button("data_check").click().run()
    assert "Every stored file is whole" in words(at)
    backup.unlink()


def test_an_erasure_is_in_the_record_of_changes(space: tuple[Store, str]) -> None:
    store, id = space
    store.erase(id, "C-1002")
    at = opened(id, page="pages/reference/settings.py")
    assert not at.exception
    tables = [one.value for one in at.dataframe if "Which" in one.value]
    assert "Account erased" in list(tables[0]["What"])
    assert "C-1002" not in tables[0].to_csv()
