"""The settings page: every choice is saved in the store and is in force on the next run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.policies import CHOICES, Policies
from data.store import Store
from tests.pages.conftest import HOSTILE, ROOT, words
from ui.reference.settings import SECTIONS


@pytest.fixture
def space(home: Path) -> Iterator[tuple[Store, str]]:
    """A workspace of its own, taken away again."""
    store = Store(home, None)
    made = store.create_workspace(f"own {HOSTILE}")
    yield store, made.id
    store.delete_workspace(made.id)


def opened(workspace: str, lang: str = "en") -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=200)
    at.query_params["lang"], at.query_params["workspace"] = lang, workspace
    at.run()
    at.switch_page("pages/reference/settings.py")
    return at.run()


@pytest.mark.parametrize("workspace", ["sample", "empty", "partial"])
@pytest.mark.parametrize("lang", ["en", "pt_BR", "es"])
def test_opens_everywhere(workspace: str, lang: str) -> None:
    at = opened(workspace, lang)
    assert not at.exception
    assert len(at.tabs) == len(SECTIONS)
    keys = {w.key for kind in ("selectbox", "number_input", "text_input") for w in at.get(kind)}
    for name in Policies.names():
        if name not in ("currency", "timezone"):
            assert any(key and key.startswith(f"policy_value_{name}_") for key in keys), name


def test_names_of_workspaces_stay_text(space: tuple[Store, str]) -> None:
    at = opened(space[1])
    assert not at.exception
    assert "![](http" not in words(at)


def test_settings_of_the_workspace(space: tuple[Store, str]) -> None:
    store, id = space
    at = opened(id)
    at.selectbox(f"settings_currency_{id}").set_value("USD").run()
    at.selectbox(f"settings_timezone_{id}").set_value("Europe/Lisbon").run()
    at.selectbox(f"settings_health_preset_{id}").set_value("product_led").run()
    assert "Saved" in words(at)
    found = store.settings(id)
    assert (found["currency"], found["timezone"], found["health_preset"]) == ("USD", "Europe/Lisbon", "product_led")
    at.text_input(f"settings_name_{id}").set_value("sample").run()
    at.button("settings_rename").click().run()
    assert "There is already a workspace named sample" in words(at)
    assert not at.exception


def test_policies_are_validated_and_the_default_is_left_out(space: tuple[Store, str]) -> None:
    store, id = space
    at = opened(id)
    at.selectbox(f"policy_value_paused_{id}").set_value("still").run()
    at.number_input(f"policy_value_gross_margin_{id}").set_value(72.5).run()
    assert store.settings(id)["policies"] == {"paused": "still", "gross_margin": "0.725"}
    at.number_input(f"policy_value_csat_ten_point_cut_{id}").set_value(3).run()
    assert "is no value of" in words(at)
    assert at.number_input(f"policy_value_csat_ten_point_cut_{id}").value == 9
    at.selectbox(f"policy_value_paused_{id}").set_value(CHOICES["paused"][0]).run()
    assert store.settings(id)["policies"] == {"gross_margin": "0.725"}
    at.text_input(f"policy_value_rates_{id}").set_value("USD=5.1, EUR=5.6").run()
    assert store.settings(id)["policies"]["rates"] == "USD=5.1, EUR=5.6"


def test_targets_are_prefilled_from_the_own_year_and_can_be_removed(home: Path) -> None:
    store = Store(home, None)
    at = opened("partial")
    at.selectbox("target_kpi").set_value("revenue_churn").run()
    assert "your own last 12 months" in words(at)
    box = next(one for one in at.number_input if one.key.startswith("target_value_"))
    assert box.value is not None
    box.set_value(1.5).run()
    at.button("target_save").click().run()
    id = store.find_workspace("partial").id  # type: ignore[union-attr]
    assert [(t.kpi, t.value) for t in store.targets(id)] == [("revenue_churn", 0.015)]
    assert "at most 1.5%" in words(at)
    at.button("target_remove_0_revenue_churn").click().run()
    assert store.targets(id) == []


def test_labels_are_recorded_and_the_catalogues_own_takes_ours_away(space: tuple[Store, str]) -> None:
    store, id = space
    at = opened(id)
    key = f"label_role_retention_nrr_{id}"
    at.segmented_control(key).set_value("leading").run()
    assert store.labels(id) == {("nrr", "retention"): "leading"}
    at.segmented_control(key).set_value("lagging").run()
    assert store.labels(id) == {}
    assert [change.kind for change in store.changes(id)] == ["label", "label"]
    changes = next(frame.value for frame in at.dataframe if "Which" in frame.value)
    assert list(changes["Which"])[:2] == ["Net revenue retention · Retention"] * 2
    assert list(changes["Before"])[:2] == ["Leading", "–"]


def test_a_new_workspace_opens(home: Path) -> None:
    at = opened("empty")
    at.text_input("settings_new_name").set_value("Fresh one").run()
    at.button("settings_create").click().run()
    made = Store(home, None).find_workspace("Fresh one")
    assert made is not None
    assert at.query_params["workspace"] in (made.id, [made.id])
    Store(home, None).delete_workspace(made.id)
