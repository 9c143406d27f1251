"""Laws that hold whatever the rows: partitions add up, order and void invoices change nothing."""

from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.measures import FAMILIES as ALL
from data.measures import all_measures
from data.panel import build_panel
from tests.data.engines import facts

FAMILIES = tuple(
    family
    for family in ALL
    if family.name in ("contacts", "surveys", "renewals", "invoices", "referrals", "costs", "contracts", "sentiment")
)
LAWS = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FIRST = datetime(2024, 1, 1)

account = st.sampled_from(["a", "b", "c"])
maybe_account = st.sampled_from(["a", "b", None])
moment = st.integers(0, 200 * 24).map(lambda hours: FIRST + timedelta(hours=hours))
day = st.integers(0, 200).map(lambda days: date(2024, 1, 1) + timedelta(days=days))
seconds = st.one_of(st.none(), st.integers(0, 4000).map(lambda quarters: quarters / 4))
maybe = st.sampled_from([True, False, None])
money = st.integers(-5_000, 50_000).map(lambda cents: cents / 100)
currency = st.sampled_from([None, "BRL", "USD"])


def optional(values):
    return st.one_of(st.none(), values)


CONTACT = st.fixed_dictionaries(
    {
        "opened_at": moment,
        "account_id": maybe_account,
        "channel": st.sampled_from(["phone", "chat", None]),
        "status": st.sampled_from(["open", "pending", "solved", None]),
        "first_response_at": optional(moment),
        "solved_at": optional(moment),
        "sla_due_at": optional(moment),
        "queue_seconds": seconds,
        "handle_seconds": seconds,
        "talk_seconds": seconds,
        "abandoned": maybe,
        "first_contact": maybe,
        "fixed": maybe,
        "agent_replies": optional(st.integers(0, 3)),
        "is_spam": maybe,
    }
)
ANSWER = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["nps", "csat", "ces", "enps"]),
        "responded_at": st.integers(0, 60).map(lambda days: FIRST + timedelta(days=days)),
        "account_id": maybe_account,
        "respondent_id": st.sampled_from(["ana", "bia", None]),
        "score": st.integers(1, 10).map(float),
        "scale_min": st.just(1.0),
        "scale_max": st.sampled_from([5.0, 7.0, 10.0]),
        "higher_is_better": maybe,
        "touchpoint": st.sampled_from(["support", None]),
    }
)
INVOICE = st.fixed_dictionaries(
    {
        "account_id": account,
        "issued_on": day,
        "amount": money,
        "currency": currency,
        "due_on": optional(day),
        "paid_on": optional(day),
        "status": st.sampled_from(["open", "paid", None]),
        "kind": st.sampled_from(["one_off", "recurring", "credit", None]),
    }
)
RENEWAL = st.fixed_dictionaries(
    {
        "account_id": account,
        "due_on": day,
        "due_amount": st.integers(0, 500).map(float),
        "outcome": st.sampled_from(["renewed", "churned", "pending", None]),
        "decided_on": optional(day),
        "renewed_amount": optional(st.integers(0, 900).map(float)),
    }
)
REFERRAL = st.fixed_dictionaries(
    {
        "referrer_account_id": account,
        "referred_on": day,
        "referred_account_id": optional(account),
        "status": st.sampled_from(["open", "won", "lost", None]),
        "won_on": optional(day),
        "value": optional(st.integers(0, 900).map(float)),
        "reward_cost": optional(st.integers(0, 90).map(float)),
    }
)
RATING = st.fixed_dictionaries(
    {
        "account_id": account,
        "rated_on": day,
        "rater": st.sampled_from(["csm", "customer"]),
        "score": st.integers(1, 5).map(float),
        "scale_min": st.just(1.0),
        "scale_max": st.just(5.0),
    }
)
COST = st.fixed_dictionaries({"spent_on": day, "amount": money, "kind": st.sampled_from(["sales", "cs"])})
KEYS = {"contacts": "contact_id", "surveys": "response_id", "invoices": "invoice_id"}
KEYS |= {"renewals": "renewal_id", "referrals": "referral_id"}


def rows_of(strategy, name):
    listed = st.lists(strategy, min_size=1, max_size=12)
    key = KEYS.get(name)
    return listed.map(lambda rows: [{**row, key: f"k{n:02}"} if key else row for n, row in enumerate(rows)])


TABLES = st.fixed_dictionaries(
    {
        "accounts": st.just([{"account_id": "a", "created_on": date(2024, 1, 1)}]),
        "fx_rates": st.just([{"currency": "USD", "valid_from": date(2024, 3, 1), "rate": 5.123}]),
        **{
            name: rows_of(strategy, name)
            for name, strategy in {
                "contacts": CONTACT,
                "surveys": ANSWER,
                "invoices": INVOICE,
                "renewals": RENEWAL,
                "referrals": REFERRAL,
                "sentiment": RATING,
                "costs": COST,
            }.items()
        },
    }
)
GRAIN = st.sampled_from(["week", "month", "quarter", "year"])


def panel(tables, grain="month", names=tuple(family.name for family in FAMILIES)):
    families = [family for family in FAMILIES if family.name in names]
    frame = build_panel(facts(tables), grain, None, date(2024, 7, 31), families).frame
    return frame.astype({"account_id": str, "period": str})


def same(one, other):
    pd.testing.assert_frame_equal(one, other, check_exact=True)


@pytest.mark.slow
@LAWS
@given(TABLES, st.randoms(), GRAIN)
def test_row_order_changes_nothing(tables, random, grain):
    shuffled = {name: random.sample(rows, len(rows)) for name, rows in tables.items()}
    same(panel(tables, grain), panel(shuffled, grain))


@LAWS
@given(TABLES, INVOICE)
def test_a_void_invoice_changes_nothing(tables, void):
    """The columns it fills in are filled in elsewhere, or it would say that they are known at all."""
    dated = {"invoice_id": "k98", "account_id": "a", "issued_on": date(2024, 1, 5), "amount": 1.0}
    tables = {**tables, "invoices": [{**dated, "due_on": date(2024, 1, 9), "kind": "recurring"}, *tables["invoices"]]}
    row = {**void, "invoice_id": "k99", "status": "void"}
    more = {**tables, "invoices": [row, *tables["invoices"]]}
    same(panel(tables, names=("invoices", "referrals")), panel(more, names=("invoices", "referrals")))


@pytest.mark.slow
@LAWS
@given(TABLES, GRAIN)
def test_accounts_and_the_company_row_add_up_to_the_total(tables, grain):
    """One account for all rows that have one: additive measures of that account are the sum over accounts.

    Values that follow from whole accounts (distinct people, accounts counted once) are not compared.
    """
    owner = {"referrals": "referrer_account_id"}
    merged = {
        name: [
            {**row, owner.get(name, "account_id"): "a"}
            if row.get(owner.get(name, "account_id")) and name != "accounts"
            else row
            for row in rows
        ]
        for name, rows in tables.items()
    }
    apart, together = panel(tables, grain), panel(merged, grain)
    whole_accounts = {"billed_accounts", "one_off_expansion", "referral_value"}
    names = [
        name
        for name, measure in all_measures().items()
        if name in apart and measure.kind in ("event", "stock") and name not in whole_accounts
        and not name.startswith("feeling_")
    ]  # fmt: skip
    sums = [frame.groupby("period")[names].sum(min_count=1).astype(float) for frame in (apart, together)]
    pd.testing.assert_frame_equal(*sums, rtol=1e-12)


@LAWS
@given(TABLES)
def test_nps_stays_between_minus_100_and_100_and_parts_never_exceed_wholes(tables):
    found = panel(tables)
    pairs = [
        ("csat_satisfied", "csat_answers"),
        ("ces_easy", "ces_answers"),
        ("abandoned", "offered"),
        ("short_abandoned", "abandoned"),
        ("first_contacts_fixed", "first_contacts"),
        ("one_touch_solved", "one_touch_known"),
        ("contacts_solved_in_window", "contacts_opened_known"),
        ("service_level_met", "service_level_offered"),
        ("sla_met", "sla_due"),
        ("renewals_won", "renewals_decided"),
        ("renewal_kept_amount", "renewal_due_amount"),
        ("referrals_won", "referrals_received"),
        ("promoter_accounts", "nps_accounts"),
    ]
    for part, whole in pairs:
        assert (found[part].fillna(0) <= found[whole].fillna(0)).all(), part
    bands = found["nps_promoters"] + found["nps_passives"] + found["nps_detractors"]
    assert (bands == found["nps_answers"]).all()
