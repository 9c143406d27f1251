"""What may lead to what: the map is read, changed with a click, undone, and put back to the default."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.store import Store
from tests.pages.conftest import HOSTILE, ROOT, words
from words import LANGUAGES, text

PAIR = "fcr~logo_churn"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """The home's store; every map is the default again afterwards."""
    found = Store(home, None)
    yield found
    for space in found.workspaces():
        found.save_settings(space.id, {"declared_map": None})


def opened(workspace: str = "sample", lang: str = "en") -> AppTest:
    """The settings page with the map's tab open."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=200)
    at.query_params["lang"], at.query_params["workspace"] = lang, workspace
    at.run()
    at.session_state["settings_asked"] = "map"
    at.switch_page("pages/reference/settings.py")
    return at.run()


def stored(store: Store, workspace: str = "sample") -> list[dict[str, object]]:
    found = store.find_workspace(workspace)
    assert found is not None
    return list(store.settings(found.id)["declared_map"])


def lines(at: AppTest) -> list[str]:
    return [b.key.removeprefix("map_remove_") for b in at.button if b.key and b.key.startswith("map_remove_")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_map_in_every_language(lang: str) -> None:
    at = opened(lang=lang)
    assert not at.exception
    said = words(at)
    assert len(lines(at)) == 15
    assert text("pairs.n_on_map", lang, n=32) in said
    assert text("pairs.why_adoption_logo_churn", lang) in said.replace("\\", "")
    assert text("pairs.sign_minus", lang) in said
    assert "HTTP" not in said


def test_without_data_choosing_is_free() -> None:
    at = opened("empty")
    assert not at.exception
    assert text("pairs.no_data", "en") in words(at)
    assert len(lines(at)) == 15


def test_removed_with_a_click_undone_and_put_back(store: Store) -> None:
    at = opened()
    at.button(f"map_remove_{PAIR}").click().run()
    assert not at.exception
    assert [one["change"] for one in stored(store)] == ["removed"]
    assert PAIR not in lines(at)
    assert "31 expected pairs" in words(at)
    assert "Still counts among the pairs until" in words(at)
    at.button("map_undo").click().run()
    assert stored(store) == []
    at.button(f"map_remove_{PAIR}").click().run()
    at.button(f"map_put_back_{PAIR}").click().run()
    assert stored(store) == []
    assert PAIR in lines(at)


def test_added_after_looking_is_marked_and_the_way_back_is_one_click(store: Store) -> None:
    at = opened()
    at.button("map_add").click().run()
    at.selectbox("map_leading").set_value("contact_rate").run()
    at.selectbox("map_lagging_retention").set_value("logo_churn").run()
    at.text_area("map_why_new_contact_rate~logo_churn").set_value(HOSTILE).run()
    at.button("map_add_save").click().run()
    assert not at.exception
    (entry,) = stored(store)
    assert (entry["leading"], entry["sign"], entry["lead_months"]) == ("contact_rate", "+", [1, 3])
    assert entry["until"]
    said = words(at)
    assert lines(at)[-1] == "contact_rate~logo_churn"
    assert "33 expected pairs" in said
    assert "Added after looking" in said
    assert HOSTILE not in said
    at.button("map_reset").click().run()
    assert stored(store) == []
    at.button("map_undo").click().run()
    assert stored(store) == [entry]


def test_a_pair_that_is_there_cannot_be_added() -> None:
    at = opened()
    at.button("map_add").click().run()
    at.selectbox("map_leading").set_value("fcr").run()
    at.selectbox("map_lagging_retention").set_value("logo_churn").run()
    assert at.button("map_add_save").disabled
    assert text("pairs.add_known", "en") in words(at)


def test_a_turned_sign_is_marked_and_a_reason_in_the_readers_language_is_no_change(store: Store) -> None:
    at = opened(lang="pt_BR")
    at.button(f"map_edit_{PAIR}").click().run()
    at.button(f"map_save_{PAIR}").click().run()
    assert stored(store) == []
    at.button(f"map_edit_{PAIR}").click().run()
    at.radio(f"map_sign_{PAIR}").set_value("+").run()
    at.button(f"map_save_{PAIR}").click().run()
    (entry,) = stored(store)
    assert {name: entry.get(name) for name in ("change", "sign", "why", "lead_months")} == {
        "change": "changed",
        "sign": "+",
        "why": None,
        "lead_months": None,
    }
    assert "Sinal invertido, ou par" in words(at)


def test_an_indicator_that_is_gone_waits(store: Store) -> None:
    entry = {"change": "added", "leading": "own_gone", "lagging": "logo_churn", "objective": "retention", "sign": "+"}
    entry |= {"lead_months": [1, 2], "why": "", "on": "2026-01-31", "until": "2025-12"}
    found = store.find_workspace("sample")
    assert found is not None
    store.save_settings(found.id, {"declared_map": [entry]})
    at = opened()
    assert not at.exception
    assert "Waits: the indicator own" in words(at)
    at.button("map_remove_own_gone~logo_churn").click().run()
    assert not at.exception
    assert "own_gone~logo_churn" not in lines(at)


def test_the_evidence_page_leads_here_and_shows_an_outcome_that_only_the_map_names(store: Store) -> None:
    found = store.find_workspace("sample")
    assert found is not None
    entry = {"change": "added", "leading": "csat", "lagging": "solve_rate", "objective": "quality", "sign": "+"}
    entry |= {"lead_months": [1, 2], "why": "", "on": "2026-01-31", "until": ""}
    store.save_settings(found.id, {"declared_map": [entry]})
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=200)
    at.query_params["lang"], at.query_params["workspace"] = "en", "sample"
    at.run()
    at.switch_page("pages/signals/lead_lag.py")
    at.query_params["pair"] = "csat~solve_rate"
    at.run()
    assert not at.exception
    assert at.segmented_control("w_leads_objective").value == "quality"
    assert at.selectbox("w_leads_pair").value == "csat~solve_rate"
    assert "33 expected pairs" in at.button("leads_edit_map").label


def test_another_language_keeps_the_page_whole() -> None:
    at = opened()
    at.query_params["lang"] = "es"
    at.run()
    assert not at.exception
    assert "could not be shown" not in words(at)
    assert text("settings.tab_map", "es") in [tab.label for tab in at.tabs]
