"""Grades: each rule by hand, q-values by hand, families, and the better of two kinds of evidence."""

from dataclasses import replace

import numpy as np
import pytest

from kpis.evidence.grades import grade, q_values, verdict
from kpis.evidence.result import Evidence, refused

ACCOUNT = Evidence(
    "x", "y", "account", tag="early_warning", lead_months=3, visible_from=4, estimate=0.30, low=0.2, high=0.4, p=0.001,
    n=60, periods=20, checks={"recent_same_sign": True, "no_leak": True},
)  # fmt: skip
SERIES = Evidence(
    "x", "y", "series", tag="leads", lead_months=2, visible_from=2, estimate=0.5, low=0.3, high=0.7, p=0.001, n=60,
    periods=60, checks={"direction": True, "drop_two": True},
)  # fmt: skip
DECLARED = {("x", "y"): -1}


def graded(one, declared=DECLARED, **changes):
    return grade([replace(one, **changes)], declared)[0].grade


def test_q_values_by_hand():
    # Sorted p .01 .02 .04 .5, times 4 ÷ rank: .04 .04 .0533 .5
    assert q_values([0.5, 0.01, np.nan, 0.04, 0.02]) == pytest.approx([0.5, 0.04, np.nan, 0.16 / 3, 0.04], nan_ok=True)
    assert len(q_values([])) == 0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "strong"),
        ({"n": 49}, "likely"),
        ({"p": 0.07}, "likely"),
        ({"estimate": 0.41}, "likely"),
        ({"high": 0.46}, "likely"),
        ({"estimate": 0.7, "low": 0.54, "high": 0.8}, "likely"),
        ({"estimate": 0.7, "low": 0.56, "high": 0.8}, "strong"),
        ({"checks": {"recent_same_sign": False, "no_leak": True}}, "likely"),
        ({"n": 19}, "weak"),
        ({"estimate": 0.43}, "weak"),
        ({"high": 0.51}, "weak"),
        ({"checks": {"recent_same_sign": True, "no_leak": False}}, "weak"),
        ({"p": 0.11}, "no_sign"),
        ({"n": 19, "p": 0.06}, "no_sign"),
    ],
)
def test_account_grades(changes, expected):
    assert graded(ACCOUNT, **changes) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "strong"),
        ({"n": 47}, "likely"),
        ({"estimate": 0.39}, "likely"),
        ({"n": 35}, "weak"),
        ({"checks": {"direction": False, "drop_two": True}}, "weak"),
        ({"checks": {"direction": True, "drop_two": False}}, "weak"),
        ({"p": 0.06}, "no_sign"),
    ],
)
def test_series_grades(changes, expected):
    assert graded(SERIES, **changes) == expected


def test_exploratory_pairs_are_never_above_weak():
    for one in (ACCOUNT, SERIES):
        assert graded(one, declared={}) == "weak"
        assert graded(one, declared={}, p=0.06) == "no_sign"


def test_refused_is_not_enough_data_and_takes_no_part_in_q():
    found = grade(
        [replace(ACCOUNT, n=40, p=0.04), refused("a", "y", "account", "snapshot")], DECLARED | {("a", "y"): 0}
    )
    assert [one.grade for one in found] == ["likely", "not_enough_data"]
    assert found[0].q == 0.04
    assert np.isnan(found[1].q)
    assert found[1].record()["warnings"] == ["snapshot"]


def test_noise_indicators_never_raise_a_grade():
    """However small the p of pairs that nobody declared, declared ones keep q and grade; and the other way round."""
    random = np.random.default_rng(1)
    declared = [replace(ACCOUNT, leading=f"d{number}", p=p) for number, p in enumerate([0.001, 0.02, 0.04, 0.06, 0.3])]
    names = {(one.leading, "y"): -1 for one in declared}
    alone = grade(declared, names)
    for size in (1, 10, 100):
        noise = [
            replace(ACCOUNT, leading=f"n{number}", p=float(p) ** 3) for number, p in enumerate(random.random(size))
        ]
        assert grade([*declared, *noise], names)[:5] == alone
        assert grade([*noise, *declared], names)[size:] == alone
    assert max(one.q for one in alone[:2]) <= 0.05


def test_without_a_grade_nothing_leads():
    found = grade([replace(ACCOUNT, p=0.2)], DECLARED)[0]
    assert (found.tag, found.lead_months, found.visible_from) == (None, None, None)


def test_a_sign_nobody_expected_is_said():
    assert grade([ACCOUNT], DECLARED)[0].warnings == ()
    assert [one.id for one in grade([ACCOUNT], {("x", "y"): 1})[0].warnings] == ["unexpected_sign"]
    # A lost renewal lowers the renewal rate: low use before it is the expected "+".
    assert grade([replace(ACCOUNT, outcome_sign=-1)], {("x", "y"): 1})[0].warnings == ()


def test_the_better_evidence_is_shown_and_a_conflict_named():
    low, high = replace(ACCOUNT, grade="likely"), replace(SERIES, grade="strong", estimate=-0.5)
    assert verdict(low, high).shown is high
    assert verdict(low, high).conflict is None
    assert verdict(replace(low, grade="strong"), high).shown.level == "account"
    assert verdict(low, replace(high, estimate=0.5)).conflict.id == "opposite_signs"
    mirror = verdict(low, replace(high, tag="moves_together", grade="weak"))
    assert (mirror.shown, mirror.conflict.id) == (low, "series_does_not_lead")
    assert verdict(None, high).shown is high
    with pytest.raises(ValueError, match="needs evidence"):
        verdict(None, None)


def test_the_record_has_the_fields_of_the_terminal():
    record = grade([ACCOUNT], DECLARED)[0].record()
    assert list(record) == [
        "leading", "lagging", "level", "grade", "tag", "lead_months", "visible_from", "auc", "low", "high", "p", "q",
        "n_events", "detectable", "warnings",
    ]  # fmt: skip
    assert {"r", "n_months"} <= set(grade([SERIES], DECLARED)[0].record())
    assert record["detectable"] is None
