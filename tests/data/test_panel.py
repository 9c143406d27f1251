"""The panel as a whole: both engines agree, laws hold, threads get their own answers."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from itertools import pairwise

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import mssql, mysql, oracle

from data.calendar import GRAINS
from data.measures import FAMILIES, all_measures, cohorts, health_inputs, movements, observed, usage
from data.measures.elements import DUCKDB, PeriodStart
from data.panel import build_panel, compile_select, panel_select
from data.policies import CHOICES, Policies
from tests.data.engines import both, context, facts, on_duckdb

SUBSCRIPTIONS = (movements.FAMILY, cohorts.FAMILY, cohorts.TRAILING_FAMILY)
FIRST = date(2024, 1, 1)
AS_OF = date(2024, 12, 15)

ALLOWED = {
    "abs", "avg", "cast", "coalesce", "count", "date_trunc", "extract", "first_value", "floor", "lead", "max", "min",
    "row_number", "sign", "sum",
}  # fmt: skip
WORDS = {"and", "as", "by", "calendar", "distinct", "exists", "from", "in", "in_", "on", "or", "over", "select",
         "then", "values", "when", "where", "not", "case", "else", "with", "all", "union", "join", "end"}  # fmt: skip

RICH = {
    "accounts": [
        {"account_id": "a", "created_on": date(2023, 12, 1), "segment": "SMB", "seats": 5},
        {"account_id": "b", "created_on": date(2024, 1, 5), "segment": "Big"},
    ],
    "subscriptions": [
        {"subscription_id": "s1", "account_id": "a", "started_on": FIRST, "ended_on": date(2024, 5, 1), "amount": 10.0},
        {"subscription_id": "s1", "account_id": "a", "started_on": date(2024, 5, 1), "amount": 12.5, "seats": 3,
         "cancelled_on": date(2024, 8, 1)},
        {"subscription_id": "s2", "account_id": "b", "started_on": date(2024, 2, 3), "ended_on": date(2024, 6, 2),
         "amount": 99.99, "billing_months": 12.0, "currency": "USD", "product": "X"},
    ],
    "contracts": [{"contract_id": "k", "account_id": "a", "starts_on": FIRST, "recurring_amount": 100.0,
                   "billing_months": 12.0, "term_months": 12.0, "one_off_fees": 7.0}],
    "churn_events": [{"account_id": "b", "event_on": date(2024, 6, 2)}],
    "renewals": [{"renewal_id": "r", "account_id": "a", "due_on": date(2024, 5, 1), "due_amount": 9.0,
                  "outcome": "renewed", "decided_on": date(2024, 4, 1)}],
    "invoices": [
        {"invoice_id": "i1", "account_id": "a", "issued_on": date(2024, 1, 2), "amount": 10.0,
         "due_on": date(2024, 1, 9)},
        {"invoice_id": "i2", "account_id": "b", "issued_on": date(2024, 3, 2), "amount": 5.0, "kind": "one_off",
         "currency": "USD", "status": "paid", "paid_on": date(2024, 4, 1)},
    ],
    "usage": [
        {"account_id": "a", "used_on": date(2024, 2, 1), "user_id": "u1", "feature": "f"},
        {"account_id": "a", "used_on": date(2024, 2, 2), "user_id": "u1", "feature": "g"},
        {"account_id": "c", "used_on": date(2024, 2, 2)},
    ],
    "usage_daily": [{"account_id": "b", "used_on": date(2024, 2, 10), "active_users": 3, "seats": 4, "events": 9}],
    "contacts": [
        {"contact_id": "t1", "opened_at": datetime(2024, 2, 1, 9), "account_id": "a", "abandoned": False,
         "queue_seconds": 7.5, "handle_seconds": 100.25, "solved_at": datetime(2024, 2, 2, 9, 0, 30),
         "status": "solved",
         "first_response_at": datetime(2024, 2, 1, 9, 5), "agent_replies": 1, "first_contact": True, "fixed": True,
         "sla_due_at": datetime(2024, 2, 3, 9)},
        {"contact_id": "t2", "opened_at": datetime(2024, 3, 1, 9), "abandoned": True, "queue_seconds": 3.0},
    ],
    "contact_totals": [{"day": date(2024, 4, 1), "offered": 50, "abandoned": 4, "handled": 46, "handle_seconds": 460.0,
                        "queue_seconds": 92.0, "within_service_level": 40}],
    "surveys": [
        {"response_id": "n1", "kind": "nps", "responded_at": datetime(2024, 2, 1, 9), "score": 9.0, "scale_min": 0.0,
         "scale_max": 10.0, "account_id": "a", "respondent_id": "p"},
        {"response_id": "n2", "kind": "csat", "responded_at": datetime(2024, 2, 1, 9), "score": 4.0, "scale_min": 1.0,
         "scale_max": 5.0, "account_id": "a"},
        {"response_id": "n3", "kind": "ces", "responded_at": datetime(2024, 3, 1, 9), "score": 6.0, "scale_min": 1.0,
         "scale_max": 7.0, "account_id": "b", "higher_is_better": True},
        {"response_id": "n4", "kind": "enps", "responded_at": datetime(2024, 3, 1, 9), "score": 6.0, "scale_min": 0.0,
         "scale_max": 10.0},
    ],
    "sentiment": [{"account_id": "a", "rated_on": date(2024, 3, 3), "rater": "csm", "score": 4.0, "scale_min": 1.0,
                   "scale_max": 5.0}],
    "referrals": [{"referral_id": "q", "referrer_account_id": "a", "referred_on": date(2024, 2, 2),
                   "referred_account_id": "b", "won_on": date(2024, 2, 20), "reward_cost": 3.0}],
    "costs": [{"spent_on": date(2024, 2, 2), "amount": 33.3, "kind": "sales"}],
    "fx_rates": [{"currency": "USD", "valid_from": date(2024, 3, 1), "rate": 5.25}],
    "observations": [
        {"metric": "m", "observed_on": date(2024, 2, 2), "numerator": 1.0, "denominator": 2.0, "account_id": "d"}
    ],
}  # fmt: skip


@pytest.mark.parametrize("grain", GRAINS)
def test_every_measure_is_the_same_on_both_engines(grain):
    policies = Policies(rates=(("USD", 5.0),))
    families = (*FAMILIES, observed.family(["m"]), *([health_inputs.FAMILY] if grain == "month" else []))
    found = both(RICH, grain, policies, AS_OF, families)
    assert {account for account, _ in found} == {"", "a", "b", "c", "d"}
    dark = {name for values in found.values() for name, value in values.items() if value is not None} ^ set(
        next(iter(found.values()))
    )
    assert not {name for name in dark if not name.endswith("_12m") and not name.startswith("activity_")}


@pytest.mark.parametrize(("name", "choice"), [(name, choices[1]) for name, choices in CHOICES.items()])
def test_every_policy_is_the_same_on_both_engines(name, choice):
    both(RICH, "month", Policies().with_set(name, choice), AS_OF, SUBSCRIPTIONS)


def test_measure_names_are_unique():
    assert len(all_measures()) == sum(len(family.measures) for family in FAMILIES)


def test_only_known_functions_reach_the_engines():
    text, _ = compile_select(panel_select(context(RICH), (*FAMILIES, health_inputs.FAMILY)))
    called = {name.lower() for name in re.findall(r"\b([A-Za-z_][A-Za-z0-9_]*)\s*\(", text)}
    assert called - WORDS <= ALLOWED
    assert "filter" not in called


@pytest.mark.parametrize("dialect", [mssql.dialect(), mysql.dialect(), oracle.dialect()])
def test_an_untested_engine_is_refused(dialect):
    with pytest.raises(NotImplementedError, match="not tested"):
        sa.select(PeriodStart(sa.column("day", sa.Date), "month")).compile(dialect=dialect)


def test_percent_signs_and_lists_reach_the_engine_as_they_are():
    values = sa.select(sa.literal("5 %").label("text")).where(
        sa.literal("a%b").like("a%"), sa.literal(3).in_([1, 2, 3])
    )
    text, parameters = compile_select(values)
    assert "%%" not in text
    assert len(parameters) == len(set(re.findall(r"\$\d+", text)))
    assert DUCKDB.paramstyle == "numeric_dollar"


def test_nothing_observed_is_an_empty_panel():
    panel = build_panel(facts({"accounts": [{"account_id": "a"}]}), "month")
    assert panel.frame.empty
    assert panel.periods == ()
    assert set(all_measures()) <= set(panel.frame.columns)


def test_an_as_of_day_before_the_data_is_an_empty_panel():
    assert build_panel(facts(RICH), "month", as_of=date(2020, 1, 1)).frame.empty


def test_rows_are_in_order_and_unique():
    frame = build_panel(facts(RICH), "month", as_of=AS_OF).frame
    assert not frame.duplicated(["account_id", "period"]).any()
    keys = frame[["account_id", "period"]].astype(str)
    assert keys.equals(keys.sort_values(["account_id", "period"]))


def test_the_order_of_rows_changes_nothing():
    turned = {name: rows[::-1] for name, rows in RICH.items()}
    assert on_duckdb(RICH, "month", as_of=AS_OF) == on_duckdb(turned, "month", as_of=AS_OF)


DAYS = st.integers(0, 420).map(lambda days: FIRST + timedelta(days=days))


@st.composite
def subscriptions(draw):
    rows, keys = [], set()
    for number in range(draw(st.integers(1, 8))):
        started = draw(DAYS)
        lasts = draw(st.one_of(st.none(), st.integers(1, 200)))
        key = (draw(st.sampled_from(["s1", "s2", "s3", f"t{number}"])), started)
        if key in keys:
            continue
        keys.add(key)
        rows.append(
            {
                "subscription_id": key[0],
                "account_id": draw(st.sampled_from(["a", "b"])),
                "started_on": started,
                "ended_on": started + timedelta(days=lasts) if lasts else None,
                "amount": draw(st.floats(0, 1e6, allow_nan=False).map(lambda value: round(value, 2))),
                "billing_months": draw(st.sampled_from([None, 1.0, 3.0, 12.0])),
                "product": draw(st.sampled_from([None, "Core", "Plus"])),
                "plan": draw(st.sampled_from([None, "Pro"])),
                "quantity": draw(st.sampled_from([None, 1.0, 2.5])),
                "status": draw(st.sampled_from([None, "active", "trial", "free", "paused"])),
                "discount": draw(st.sampled_from([None, 0.01])) if lasts else None,
            }
        )
    return [{**row, "discount": min(row["discount"] or 0.0, row["amount"])} for row in rows]


GAINS = ("new_mrr", "reactivation_mrr", "upsell_mrr", "cross_sell_mrr", "price_uplift_mrr")


@settings(max_examples=20, deadline=None)
@given(subscriptions(), st.sampled_from(GRAINS), st.data())
def test_the_bridge_closes_and_joins_up(rows, grain, data):
    name = data.draw(st.sampled_from([*CHOICES, "none"]))
    policies = Policies() if name == "none" else Policies().with_set(name, CHOICES[name][1])
    found = on_duckdb({"subscriptions": rows}, grain, policies, date(2025, 2, 20), SUBSCRIPTIONS)
    for account in {account for account, _ in found}:
        mine = [values for (owner, _), values in sorted(found.items()) if owner == account]
        for m in mine:
            gains = sum(m[name] for name in GAINS)
            assert m["opening_mrr"] + gains - m["contraction_mrr"] - m["churned_mrr"] == m["closing_mrr"]
            came = m["new_accounts"] + m["reactivated_accounts"]
            assert m["opening_accounts"] + came - m["lost_accounts"] == m["closing_accounts"]
            assert all(value >= 0 for value in m.values() if value is not None)
            for back in (1, 3, 12):
                if m[f"mrr_then_{back}m"] is not None:
                    assert m[f"mrr_kept_{back}m"] <= min(m[f"mrr_then_{back}m"], m[f"mrr_now_{back}m"])
        assert all(before["closing_mrr"] == after["opening_mrr"] for before, after in pairwise(mine))


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(subscriptions(), st.data())
def test_splitting_a_row_in_time_changes_nothing(rows, data):
    row = data.draw(st.sampled_from(rows)) if rows else None
    days = (((row["ended_on"] or date(2025, 2, 20)) - row["started_on"]).days - 1) if row else 0
    if row is None or days < 1:
        return
    middle = row["started_on"] + timedelta(days=data.draw(st.integers(1, days)))
    if (row["subscription_id"], middle) in {(one["subscription_id"], one["started_on"]) for one in rows}:
        return
    split = [one for one in rows if one is not row]
    split += [{**row, "ended_on": middle}, {**row, "started_on": middle}]
    before, after = (
        on_duckdb({"subscriptions": given}, "month", None, date(2025, 2, 20), SUBSCRIPTIONS) for given in (rows, split)
    )
    assert before == after


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(subscriptions(), st.integers(1, 14))
def test_moving_everything_by_whole_months_moves_the_series(rows, months):
    from data.calendar import add_months

    if not rows or any(day and day.day > 28 for row in rows for day in (row["started_on"], row["ended_on"])):
        rows = [
            {
                **row,
                **{key: row[key] and row[key].replace(day=min(row[key].day, 28)) for key in ("started_on", "ended_on")},
            }
            for row in rows
        ]
        rows = list({(row["subscription_id"], row["started_on"]): row for row in rows}.values())
    moved = [
        {**row, **{key: row[key] and add_months(row[key], months) for key in ("started_on", "ended_on")}}
        for row in rows
    ]
    as_of = date(2025, 3, 28)
    first, second = (
        [[m["closing_mrr"], m["churned_mrr"], m["new_mrr"]] for _, m in sorted(found.items())]
        for found in (
            on_duckdb({"subscriptions": rows}, "month", None, as_of, SUBSCRIPTIONS),
            on_duckdb({"subscriptions": moved}, "month", None, add_months(as_of, months), SUBSCRIPTIONS),
        )
    )
    assert first == second


def test_twelve_threads_get_the_answer_of_one():
    given = facts(RICH)
    families = (*SUBSCRIPTIONS, usage.FAMILY)
    grains = ("week", "month", "year")
    alone = {grain: build_panel(given, grain, None, AS_OF, families).frame for grain in grains}
    with ThreadPoolExecutor(12) as pool:
        jobs = [(grain, pool.submit(build_panel, given, grain, None, AS_OF, families)) for grain in grains * 4]
        for grain, job in jobs:
            pd.testing.assert_frame_equal(job.result().frame, alone[grain])
