"""What warns you: on the sample, on nothing, on accounts with subscriptions only, in three languages."""

import pytest

from tests.pages.conftest import HOSTILE, PAGES, opened, words
from words import LANGUAGES, text

PAGES["lead_lag"] = "pages/signals/lead_lag.py"


@pytest.mark.parametrize("workspace", ["sample", "partial"])
def test_runs_without_an_exception(workspace: str) -> None:
    at = opened("lead_lag", workspace=workspace, lang="en")
    assert not at.exception
    assert at.title[0].value == "What warns you, and how early"
    assert "could not be shown" not in words(at)


def test_an_empty_workspace_says_what_to_do() -> None:
    at = opened("lead_lag", workspace="empty", lang="en")
    assert not at.exception
    assert "This workspace holds no data yet" in words(at)
    assert not at.get("vega_lite_chart")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language(lang: str) -> None:
    at = opened("lead_lag", workspace="sample", lang=lang)
    assert not at.exception
    said = words(at)
    assert at.title[0].value == text("evidence.title", lang)
    assert text("evidence.legend", lang) in said
    assert at.get("vega_lite_chart")


def test_a_link_opens_a_pair() -> None:
    at = opened("lead_lag", workspace="sample", lang="en", pair="adoption~logo_churn")
    assert "Adoption → Churn" in words(at)
    assert at.selectbox(key="w_leads_pair").value == "adoption~logo_churn"


def test_a_pair_nobody_tried_falls_back_to_the_best() -> None:
    at = opened("lead_lag", workspace="sample", lang="en", pair="nonsense~logo_churn")
    assert not at.exception
    assert at.selectbox(key="w_leads_pair").value != "nonsense~logo_churn"


def test_choosing_an_objective_changes_the_map() -> None:
    at = opened("lead_lag", workspace="sample", lang="en")
    at.segmented_control(key="w_leads_objective").set_value("expansion").run()
    assert not at.exception
    assert all(pair.split("~")[1] in ("expansion_rate", "upsell", "cross_sell", "referrals") for pair in _pairs(at))


def _pairs(at: object) -> list[str]:
    return list(at.session_state["w_leads_pair"] and [at.session_state["w_leads_pair"]])  # type: ignore[attr-defined]


def test_texts_from_the_data_stay_texts() -> None:
    said = words(opened("lead_lag", workspace="sample", lang="en"))
    assert HOSTILE not in said
    assert "](http://evil.example)" not in said.replace("\\", "\\\\").replace("\\]\\(", "")
