"""The settings of a company's own KPIs: nothing is saved that cannot stand, and what is saved is on the pages."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.store import Store
from kpis.own import Definition
from tests.pages.conftest import HOSTILE, ROOT, opened, words
from ui.measure_names import told_apart


@pytest.fixture
def store(home: Path) -> Iterator[tuple[Store, str]]:
    """The sample workspace, its own KPIs taken away again."""
    store = Store(home, None)
    found = store.find_workspace("sample")
    assert found is not None
    yield store, found.id
    store.save_settings(found.id, {"own_kpis": None})


def settings(lang: str = "en") -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=200)
    at.query_params["lang"], at.query_params["workspace"] = lang, "sample"
    at.run()
    at.switch_page("pages/reference/settings.py")
    return at.run()


def test_a_formula_is_shown_before_it_is_saved_and_stands_on_its_page(store: tuple[Store, str]) -> None:
    at = settings()
    at.text_input("own_name").set_value("Departures_of ours").run()
    at.text_area("own_formula").set_value("lost_acounts ÷ opening_accounts").run()
    said = words(at)
    assert "Departures of ours" in said
    assert "Did you mean Customers lost" in said
    assert at.button("own_save").disabled
    at.text_input("own_name").set_value("Departures of ours").run()
    at.text_area("own_formula").set_value("lost_accounts ÷").run()
    at.selectbox("own_insert").set_value("opening_accounts").run()
    assert at.text_area("own_formula").value == "lost_accounts ÷ opening_accounts"
    assert "In words: Customers lost ÷ Customers at opening" in words(at)
    at.selectbox("own_unit").set_value("money").run()
    assert "cannot be read as “money”" in words(at)
    for field, value in (("unit", "share"), ("role", "lagging"), ("direction", "down")):
        at.selectbox(f"own_{field}").set_value(value).run()
    at.button("own_save").click().run()
    assert not at.exception
    assert at.text_input("own_name").value == ""
    store[0].save_target(store[1], "own_departures_of_ours", None, None, 0.5)
    page = opened("retention", lang="en", workspace="sample", kpi="own_departures_of_ours")
    assert not page.exception
    assert page.title[0].value == "Departures of ours"
    assert "On target" in words(page)
    assert "accounts behind it" in words(page)
    board = opened("retention", lang="en", workspace="sample")
    assert any("Departures of ours" in link.label for link in board.get("page_link"))
    at.button("own_delete_own_departures_of_ours").click().run()
    gone = opened("retention", lang="en", workspace="sample", kpi="own_departures_of_ours")
    assert not gone.exception
    assert "“Departures of ours” was a KPI of your own and has been deleted" in words(gone)
    at.button("own_back_own_departures_of_ours").click().run()
    assert [one["key"] for one in store[0].settings(store[1])["own_kpis"]] == ["own_departures_of_ours"]


@pytest.mark.parametrize("lang", ["en", "pt_BR", "es"])
def test_a_metric_of_the_data_is_one_click_away(store: tuple[Store, str], lang: str) -> None:
    at = settings(lang)
    at.button("own_take_observed_onboarding_on_time").click().run()
    assert not at.exception
    assert at.text_area("own_formula").value == "observed_onboarding_on_time_upper ÷ observed_onboarding_on_time_of"
    at.button("own_save").click().run()
    (record,) = store[0].settings(store[1])["own_kpis"]
    assert (record["name"], record["unit"]) == ("Onboarding on time", "share")
    key = record["key"]
    at.button(f"own_edit_{key}").click().run()
    at.text_input("own_name").set_value("Onboarded").run()
    at.button("own_save").click().run()
    (record,) = store[0].settings(store[1])["own_kpis"]
    assert (record["key"], record["name"]) == (key, "Onboarded")
    at.switch_page("pages/reference/definitions.py").run()
    assert not at.exception
    assert any("Onboarded" in one.label for one in at.expander)


def test_hostile_words_in_the_store_stay_words(store: tuple[Store, str]) -> None:
    bad = Definition(
        "own_bad", HOSTILE, "retention", "leading", "ratio", "up", "lost_accounts ÷ opening_accounts", HOSTILE
    )
    store[0].save_settings(store[1], {"own_kpis": [bad.record()]})
    for page in (settings(), opened("retention", lang="en", workspace="sample", kpi="own_bad")):
        assert not page.exception
        assert "](http" not in words(page)
        assert "<b>" not in words(page)


@pytest.mark.parametrize(("lang", "word"), [("en", "customer"), ("pt_BR", "clientes"), ("es", "clientes")])
def test_a_word_of_the_reader_s_language_finds_the_measures(store: tuple[Store, str], lang: str, word: str) -> None:
    at = settings(lang)
    at.text_area("own_formula").set_value(f"{word} * 2").run()
    assert r"closing\_accounts" in words(at) or "closing_accounts" in words(at)


def test_the_unit_goes_with_the_formula_until_it_is_chosen(store: tuple[Store, str]) -> None:
    at = settings()
    for formula, unit in (
        ("lost_accounts ÷ opening_accounts", "ratio"),
        ("contacts_opened ÷ closing_accounts", "count"),
        ("closing_mrr", "money"),
        ("closing_mrr ÷", "count"),
    ):
        at.text_area("own_formula").set_value(formula).run()
        assert at.selectbox("own_unit").value == unit, formula
    at.selectbox("own_unit").set_value("points").run()
    at.text_area("own_formula").set_value("lost_accounts ÷ opening_accounts").run()
    assert at.selectbox("own_unit").value == "points"


def test_measures_of_one_name_are_told_apart() -> None:
    names = {"offered": "Contacts offered", "service_level_offered": "contacts offered", "lost": "Lost"}
    assert list(told_apart(names).values()) == [
        "Contacts offered (offered)",
        "contacts offered (service_level_offered)",
        "Lost",
    ]


def test_changes_name_the_kpi_and_say_what_differs(store: tuple[Store, str]) -> None:
    first = Definition("own_a", "Departures", "retention", "leading", "ratio", "up", "lost_accounts ÷ opening_accounts")
    other = Definition("own_b", "Customers", "growth", "leading", "count", "up", "closing_accounts")
    for kept in ([other], [other, first], [other, replace(first, unit="share")], [other]):
        store[0].save_settings(store[1], {"own_kpis": [one.record() for one in kept]})
    store[0].save_target(store[1], "own_a", None, None, 0.5)
    shown = next(frame.value for frame in settings().dataframe if "Which" in frame.value)
    assert list(shown["Which"])[:4] == ["Departures", *["Your own KPIs · Departures"] * 3]
    formula = "Departures · Formula: lost_accounts ÷ opening_accounts"
    assert list(shown["Before"])[1:4] == [formula, "Departures · Unit: %", "–"]
    assert list(shown["After"])[1:4] == ["–", "Departures · Unit: % of a whole", formula]
