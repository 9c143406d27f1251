"""Objective pages: the best-graded sentence or none, and labels beside what the data say."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.store import Store
from kpis.catalogue import Catalogue
from kpis.evidence.grades import verdict
from kpis.evidence.result import Evidence
from tests.pages.conftest import opened, words
from ui.signals import headline, labels
from workspace import LeadMap

FOUND = Evidence("adoption", "logo_churn", "account", "strong", "early_warning", 3, 5, 0.29, 0.22, 0.36, n=64)


def a_map(*found: Evidence) -> LeadMap:
    return LeadMap(tuple(verdict(one, None) for one in found), 36, "2024-01", "2026-12", {"logo_churn": 64}, found)


def test_the_best_sentence_belongs_to_the_objective() -> None:
    upsell = replace(FOUND, leading="at_seat_limit", lagging="upsell")
    assert headline.best(a_map(FOUND, upsell), "retention", Catalogue()) == FOUND
    assert headline.best(a_map(FOUND, upsell), "expansion", Catalogue()) == upsell
    assert headline.best(a_map(FOUND, upsell), "quality", Catalogue()) is None


@pytest.mark.parametrize("grade", ["weak", "no_sign", "not_enough_data"])
def test_what_is_not_sure_is_not_said(grade: str) -> None:
    assert headline.best(a_map(replace(FOUND, grade=grade)), "retention", Catalogue()) is None


@pytest.mark.parametrize("tag", ["already_leaving", "moves_together", "reacts", "influence_each_other"])
def test_what_comes_too_late_is_not_said(tag: str) -> None:
    assert headline.best(a_map(replace(FOUND, tag=tag)), "retention", Catalogue()) is None
    assert labels.leads(replace(FOUND, tag=tag)) is False


@pytest.mark.parametrize("grade", ["weak", "no_sign", "not_enough_data"])
def test_little_evidence_argues_for_no_label(grade: str) -> None:
    assert labels.leads(replace(FOUND, grade=grade)) is None
    assert labels.leads(FOUND) is True


def test_strong_comes_before_likely() -> None:
    likely = replace(FOUND, leading="nps", grade="likely", estimate=0.05)
    assert headline.best(a_map(likely, FOUND), "retention", Catalogue()) == FOUND


def test_the_small_sample_has_no_sentence() -> None:
    at = opened("retention", workspace="sample", lang="en")
    assert not at.exception
    assert "before giving notice" not in words(at)


def labelled() -> AppTest:
    at = opened("retention", workspace="sample", lang="en")
    at.session_state["labels_retention"] = True
    return at.run()


def test_a_label_is_changed_with_one_click_and_recorded(home: Path) -> None:
    at = labelled()
    assert not at.exception
    assert "The data can only speak" in words(at)
    at.button(key="relabel_retention_adoption").click().run()
    store = Store(home, None)
    space = store.find_workspace("sample")
    assert {(k, o): str(r) for (k, o), r in store.labels(space.id).items()} == {("adoption", "retention"): "lagging"}
    newest = store.changes(space.id, "label")[0]
    assert (newest.name, newest.after) == ("adoption/retention", "lagging")
    at = labelled()
    at.button(key="relabel_retention_adoption").click().run()
    assert not store.labels(space.id)
