"""Company series: hand-worked steps, directions, refusals, and what must not change the answer."""

from dataclasses import replace

import numpy as np
import pytest

from bench.evidence_series import leading
from kpis.evidence.permuting import Partial, _orders, partial_correlations
from kpis.evidence.preparing import (
    Series,
    carried,
    coverage,
    design,
    differences,
    lagged,
    longest_stretch,
    off,
    winsorised,
)
from kpis.evidence.series import _tag, series_evidence


def one(x, y, first_month=3, draws=499, **given):
    found = series_evidence(
        [("x", "y")], {"x": Series("x", x, **given), "y": Series("y", y)}, first_month=first_month, draws=draws
    )
    return found["x", "y"]


@pytest.fixture
def pair():
    return leading(np.random.default_rng(5), 60, 0.9, 2)


# Steps, by hand


def test_months_with_few_cases_are_missing():
    raw = Series("x", [1, 2, 3, np.inf], denominators=[19, 20, np.nan, 50]).raw
    assert np.isnan(raw).tolist() == [True, False, True, True]


def test_gaps_are_filled_for_three_months_and_never_at_the_end():
    nan = np.nan
    filled = carried(np.array([nan, 1, nan, nan, nan, nan, 2, nan]))
    assert filled.tolist() == pytest.approx([nan, 1, 1, 1, 1, nan, 2, nan], nan_ok=True)


def test_coverage_and_stretch():
    assert coverage(np.array([np.nan, 1, np.nan, 2, 3, np.nan])) == 0.75
    assert coverage(np.full(3, np.nan)) == 0
    assert longest_stretch(np.array([1, 1, 0, 1, 1, 0], dtype=bool)) == (3, 5)
    assert longest_stretch(np.zeros(3, dtype=bool)) == (0, 0)


def test_differences_are_winsorised_by_hand():
    # Median 0, deviations 1 1 0 2 2 100 → MAD 1.5, so the limit is 3 × 1.4826 × 1.5.
    held = winsorised(np.array([-1, 1, 0, 2, -2, 100], dtype=float))
    middle, mad = 0.5, np.median(np.abs(np.array([-1, 1, 0, 2, -2, 100]) - 0.5))
    assert held.tolist() == pytest.approx([-1, 1, 0, 2, -2, middle + 3 * 1.4826 * mad])


def test_what_is_compared_is_winsorised_and_has_no_unit():
    values = np.array([0, 1, 0, 1, 0, 1, 90, 91, 90, 92.0])
    assert differences(values) == pytest.approx(winsorised(np.diff(values)) / np.abs(winsorised(np.diff(values))).max())
    assert np.abs(differences(values)[[0, 5]]).min() > 0.1  # the leap does not dwarf the rest


def test_the_stronger_direction_decides():
    def partial(strongest, significant):
        return Partial(np.array([0.1, strongest, 0.1]), np.full(99, 0.0 if significant else 1.0))

    for forward, backward, tag in (
        ((0.6, True), (0.5, True), "leads"),
        ((0.5, True), (0.6, True), "influence_each_other"),
        ((0.5, True), (0.6, False), None),
        ((0.5, False), (0.6, True), "reacts"),
        ((0.5, False), (0.4, False), None),
    ):
        assert _tag(1, partial(*forward), partial(*backward)) == tag
    assert _tag(0, partial(0.6, True), partial(0.5, False)) == "moves_together"


def test_the_design_explains_any_season_and_the_own_lags():
    season = np.tile(np.random.default_rng(1).normal(size=12), 5)
    moved = np.random.default_rng(2).normal(size=60)
    basis = design(moved, first_month=4, skipped=6)
    assert basis.shape == (54, 14)
    assert off(basis, season[6:]) == pytest.approx(np.zeros(54), abs=1e-9)
    assert off(basis, moved[5:-1]) == pytest.approx(np.zeros(54), abs=1e-9)
    assert off(basis, moved[4:-2]) == pytest.approx(np.zeros(54), abs=1e-9)
    assert np.abs(off(basis, moved[3:-3])).max() > 0.1


def test_lags_look_back():
    assert lagged(np.arange(5.0), range(3), 2).tolist() == [[2, 1, 0], [3, 2, 1], [4, 3, 2]]


def test_permutations_against_ordinary_least_squares():
    """Every permuted correlation equals the one from refitting both sides on the design (Freedman–Lane)."""
    random = np.random.default_rng(3)
    moved, x = random.normal(size=40), random.normal(size=40)
    basis = design(moved, first_month=0, skipped=4)
    columns = lagged(x, range(5), 4)
    found = partial_correlations(moved[4:], [columns], basis, draws=50)[0]
    residuals = off(basis, moved[4:])
    fit = moved[4:] - residuals

    def largest(outcome):
        left, right = off(basis, outcome), off(basis, columns)
        return np.abs([np.corrcoef(left, right[:, lag])[0, 1] for lag in range(5)]).max()

    expected = [largest(fit + residuals[order]) for order in np.concatenate(_orders(36, 50), axis=1).T[:50]]
    assert found.largest == pytest.approx(expected)
    assert np.abs(found.r).max() == pytest.approx(largest(moved[4:]))
    assert found.p == pytest.approx((1 + np.sum(np.array(expected) >= largest(moved[4:]))) / 51)


# What it says


def test_every_row_is_drawn_once_and_equally_often_at_each_place():
    drawn = np.concatenate(_orders(12, 9_600), axis=1)
    assert (np.sort(drawn, axis=0) == np.arange(12)[:, None]).all()
    counts = np.array([np.bincount(places, minlength=12) for places in drawn])
    assert np.abs(counts - 800).max() < 5 * np.sqrt(800)


def test_a_lead_of_two_months_is_found(pair):
    found = one(*pair)
    assert (found.tag, found.lead_months, found.sign, found.n) == ("leads", 2, 1, 60)
    assert found.p <= 0.01
    assert found.low < found.estimate < found.high
    assert [lead.months for lead in found.by_lead] == list(range(7))
    assert {lead.n for lead in found.by_lead} == {53}  # the same rows for all lags
    assert 0.2 < found.detectable < 0.6
    assert found.checks == {"direction": True, "drop_two": True}


def test_a_link_without_noise_has_exactly_its_lag():
    x = np.random.default_rng(7).normal(size=40).cumsum()
    for lag in (1, 2, 3, 4):
        found = one(x, np.concatenate([np.zeros(lag), x[:-lag]]))
        assert (found.tag, found.lead_months) == ("leads", lag)
        assert found.estimate > 0.95


def test_turned_round_it_reacts(pair):
    found = one(pair[1], pair[0])
    assert found.tag == "reacts"
    assert found.lead_months is None
    assert found.checks["direction"] is False


def test_the_same_month_is_a_mirror():
    found = one(*leading(np.random.default_rng(8), 48, 0.9, 0))
    assert found.tag == "moves_together"
    assert found.lead_months is None
    assert found.by_lead[0].estimate == found.estimate


def test_two_months_that_carry_everything_are_named():
    random = np.random.default_rng(10)
    x, y = (random.normal(size=48).cumsum() for _ in range(2))
    for month in (20, 33):  # two steps, which the outcome takes two months later
        x[month:] += 8
        y[month + 2 :] += 8
    found = one(x, y)
    assert found.lead_months == 2
    assert found.months_named == (22, 35)
    assert found.checks["drop_two"] is False


def test_number_of_lags_grows_with_the_months():
    random = np.random.default_rng(9)
    for months, lags in ((24, 3), (32, 4), (40, 5), (48, 6), (120, 6)):
        found = one(random.normal(size=months), random.normal(size=months), draws=99)
        assert found.by_lead[-1].months == lags
        assert found.by_lead[0].n == months - 1 - lags


# Refusals and poor input


def test_refusals():
    random = np.random.default_rng(10)
    x, y = random.normal(size=30), random.normal(size=30)
    gaps = x.copy()
    gaps[3:12] = np.nan
    assert one(x[:23], y[:23]).refusal.id == "few_months"
    assert one(gaps, y).refusal.id == "too_many_gaps"
    assert one(np.round(x), y, snapshot=True).refusal.id == "snapshot"
    assert one(np.sign(x), y).refusal.id == "few_values"
    assert one(np.full(30, 2.0), y).refusal.id == "few_values"
    assert one(np.full(30, np.nan), y).refusal.id == "few_months"
    assert one(x, y, ingredients=frozenset({"y"})).refusal.id == "shared_ingredients"
    assert one(x[:23], y[:23]).grade == "not_enough_data"


def test_shared_ingredients_stand_when_the_map_says_why():
    random = np.random.default_rng(10)
    series = {
        "x": Series("x", random.normal(size=30), ingredients=frozenset({"y"})),
        "y": Series("y", random.normal(size=30)),
    }
    found = series_evidence([("x", "y")], series, 1, allowed=frozenset({("x", "y")}), draws=99)
    assert found["x", "y"].refusal is None


def test_a_series_that_mostly_stands_still_gets_an_answer():
    y = np.zeros(30)
    y[[4, 9, 14, 20, 25]] = [1, 2, 3, 4, 5]
    found = one(np.random.default_rng(12).normal(size=30), y)
    assert 0 < found.p <= 1


def test_perfectly_seasonal_series_get_an_answer():
    season = np.tile(np.arange(12.0) ** 2, 3)
    found = one(np.random.default_rng(13).normal(size=36), season)
    assert found.p == 1


# What must not matter


def test_units_signs_and_company_of_other_series_change_nothing_else(pair):
    x, y = pair
    base = one(x, y)
    assert one(x, y) == base
    for found, sign in ((one(-1000 * x, y), -1), (one(x, -0.01 * y), -1), (one(5 * x + 3, y), 1)):
        assert found.estimate == pytest.approx(sign * base.estimate)
        assert (found.p, found.reverse_p, found.tag, found.lead_months) == (
            base.p,
            base.reverse_p,
            base.tag,
            base.lead_months,
        )
        assert found.detectable == pytest.approx(base.detectable)
    random = np.random.default_rng(14)
    others = {f"z{number}": Series(f"z{number}", random.normal(size=60)) for number in range(3)}
    series = others | {"y": Series("y", y), "x": Series("x", x)}
    many = series_evidence([*((name, "y") for name in others), ("x", "y")], series, 3, draws=499)["x", "y"]
    assert replace(many, by_lead=(), reverse=()).p == base.p
    assert many.estimate == pytest.approx(base.estimate)


def test_months_of_the_year_follow_the_calendar_after_a_gap():
    """Cutting the first months off changes the months compared, not which month of the year each is."""
    shape = np.tile([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9.0], 5)
    random = np.random.default_rng(15)
    x, y = shape + 0.1 * random.normal(size=60), shape + 0.1 * random.normal(size=60)
    late = np.where(np.arange(60) < 7, np.nan, x)
    assert one(late, y, first_month=1).n == 53
    assert abs(one(late, y, first_month=1).estimate) < 0.6
