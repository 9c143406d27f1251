"""Accounts: hand-worked ranks and risk sets, leads, leaks, refusals, and what must not change the answer."""

from dataclasses import replace

import numpy as np
import pytest

from bench.evidence_accounts import NOTHING, company
from kpis.evidence.accounts import Indicator, _visible_from, account_evidence
from kpis.evidence.adjusting import Factors
from kpis.evidence.comparing import Comparison
from kpis.evidence.history import Outcome, account_months, decisions
from kpis.evidence.influence import above_half, auc_of, clustered_error, influence, widening
from kpis.evidence.ranking import place
from kpis.evidence.risksets import _distinct, event_grid, risk_sets, shuffled_cases
from kpis.evidence.scoring import Indicated, Scores, change_from_baseline, everywhere, residual, scores
from kpis.evidence.standing import standing

NAN = np.nan


def found_in(world, accounts=200, seed=1, **given):
    one = company(world, accounts, seed, **given)
    return account_evidence(one.history, one.outcome, one.indicators)["indicator 0"]


def assert_same(found, base):
    """Equal but for the last bits of numbers."""
    for name, value in base.record().items():
        numeric = isinstance(value, float)
        assert found.record()[name] == (pytest.approx(value) if numeric else value), name


def grid_history(at_risk, **given):
    """A history with every account in every month, from a table of 0 and 1."""
    risk = np.asarray(at_risk, dtype=bool)
    accounts, months = risk.shape
    ids, places = np.repeat(np.arange(accounts), months), np.tile(np.arange(months), accounts)
    return account_months(ids, places, risk.ravel(), **given)


# Steps, by hand


def test_the_day_of_decision():
    day, source = decisions(
        ["2024-05-10", "NaT", "NaT", "NaT", "NaT"],
        ["2024-08-01", "2024-08-01", "2024-08-01", "NaT", "NaT"],
        [30, 31, NAN, 30, NAN],
        ["2024-09-01", "2024-09-01", "NaT", "2024-09-01", "NaT"],
    )
    assert day.astype(str).tolist() == ["2024-05-10", "2024-07-01", "2024-08-01", "2024-09-01", "NaT"]
    assert source.tolist() == ["notice", "ended", "ended", "flagged", ""]


def test_arranging_leaves_out_the_running_month_and_keeps_missing_missing():
    history = account_months(["b", "a", "b"], [0, 1, 2], [True, True, True], ["x", None, "y"], [2, 3, NAN], months=2)
    assert history.accounts.tolist() == ["a", "b"]
    assert history.at_risk.tolist() == [[False, True], [True, False]]
    assert history.segment.tolist() == [[0, 0], [1, 0]]
    assert history.band.tolist() == [[0, 2], [1, 0]]
    np.testing.assert_array_equal(history.matrix([5, np.inf, 7]), [[NAN, NAN], [5, NAN]])
    with pytest.raises(ValueError, match="two rows"):
        account_months(["a", "a"], [0, 0], [True, True])


def test_tenure_bands():
    history = account_months(list("abcdefgh"), [0] * 8, [True] * 8, tenure=[0, 2, 3, 5, 6, 12, 23, 24])
    assert history.band.ravel().tolist() == [1, 1, 2, 2, 3, 4, 4, 5]


def test_midranks_and_cases_above_by_hand():
    # Seven known rows 1 2 2 3 5 8 9; the cases are the first 2 and the 8.
    values = np.array([[2, 1, 2, 3, 8, 5, 9, NAN]], dtype=float)
    case = np.array([[1, 0, 0, 0, 1, 0, 0, 0]], dtype=bool)
    placed = place(values, case)
    ranks = np.array([2.5, 1, 2.5, 4, 6, 5, 7])
    assert placed.percentile[0, :7] == pytest.approx((ranks - 0.5) / 7 - 0.5)
    assert np.isnan(placed.percentile[0, 7])
    assert placed.cases_above[0].tolist() == [1.5, 2, 1.5, 1, 0.5, 1, 0, 0]
    assert (placed.known[0], placed.cases[0]) == (7, 2)


def test_fewer_than_five_comparators_give_nothing():
    case = np.array([[1, 0, 0, 0, 0]], dtype=bool)
    assert np.isnan(place(np.arange(5.0)[None], case).percentile).all()
    six = place(np.arange(6.0)[None], np.array([[1, 0, 0, 0, 0, 0]], dtype=bool))
    assert six.percentile[0, 0] == pytest.approx(1 / 12 - 0.5)


def test_effects_of_factors_are_taken_out():
    first, second = np.repeat(np.arange(3), 8), np.tile(np.arange(4), 6)
    values = np.array([1.0, 5, -2])[first] + np.array([0.0, 1, 2, 9])[second]
    factors = Factors((first, second), (3, 4))
    assert factors.effects(values, np.ones(24, dtype=bool)) == pytest.approx(values, abs=1e-6)


def test_terms_of_each_length_have_turns_of_their_own():
    """A yearly one in months 11 and 0, a monthly one, one of unknown length, and one whose day is unknown."""
    history = account_months(list("abcde"), [0] * 5, [True] * 5, turn=[11, 0, 0, 11, NAN], term=[12, 12, 1, NAN, 12])
    assert history.turn.ravel().tolist() == [4, 3, 2, 1, 0]
    assert history.turns == 5
    assert account_months(["a"], [0], [True]).turns == 1


def test_segment_month_and_tenure_are_taken_out_of_the_indicator():
    one = company("segment", 200, 1)
    grid = one.history.matrix(one.indicators[0].values)
    left = residual(one.history, everywhere(one.history), grid)
    known = ~np.isnan(left)
    for codes in (one.history.segment, one.history.band, np.broadcast_to(np.arange(36), known.shape)):
        means = [left[known & (codes == code)].mean() for code in np.unique(codes[known])]
        assert means == pytest.approx(np.zeros(len(means)), abs=1e-3)


def test_ranks_are_centred_on_the_segment():
    """A segment that leaves often and mostly has nothing: its many ties must not look like a link."""
    random = np.random.default_rng(3)
    accounts, months = 400, 24
    segment = np.repeat(["calm", "hasty"], 200)
    values = np.where(random.random((accounts, months)) < np.where(segment == "calm", 0.02, 0.4)[:, None], 1.0, 0.0)
    end = np.where(segment == "hasty", random.integers(6, 40, accounts), 99)
    risk = np.arange(months) <= end[:, None]
    history = grid_history(risk, segment=np.repeat(segment, months))
    who = np.array([int(name) for name in history.accounts])  # ids sort as text
    left = np.flatnonzero(end < months)
    assert sorted(who.tolist()) == list(range(accounts))
    found = account_evidence(history, Outcome("churn", left, end[left]), [Indicator("x", values.ravel())])["x"]
    assert np.mean([lead.z for lead in found.by_lead]) == pytest.approx(0, abs=1.0)
    assert np.mean([lead.estimate for lead in found.by_lead]) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("world", [name for name in NOTHING if name.startswith("yearly")])
def test_accounts_are_compared_at_the_same_point_of_their_terms(world):
    """Leaving is decided eight months into a yearly term, and so are invoices and use: no link by itself.

    Nor is it one where others, on monthly terms, leave at any time.
    """
    found = [
        one
        for seed in range(4)
        for one in account_evidence(*vars(company(world, 500, seed, indicators=3)).values()).values()
    ]
    assert len(found) == 12
    assert np.median([one.p for one in found]) > 0.2
    assert max(abs(one.estimate - 0.5) for one in found) < 0.12


def test_cases_that_have_nothing_are_not_divided_by_nothing():
    """Two in a hundred owe something, whoever leaves: that nobody who left did is no sign."""
    random = np.random.default_rng(5)
    values = np.where(random.random((600, 24)) < 0.02, 1.0, 0.0)
    end = np.where(np.arange(600) < 60, np.tile(np.arange(8, 18), 60), 99)
    values[:60] = 0.0
    history = grid_history(np.arange(24) <= end[:, None])
    left = np.array([f"{place}" for place in range(60)])
    found = account_evidence(history, Outcome("churn", left, end[:60]), [Indicator("owed", values.ravel())])["owed"]
    assert max(abs(lead.z) for lead in found.by_lead) < 2
    assert found.p > 0.1


def test_counting_says_what_ranking_line_by_line_says():
    """AUC and error of every horizon against ranks made for each month by itself, with a third of values missing."""
    one = company("segment, mostly zero", 200, 3)
    grid = one.history.matrix(one.indicators[0].values)
    grid[np.random.default_rng(1).random(grid.shape) < 0.3] = NAN
    seen = Indicated(one.history, everywhere(one.history), grid)
    sets = risk_sets(one.history, one.outcome)
    comparison = Comparison(one.history, sets)
    found = scores(comparison, seen.level)
    placed = place(comparison.gather(residual(one.history, seen.everywhere, grid)), sets.case)
    plain, known = above_half(placed), ~np.isnan(placed.percentile)
    moved = np.zeros_like(plain)
    for horizon in range(6):
        used = known[horizon][comparison.rows]
        percentile = placed.percentile[horizon][comparison.rows]
        moved[horizon][comparison.rows] = np.where(
            used, comparison.compared[horizon].effects(percentile[used], used), 0.0
        )
    above = plain - widening(placed)[..., None] * moved
    case = sets.case & known
    auc = auc_of(above, case)
    shares = influence(placed, above, case, auc, sets.account, len(one.history.accounts))
    assert found.auc == pytest.approx(auc)
    assert found.error == pytest.approx(clustered_error(shares, found.counts))
    assert found.cases.tolist() == case.sum(axis=(1, 2)).tolist()


def test_known_lately_means_in_the_three_months_before():
    history = grid_history(np.ones((1, 7)))
    seen = Indicated(history, everywhere(history), np.array([[NAN, 5, NAN, NAN, NAN, NAN, 3]]))
    assert seen.lately.tolist() == [False, False, True, True, True, False, False]


def test_change_is_against_the_months_two_to_six_before():
    row = np.array([[10, NAN, 20, 30, NAN, 60, 70, 80, 90]], dtype=float)
    change = change_from_baseline(row)[0]
    assert np.isnan(change[:4]).all()  # at month 3 only month 0 of the baseline is known
    assert np.isnan(change[4])
    assert change[5] == pytest.approx(60 - np.mean([10, 20, 30]))
    assert change[8] == pytest.approx(90 - np.mean([20, 30, 60, 70]))


def test_one_recurrent_event_per_half_year():
    history = grid_history(np.ones((3, 14)))
    outcome = Outcome("expansion", ["0"] * 4 + ["1", "unknown"], [1, 3, 7, 12, 5, 5], recurrent=True)
    grid, merged = event_grid(history, outcome)
    assert np.flatnonzero(grid[0]).tolist() == [1, 7]
    assert np.flatnonzero(grid[1]).tolist() == [5]
    assert merged == 2


def test_risk_sets_hold_those_at_risk_that_month():
    risk = np.ones((4, 4))
    risk[3, 2:] = 0
    sets = risk_sets(grid_history(risk), Outcome("churn", ["0", "1"], [2, 2]))
    assert sets.month.tolist() == [2]
    assert sets.account.tolist() == [[0, 1, 2]]
    assert sets.case.tolist() == [[True, True, False]]


def test_after_an_expansion_an_account_is_not_compared_for_half_a_year():
    sets = risk_sets(grid_history(np.ones((3, 12))), Outcome("expansion", ["0", "1"], [1, 4], recurrent=True))
    assert [row[row >= 0].tolist() for row in sets.account] == [[0, 1, 2], [1, 2]]


def test_large_companies_are_sampled_with_at_least_twenty_others_per_event():
    history = grid_history(np.ones((30_000, 3)))
    sets = risk_sets(history, Outcome("churn", np.arange(2500), np.tile([1, 2], 1250)))
    assert sets.capped
    assert sets.case.sum() == 2000
    cases, others = sets.case.sum(axis=1), (sets.present & ~sets.case).sum(axis=1)
    assert others.tolist() == [max(10_000, 20 * one) for one in cases]
    again = risk_sets(history, Outcome("churn", np.arange(2500), np.tile([1, 2], 1250)))
    assert (again.account == sets.account).all()


def test_permutations_stay_in_their_month_and_keep_accounts_whole():
    history = grid_history(np.ones((30, 20)))
    terminal = risk_sets(history, Outcome("churn", ["1", "2", "3"], [4, 4, 9]))
    drawn, starts = shuffled_cases(terminal, 50)
    width = terminal.account.shape[1]
    assert (drawn // width == [[0], [0], [1]]).all()
    assert (drawn[0] != drawn[1]).all()
    assert starts.tolist() == [0, 1, 2]
    again = risk_sets(history, Outcome("expansion", ["1", "1", "2"], [4, 12, 12], recurrent=True))
    drawn, starts = shuffled_cases(again, 50)
    who = again.account.ravel()[drawn]
    assert (who[0] == who[1]).all()
    assert starts.tolist() == [0, 2]


@pytest.mark.parametrize("cases", [2, 4])
def test_every_choice_of_cases_is_equally_likely(cases):
    drawn = np.sort(_distinct(np.random.default_rng(1), 6_000, 6, cases), axis=1)
    assert (drawn[:, 1:] > drawn[:, :-1]).all()
    choices = np.unique(drawn, axis=0, return_counts=True)[1]
    assert len(choices) == 15
    assert np.abs(choices - 400).max() < 4 * np.sqrt(400)


def test_auc_by_hand():
    """Ten months, one event each: the leaver of month s stands at place s among ten others, three months before."""
    months, accounts = 14, 60
    random = np.random.default_rng(0)
    values = random.normal(size=(accounts, months))
    risk = np.ones((accounts, months))
    leavers, when = np.arange(10), np.arange(4, 14)
    expected = []
    for leaver, month in zip(leavers, when, strict=True):
        risk[leaver, month + 1 :] = 0
    for leaver, month in zip(leavers, when, strict=True):
        others = [one for one in range(accounts) if risk[one, month] and one != leaver]
        expected.append(np.mean(values[leaver, month - 3] > values[others, month - 3]))
    found = account_evidence(grid_history(risk), Outcome("churn", leavers, when), [Indicator("x", values.ravel())])["x"]
    assert found.by_lead[2].estimate == pytest.approx(np.mean(expected))
    assert found.by_lead[2].n == 10
    assert found.by_lead[3].n == 10
    assert found.by_lead[4].n == 9  # five months before the first event there are no data


# What it says


def test_a_warning_three_months_before():
    found = found_in("warned", accounts=400, beta=1.0)
    assert (found.tag, found.lead_months, found.sign) == ("early_warning", 3, -1)
    assert found.visible_from >= 3
    assert found.p < 0.001
    assert found.high < 0.4
    assert sum(found.tenths) == found.by_lead[2].n
    assert found.tenths[0] > found.tenths[-1]
    assert found.checks == {"recent_same_sign": True, "no_leak": True, "no_sharp_edge": True}


def test_a_trait_is_a_risk_profile_and_a_fall_after_notice_is_a_leak():
    assert found_in("static", accounts=300, beta=1.0).tag == "risk_profile"
    assert found_in("leak", accounts=300, lead=2).tag == "already_leaving"


def test_a_sharp_edge_before_an_expansion_is_a_warning():
    random = np.random.default_rng(2)
    full = (random.random((120, 24)) < 0.03).astype(float)
    buyers, when = np.arange(40), random.integers(8, 24, 40)
    for buyer, month in zip(buyers, when, strict=True):
        full[buyer, month - 2 : month] = 1
    for recurrent, tag in ((True, "early_warning"), (False, "already_leaving")):
        outcome = Outcome("upsell", buyers, when, recurrent=recurrent)
        found = account_evidence(grid_history(np.ones((120, 24))), outcome, [Indicator("x", full.ravel())])["x"]
        assert found.tag == tag
        assert found.checks["no_sharp_edge"] is False


def test_nothing_there():
    found = found_in("null")
    assert found.p > 0.05
    assert (found.tag, found.lead_months) == (None, None)
    assert 0.55 < found.detectable < 0.75


# Refusals and poor input


def refusal(values=None, months=12, accounts=40, events=12, **given):
    values = np.random.default_rng(3).normal(size=(accounts, months)) if values is None else values
    outcome = Outcome("churn", np.arange(events), 4 + np.arange(events) % 8, ingredients=frozenset({"mrr"}))
    history = grid_history(np.ones((accounts, months)))
    found = account_evidence(history, outcome, [Indicator("x", np.ravel(values), **given)])["x"]
    return None if found.refusal is None else found.refusal.id


def test_refusals():
    normal = np.random.default_rng(3).normal(size=(40, 12))
    last = np.where(np.arange(12) == 11, normal, NAN)
    deleted = np.where(np.arange(40)[:, None] < 12, NAN, normal)
    thin = np.where((np.arange(40)[:, None] < 12) & (np.arange(40)[:, None] > 2), NAN, normal)
    assert refusal() is None
    assert refusal(last) == "snapshot"
    assert refusal(snapshot=True) == "snapshot"
    assert refusal(ingredients=frozenset({"mrr"})) == "built_from_outcome"
    assert refusal(events=9) == "few_events"
    assert refusal(deleted) == "departed_deleted"
    assert refusal(thin) == "shorter_history"
    assert refusal(np.full((40, 12), 3.0)) == "constant"
    assert refusal(np.full((40, 12), NAN)) == "no_values"


def test_degenerate_companies_get_an_answer():
    empty = account_months([], [], [])
    assert account_evidence(empty, Outcome("churn", [], []), [Indicator("x", [])])["x"].refusal.id == "few_events"
    for events in (0, 1):
        history = grid_history(np.ones((30, 10)))
        found = account_evidence(
            history, Outcome("churn", ["0"][:events], [5][:events]), [Indicator("x", np.ones(300))]
        )
        assert found["x"].grade == "not_enough_data"
    history = grid_history(np.ones((12, 8)))  # everybody leaves at once: nobody left to compare with
    outcome = Outcome("churn", np.arange(12), np.repeat([4, 5, 6], 4))
    found = account_evidence(history, outcome, [Indicator("x", np.random.default_rng(1).normal(size=96))])["x"]
    assert found.refusal is None or found.grade == "not_enough_data"


def test_end_dates_instead_of_notices_are_said():
    one = company("null", 200, 1)
    outcome = replace(one.outcome, sources=["ended"] * len(np.asarray(one.outcome.accounts)))
    found = account_evidence(one.history, outcome, one.indicators)["indicator 0"]
    assert [warning.id for warning in found.warnings] == ["no_notice_dates"]


# What must not matter


def test_units_signs_order_and_other_indicators_change_nothing_else():
    one = company("warned", 200, 4, beta=0.8)
    x = np.asarray(one.indicators[0].values)
    base = account_evidence(one.history, one.outcome, one.indicators)["indicator 0"]
    noise = [Indicator(f"noise {number}", np.random.default_rng(number).normal(size=len(x))) for number in range(3)]
    tried = {
        "again": [Indicator("indicator 0", x)],
        "unit": [Indicator("indicator 0", 1000 * x + 7)],
        "company": [*noise, Indicator("indicator 0", x)],
    }
    for indicators in tried.values():
        found = account_evidence(one.history, one.outcome, indicators)["indicator 0"]
        assert_same(found, base)
        assert found.tenths == base.tenths
    turned = account_evidence(one.history, one.outcome, [Indicator("indicator 0", -x)])["indicator 0"]
    assert turned.estimate == pytest.approx(1 - base.estimate)
    assert (turned.p, turned.tag, turned.lead_months) == (base.p, base.tag, base.lead_months)


def test_the_order_of_rows_changes_nothing():
    random = np.random.default_rng(6)
    ids, places = np.repeat(np.arange(60), 20), np.tile(np.arange(20), 60)
    values, risk = random.normal(size=1200), np.ones(1200, dtype=bool)
    outcome = Outcome("churn", np.arange(20), 6 + np.arange(20) % 12)
    mixed = random.permutation(1200)
    base = account_evidence(account_months(ids, places, risk), outcome, [Indicator("x", values)])["x"]
    found = account_evidence(
        account_months(ids[mixed], places[mixed], risk[mixed]), outcome, [Indicator("x", values[mixed])]
    )["x"]
    assert_same(found, base)


def test_the_only_account_of_its_kind_can_stand_lowest_now():
    """Compared within one month alone it would stand in the middle, however far it fell."""
    random = np.random.default_rng(2)
    ids, places = np.repeat(np.arange(40), 24), np.tile(np.arange(24), 40)
    only = ids == 0
    values = np.where(only, 9.0, 1.0) + 0.3 * random.standard_normal(len(ids)) - 3.0 * (only & (places == 23))
    history = account_months(ids, places, np.ones(len(ids)), np.where(only, "one", "others"))
    place = standing(history, values)[np.argsort([int(name) for name in history.accounts])]
    assert place[0] == pytest.approx(0.5 / 40)
    assert np.sort(place) == pytest.approx((np.arange(40) + 0.5) / 40)
    assert standing(history, np.ones(len(ids))) == pytest.approx(np.full(40, 0.5))
    assert np.isnan(standing(account_months(ids, places, ids < 5), values)).all()


def test_it_is_visible_from_the_longest_lead_without_a_gap_that_stands_out_by_itself():
    """|z| must be above what chance stays under over all leads, 2.5 here: four months before is not."""
    z = np.array([1.0, -4.0, -2.6, -2.4, -5.0, 0.0])
    some = np.ones(6)
    chance = np.concatenate([np.full(95, 2.5), np.full(5, 2.51)])
    found = Scores(some / 2, some, z, some, some, np.ones(6, dtype=bool), chance, some, np.zeros((6, 1)))
    assert _visible_from(found) == 5
    assert _visible_from(replace(found, z=np.where(z == -5.0, -0.1, z))) == 3
    assert _visible_from(replace(found, z=-np.where(z == -5.0, -0.1, z))) == 3
