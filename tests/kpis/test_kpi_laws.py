"""Laws that hold for any data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.catalogue import KPIS, kpi
from kpis.kpi import Parts
from kpis.reasons import REASONS
from kpis.table import NEVER_ROLL_UP, kpi_table

many = settings(max_examples=80, deadline=None)
few = settings(max_examples=20, deadline=None)  # whole tables are slow to make, and large

ADDITIVE = sorted({name for one in KPIS for name in one.measures} - NEVER_ROLL_UP - {"gross_margin"})
counts = st.integers(min_value=0, max_value=10_000)
amounts = st.integers(min_value=0, max_value=10**9)


def parts_of_a_whole(count):
    """Counts that add up: so many parts and their sum."""
    return st.lists(counts, min_size=count, max_size=count).map(lambda parts: (*parts, sum(parts)))


NAMES = sorted({name for one in KPIS for name in one.measures})


@st.composite
def cubes(draw):
    """A small cube in two groups and three periods, any measure missing, zero or positive.

    Its numbers come from one drawn seed: drawing them one by one would take most of the time.
    """
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    frame = pd.DataFrame([(segment, f"2024-0{month}") for month in (1, 2, 3) for segment in "AB"])
    frame.columns = ["segment", "period"]
    numbers = random.integers(1, 10_000, (len(frame), len(ADDITIVE))).astype(float)
    numbers[random.random(numbers.shape) < draw(st.sampled_from([0, 0.1, 0.5]))] = 0
    numbers[random.random(numbers.shape) < draw(st.sampled_from([0, 0.1, 0.5]))] = np.nan
    numbers[:, random.random(len(ADDITIVE)) < draw(st.sampled_from([0, 0.3, 1.0]))] = np.nan
    measures = pd.DataFrame(numbers, columns=ADDITIVE).astype("Int64")
    complete = random.random(len(frame)) < 0.8
    margin = random.choice([np.nan, 0.0, 0.7, 1.0], len(frame))
    return pd.concat([frame.assign(complete=complete, gross_margin=margin), measures], axis=1)


@st.composite
def measures_of_a_period(draw):
    """Every measure once, positive."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    return dict(zip(NAMES, random.integers(1, 1_000, len(NAMES)).astype(float), strict=True))


@few
@given(cubes())
def test_there_is_a_value_or_a_reason_never_both(cube):
    table = kpi_table(cube, by=["segment"])
    assert list(table["kpi"]) == [one.key for one in KPIS for _ in range(len(cube))]
    assert (table["value"].isna() == table["reason"].notna()).all()
    assert set(table["reason"].dropna()) <= set(REASONS)
    assert np.isfinite(table["value"].dropna()).all()
    assert table.loc[table["reason"].notna(), ["low", "high"]].isna().all().all()


@few
@given(cubes())
def test_value_is_numerator_over_denominator(cube):
    table = kpi_table(cube, by=["segment"])
    shown = table[table["reason"].isna()]
    made = shown["numerator"] / shown["denominator"].fillna(1)
    np.testing.assert_allclose(shown["value"], made, rtol=1e-12)


@few
@given(cubes())
def test_interval_holds_the_value(cube):
    table = kpi_table(cube, by=["segment"]).dropna(subset=["low"])
    assert ((table["low"] <= table["value"] + 1e-9) & (table["value"] <= table["high"] + 1e-9)).all()
    proportions = table.loc[np.array([kpi(key).interval == "wilson" for key in table["kpi"]], dtype=bool)]
    assert ((proportions["low"] >= 0) & (proportions["high"] <= 1)).all()


@few
@given(cubes())
def test_groups_sum_to_the_whole(cube):
    whole = kpi_table(cube, ADDITIVE_KEYS)
    summed = cube.groupby("period")[[name for name in cube.columns if name in ADDITIVE]].sum(min_count=1)
    summed = summed.join(cube.groupby("period")[["complete", "gross_margin"]].min()).reset_index()
    pd.testing.assert_frame_equal(whole, kpi_table(summed, ADDITIVE_KEYS))


ADDITIVE_KEYS = [one.key for one in KPIS if not NEVER_ROLL_UP.intersection(one.measures)]


@few
@given(cubes(), st.randoms())
def test_row_and_column_order_change_nothing(cube, random):
    order = list(range(len(cube)))
    random.shuffle(order)
    names = list(cube.columns)
    random.shuffle(names)
    first, second = kpi_table(cube, by=["segment"]), kpi_table(cube.iloc[order][names], by=["segment"])
    keys = ["kpi", "period", "segment"]
    pd.testing.assert_frame_equal(
        first.sort_values(keys).reset_index(drop=True), second.sort_values(keys).reset_index(drop=True)
    )


@many
@given(parts_of_a_whole(3))
def test_nps_lies_between_minus_and_plus_a_hundred(answers):
    promoters, passives, detractors, total = answers
    value = kpi("nps").value({"nps_promoters": promoters, "nps_detractors": detractors, "nps_answers": total})
    if total:
        assert -100 <= value <= 100
        assert (value == 100) == (promoters == total)
        assert (value == -100) == (detractors == total)
        assert value == pytest.approx(100 * (2 * promoters + passives) / total - 100)
    else:
        assert np.isnan(value)


@many
@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=20))
def test_grr_is_at_most_nrr_and_one(accounts):
    then = sum(before for before, _ in accounts)
    measures = {
        "mrr_then_12m": then,
        "mrr_now_12m": sum(now for before, now in accounts if before),
        "mrr_kept_12m": sum(min(before, now) for before, now in accounts),
    }
    grr, nrr = kpi("grr").value(measures), kpi("nrr").value(measures)
    if then:
        assert 0 <= grr <= min(nrr, 1)
    else:
        assert np.isnan(grr)


@many
@given(*[amounts] * 6, st.integers(1, 10**9))
def test_churn_readings_agree(churned, contraction, upsell, cross_sell, uplift, back, opening):
    measures = {
        "churned_mrr": churned,
        "contraction_mrr": contraction,
        "upsell_mrr": upsell,
        "cross_sell_mrr": cross_sell,
        "price_uplift_mrr": uplift,
        "reactivation_mrr": back,
        "opening_mrr": opening,
    }
    gross = kpi("revenue_churn").value(measures)
    assert gross == pytest.approx(kpi("revenue_churn_lost").value(measures) + kpi("contraction_rate").value(measures))
    net = gross - kpi("expansion_rate").value(measures) - back / opening
    assert kpi("net_revenue_churn").value(measures) == pytest.approx(net, abs=1e-9 * max(1.0, gross))


MONEY = {
    "opening_mrr closing_mrr new_mrr reactivation_mrr upsell_mrr cross_sell_mrr price_uplift_mrr contraction_mrr",
    "churned_mrr mrr_now_12m mrr_then_12m mrr_kept_12m mrr_now_1m mrr_then_1m mrr_kept_1m mrr_now_3m mrr_then_3m",
    "mrr_kept_3m billed_to_date renewal_kept_amount renewal_due_amount one_off_expansion referral_value invoiced",
    "contract_value acquisition_cost overdue_amount health_mrr_points health_mrr",
}
MONEY_MEASURES = {name for line in MONEY for name in line.split()}


@few
@given(measures_of_a_period(), st.sampled_from([2.0, 0.25, 1_000.0]))
def test_another_currency_changes_money_by_its_rate_and_nothing_else(measures, rate):
    exchanged = {name: value * rate if name in MONEY_MEASURES else value for name, value in measures.items()}
    for one in KPIS:
        expected = one.value(measures) * (rate if one.unit == "money" else 1)
        assert one.value(exchanged) == pytest.approx(expected), one.key


@few
@given(measures_of_a_period(), st.integers(2, 9))
def test_a_company_twice_as_large_has_the_same_ratios(measures, times):
    fixed = {"gross_margin", *NEVER_ROLL_UP}
    larger = {name: value if name in fixed else value * times for name, value in measures.items()}
    for one in KPIS:
        total = one.parts(measures).denominator is None and not NEVER_ROLL_UP.intersection(one.measures)
        assert one.value(larger) == pytest.approx(one.value(measures) * (times if total else 1)), one.key


@few
@given(st.integers(0, 2**32))
def test_scalars_series_and_arrays_agree(seed):
    random = np.random.default_rng(seed)
    numbers = random.choice([np.nan, 0.0, 1.0, 3.0, 250.0, 7_919.0], (4, len(NAMES)))
    rows = [dict(zip(NAMES, map(float, row), strict=True)) for row in numbers]
    series = {name: pd.Series([row[name] for row in rows]) for name in NAMES}
    arrays = {name: column.to_numpy() for name, column in series.items()}
    for one in KPIS:
        scalars = [one.value(row) for row in rows]
        np.testing.assert_allclose(np.asarray(one.value(series), dtype=float), scalars, err_msg=one.key)
        with np.errstate(divide="ignore", invalid="ignore"):
            np.testing.assert_allclose(one.value(arrays), scalars, err_msg=one.key)


def test_formulas_return_parts():
    for one in KPIS:
        assert isinstance(one.parts(dict.fromkeys(one.measures, 1.0)), Parts)
