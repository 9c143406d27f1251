"""Readings: what is compared with what, and what is said about it."""

from datetime import date
from math import isnan, nan

import numpy as np
import pandas as pd
import pytest

from data.calendar import periods
from kpis.catalogue import kpi
from ui import overview
from ui.ahead import ahead
from ui.reading import judged_period, read
from ui.telling import Teller
from ui.usual import usual_range
from ui.verdict import objective_verdict, overview_verdict
from workspace.forecasting import look_ahead

PERIODS = periods(date(2024, 1, 1), date(2025, 3, 12), "month")


def table(values: list[float], key: str = "nrr", low: float = nan, high: float = nan) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kpi": key,
            "period": [p.id for p in PERIODS],
            "value": values,
            "numerator": [v * 100 for v in values],
            "denominator": 100.0,
            "n": 100.0,
            "low": low,
            "high": high,
            "complete": [p.complete for p in PERIODS],
            "reason": [None if v == v else "no_history" for v in values],
            "badge": None,
        }
    )


FLAT = [1.0, 1.01] * 7 + [0.5]


def test_the_period_judged_is_the_last_whole_one() -> None:
    assert judged_period(PERIODS, "") == "2025-02"
    assert judged_period(PERIODS, "2024-05") == "2024-05"
    assert judged_period(PERIODS, "1999-01") == "2025-02"
    assert judged_period((), "") == ""


def test_value_change_target_and_usual_range() -> None:
    one = read(table(FLAT), PERIODS, "2025-02", {kpi("nrr"): "lagging"}, {"nrr": 1.05})["nrr"]
    assert one.value == 1.01
    assert one.before_period == "2025-01"
    assert one.change is not None
    assert one.change.difference == pytest.approx(0.01)
    assert one.status == "near"
    low, high = one.usual or (nan, nan)
    assert 0.98 < low < 1.0 < 1.01 < high < 1.03
    assert one.outside == ""


def test_compared_with_a_year_before() -> None:
    one = read(table(FLAT), PERIODS, "2025-02", {kpi("nrr"): "lagging"}, {}, "year")["nrr"]
    assert one.before_period == "2024-02"
    assert one.change is not None
    assert one.change.difference == 0
    assert one.status == ""


def test_an_unfinished_period_is_not_compared() -> None:
    one = read(table(FLAT), PERIODS, "2025-03", {kpi("nrr"): "lagging"}, {})["nrr"]
    assert not one.complete
    assert one.change is None
    judged = read(table(FLAT), PERIODS, "2025-03", {kpi("nrr"): "lagging"}, {"nrr": 1.0})["nrr"]
    assert (judged.status, judged.usual, judged.outside) == ("", None, "")
    ranged = read(table(FLAT, low=0.4, high=0.6), PERIODS, "2025-03", {kpi("nrr"): "lagging"}, {"nrr": 1.0})["nrr"]
    assert isnan(ranged.low)
    assert objective_verdict([judged], Teller("en")).headline.startswith("The figures of this period are not final")


def test_calm_is_said_only_where_ranges_are_known_and_hold() -> None:
    few = read(table(FLAT), PERIODS, "2024-03", {kpi("nrr"): "lagging"}, {})["nrr"]
    assert few.usual is None
    assert objective_verdict([few], Teller("en")).detail == ""
    calm = read(table(FLAT), PERIODS, "2025-02", {kpi("nrr"): "lagging"}, {})["nrr"]
    assert objective_verdict([calm], Teller("en")).detail == "Nothing lies outside its usual range."
    money = read(table([*FLAT[:13], 2.0, 2.0], "mrr"), PERIODS, "2025-02", {kpi("mrr"): "lagging"}, {})["mrr"]
    assert money.outside == "above"
    assert objective_verdict([money], Teller("en")).detail == ""


def test_no_value_has_its_reason() -> None:
    one = read(table([nan] * 15), PERIODS, "2025-02", {kpi("nrr"): "lagging"}, {"nrr": 1.0})["nrr"]
    assert not one.known
    assert one.reason == "no_history"
    assert one.status == ""
    assert isnan(one.before)


def test_outside_its_usual_range_on_the_bad_side() -> None:
    values = [*FLAT[:13], 0.8, 0.9]
    one = read(table(values), PERIODS, "2025-02", {kpi("nrr"): "lagging"}, {})["nrr"]
    assert (one.outside, one.tone) == ("below", "bad")
    said = objective_verdict([one], Teller("en"))
    assert said.headline == "No targets are set, so nothing is judged."
    assert said.detail == "Net revenue retention: 80%, below the usual 99.2–101.8%."


def test_usual_range_needs_eight_values() -> None:
    assert usual_range([1.0] * 7) is None
    assert usual_range([nan, *range(1, 9)]) == pytest.approx((9.0, 9.0))  # a straight line goes on


def test_usual_range_stays_within_what_is_possible() -> None:
    shares = [0.0, 0.02, 0.0, 0.01, 0.0, 0.03, 0.0, 0.0, 0.01]
    low, high = usual_range(shares, (0.0, 1.0)) or (nan, nan)
    assert low == 0.0
    assert 0.03 < high < 0.1


@pytest.mark.parametrize("drift", [False, True])
def test_usual_range_holds_about_19_of_20_next_values(drift: bool) -> None:
    random = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        noise = random.normal(size=25)
        values = np.cumsum(noise + 0.5) if drift else noise
        low, high = usual_range(list(values[:24])) or (nan, nan)
        held += low <= values[24] <= high
    assert 0.92 <= held / 400 <= 0.98


@pytest.mark.parametrize(
    ("locale", "change"),
    [("en", "+1 pt on January"), ("pt_BR", "+1 p.p. ante janeiro"), ("es", "+1 p. p. frente a enero")],
)
def test_told_in_three_languages(locale: str, change: str) -> None:
    tell = Teller(locale)
    one = read(table(FLAT), PERIODS, "2025-02", {kpi("nrr"): "lagging"}, {"nrr": 1.0})["nrr"]
    assert tell.change(one).replace("\u00a0", " ") == change
    assert tell.status(one).startswith(":green[:material/check_circle: ")
    assert tell.value(one.value, "ratio") == "101%".replace("%", "\u00a0%" if locale == "es" else "%")


def test_a_target_inside_the_range_is_no_miss() -> None:
    one = read(table(FLAT, low=0.9, high=1.1), PERIODS, "2025-02", {kpi("nrr"): "lagging"}, {"nrr": 1.05})["nrr"]
    clear = read(table(FLAT, "grr"), PERIODS, "2025-02", {kpi("grr"): "lagging"}, {"grr": 1.2})["grr"]
    assert (one.status, clear.status) == ("close", "off")
    assert "Too close to call" in Teller("en").status(one)
    headline = "No target is clearly missed; one is too close to call: Net revenue retention."
    assert objective_verdict([one], Teller("en")).headline == headline
    both = objective_verdict([one, clear], Teller("en"))
    assert both.headline == "1 of 2 targets missed: Gross revenue retention."
    assert "Too close to call: Net revenue retention." in both.detail
    over = overview_verdict({"retention": [one], "quality": [clear]}, Teller("en"))
    assert over.headline == "Off target: quality."
    assert "Too close to call: Net revenue retention." in over.detail
    alone = overview_verdict({"retention": [one]}, Teller("en"))
    assert alone.headline == "No objective is clearly off target; too close to call in retention."


def test_an_overview_card_says_its_own_status_and_names_another_miss_apart() -> None:
    tell = Teller("en")
    own = read(table(FLAT, low=0.9, high=1.1), PERIODS, "2025-02", {kpi("nrr"): "lagging"}, {"nrr": 1.05})["nrr"]
    other = read(table(FLAT, "grr"), PERIODS, "2025-02", {kpi("grr"): "lagging"}, {"grr": 1.2})["grr"]
    status, change, missed = overview.below(own, other, tell).split("  \n")
    assert "Too close to call" in status
    assert "on January" in change
    assert missed == "Missed: Gross revenue retention (101%)."
    assert "Missed" not in overview.below(own, own, tell)
    assert "Off target" in overview.below(other, other, tell)


def test_what_a_number_rests_on_is_said_beside_its_range() -> None:
    tell = Teller("en")
    frame = table(FLAT, low=0.9, high=1.1).assign(accounts=212.0)
    one = read(frame, PERIODS, "2025-02", {kpi("nrr"): "lagging"}, {})["nrr"]
    assert tell.sure(one) == "Likely range 90–110% · 212 accounts"
    answers = read(table(FLAT, "csat", 0.9, 1.1), PERIODS, "2025-02", {kpi("csat"): "leading"}, {})["csat"]
    assert tell.sure(answers) == "Likely range 90–110% · 100 cases"
    total = read(table(FLAT, "mrr"), PERIODS, "2025-02", {kpi("mrr"): "lagging"}, {})["mrr"]
    assert tell.sure(total) == "100 accounts"  # customers at the close; a total has no range


def test_a_look_ahead_starts_from_the_last_whole_month_and_says_how_it_did() -> None:
    tell = Teller("en")
    one = read(table(FLAT), PERIODS, "2025-02", {kpi("nrr"): "lagging"}, {})["nrr"]
    found = ahead(one, tell, "month")
    assert found.rows["period"].tolist() == ["2025-03", "2025-04", "2025-05"]  # a quarter of 14 months
    assert found.says.startswith("Forecast: ")
    assert "80% of what comes; from 14 months." in found.says
    running = read(table(FLAT), PERIODS, "2025-03", {kpi("nrr"): "lagging"}, {})["nrr"]
    assert ahead(running, tell, "month").rows["period"].tolist() == found.rows["period"].tolist()
    earlier = read(table(FLAT), PERIODS, "2025-01", {kpi("nrr"): "lagging"}, {})["nrr"]
    short = read(table([nan] * 4 + FLAT[4:]), PERIODS, "2025-02", {kpi("nrr"): "lagging"}, {})["nrr"]
    stopped = read(table([*FLAT[:13], nan, nan]), PERIODS, "2025-02", {kpi("nrr"): "lagging"}, {})["nrr"]
    for reading, grain, why in [
        (one, "quarter", "by month only"),
        (earlier, "month", "an earlier one is chosen"),
        (short, "month", "it takes 12 whole months with a value, and there are 10"),
        (stopped, "month", "the last whole month has no value"),
    ]:
        refused = ahead(reading, tell, grain)
        assert why in refused.why
        assert refused.rows.empty
        assert not refused.says


def test_forecasts_go_on_from_where_a_kpi_is_and_stay_where_it_can_be() -> None:
    random = np.random.default_rng(3)
    money = look_ahead(kpi("mrr"), list(1e6 * 1.02 ** np.arange(30.0)))
    assert money.points == pytest.approx(1e6 * 1.02 ** (29 + np.cumsum(0.9 ** np.arange(1, 7))))
    churn = look_ahead(kpi("logo_churn"), list(random.binomial(100, 0.01, 30) / 100))
    assert (churn.low == 0).all()
    assert len(set(churn.points)) == 1
    nps = look_ahead(kpi("nps"), list(90 + 10 * random.random(30)))
    assert (nps.high <= 100).all()
    assert look_ahead(kpi("survival_12m"), [0.5] * 30).refusal is not None
    assert look_ahead(kpi("mrr"), [0.0] * 15 + [5.0] * 15).refusal is None  # a start from nothing has no logarithm


def test_verdicts_name_what_is_missed() -> None:
    readings = [
        read(table(FLAT, key), PERIODS, "2025-02", {kpi(key): "lagging"}, {key: target})[key]
        for key, target in (("nrr", 2.0), ("grr", 1.0))
    ]
    said = objective_verdict(readings, Teller("en"))
    assert said.headline == "1 of 2 targets missed: Net revenue retention."
    assert said.detail.startswith("Net revenue retention: 101% (target: at least 200%).")
    assert objective_verdict([], Teller("es")).headline == "Todavía no hay nada que evaluar en esta selección."
