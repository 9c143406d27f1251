"""The health score tested: on the sample, on nothing, on accounts with subscriptions only, in three languages."""

import pytest

from tests.pages.conftest import PAGES, opened, words
from words import LANGUAGES, text

PAGES["health_backtest"] = "pages/signals/health_backtest.py"


@pytest.mark.parametrize("workspace", ["sample", "partial"])
def test_runs_without_an_exception(workspace: str) -> None:
    at = opened("health_backtest", workspace=workspace, lang="en")
    assert not at.exception
    assert at.title[0].value == "Would the health score have told?"
    assert "could not be shown" not in words(at)


def test_an_empty_workspace_says_what_to_do() -> None:
    assert "This workspace holds no data yet" in words(opened("health_backtest", workspace="empty", lang="en"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_says_that_nothing_is_applied(lang: str) -> None:
    at = opened("health_backtest", workspace="sample", lang=lang)
    assert not at.exception
    assert text("backtest.never_applied", lang) in words(at)


def test_a_small_company_is_told_how_many_departures_are_needed() -> None:
    said = words(opened("health_backtest", workspace="sample", lang="en"))
    assert "Not enough data" in said
    assert "10 are needed" in said


def test_the_parts_of_a_move_sum_to_it() -> None:
    at = opened("health_backtest", workspace="sample", lang="en")
    at.selectbox(key="score_account").select_index(3).run()
    said = words(at)
    assert not at.exception
    assert ":material/check: They sum to" in said or "There is no score" in said
