"""What is listed behind a number adds up to it."""

from datetime import date, datetime

import pytest

from data import drill
from data.calendar import periods
from data.facts import connect
from data.measures import all_measures
from data.panel import build_panel
from data.policies import Policies
from data.problems import DataProblem
from tests.data.engines import facts

MILLION = 1_000_000
MARCH = datetime(2024, 3, 5, 10)
SCALE = {"scale_min": 0.0, "scale_max": 10.0}
TABLES = {
    "accounts": [
        {"account_id": "a", "segment": "SMB"},
        {"account_id": "b", "segment": "Enterprise"},
        {"account_id": "test", "is_test": True},
    ],
    "subscriptions": [
        {"subscription_id": "s1", "account_id": "a", "started_on": date(2024, 1, 1), "amount": 100.0},
        {"subscription_id": "s2", "account_id": "a", "started_on": date(2024, 3, 2), "amount": 60.0,
         "product": "add-on"},
        {"subscription_id": "s3", "account_id": "b", "started_on": date(2024, 1, 9),
         "ended_on": date(2024, 3, 9), "amount": 30.0},
        {"subscription_id": "s4", "account_id": "c", "started_on": date(2024, 3, 9), "amount": 10.0},
    ],
    "contacts": [
        {"contact_id": "T1", "account_id": "a", "opened_at": MARCH, "abandoned": False, "queue_seconds": 7.5,
         "solved_at": datetime(2024, 3, 6), "agent_replies": 1, "first_response_at": datetime(2024, 3, 5, 11)},
        {"contact_id": "T2", "account_id": "b", "opened_at": MARCH, "abandoned": True, "sla_due_at": MARCH},
        {"contact_id": "T3", "opened_at": MARCH, "abandoned": True, "queue_seconds": 2.0, "handle_seconds": 1.5},
        {"contact_id": "T4", "account_id": "test", "opened_at": MARCH, "abandoned": True},
    ],
    "contact_totals": [{"day": date(2024, 3, 7), "offered": 50, "abandoned": 5, "handled": 45, "handle_seconds": 90.0}],
    "surveys": [
        {"response_id": "A1", "kind": "nps", "responded_at": MARCH, "score": 9.0, "account_id": "a", **SCALE},
        {"response_id": "A2", "kind": "nps", "responded_at": MARCH, "score": 3.0, "account_id": "b", **SCALE},
        {"response_id": "A3", "kind": "csat", "responded_at": MARCH, "score": 9.0, "account_id": "b", **SCALE},
        {"response_id": "A4", "kind": "ces", "responded_at": MARCH, "score": 9.5, "account_id": "b", **SCALE},
        {"response_id": "A5", "kind": "enps", "responded_at": MARCH, "score": 9.0, "account_id": "b", **SCALE},
    ],
    "renewals": [
        {"renewal_id": "R1", "account_id": "a", "due_on": date(2024, 3, 5), "due_amount": 10.0, "outcome": "renewed"},
        {"renewal_id": "R2", "account_id": "b", "due_on": date(2024, 3, 5), "due_amount": 20.0, "outcome": "churned"},
        {"renewal_id": "R3", "account_id": "b", "due_on": date(2024, 3, 5), "due_amount": 20.0},
    ],
    "invoices": [
        {"invoice_id": "F1", "account_id": "a", "issued_on": date(2024, 1, 5), "amount": 100.0,
         "due_on": date(2024, 2, 5)},
        {"invoice_id": "F2", "account_id": "a", "issued_on": date(2024, 3, 5), "amount": 50.0, "kind": "one_off"},
        {"invoice_id": "F3", "account_id": "a", "issued_on": date(2024, 3, 6), "amount": -20.0},
    ],
    "referrals": [
        {"referral_id": "I1", "referrer_account_id": "a", "referred_on": date(2024, 3, 5), "referred_account_id": "c",
         "status": "won", "won_on": date(2024, 3, 9), "reward_cost": 7.0},
    ],
    "costs": [{"spent_on": date(2024, 3, 5), "amount": 33.0, "kind": "sales", "segment": "SMB"}],
    "contracts": [
        {"contract_id": "K1", "account_id": "a", "starts_on": date(2024, 1, 1), "recurring_amount": 100.0,
         "billing_months": 12.0, "term_months": 36.0, "one_off_fees": 30.0},
    ],
    "sentiment": [
        {"account_id": "a", "rated_on": date(2024, 3, 5), "rater": "csm", "score": 4.0,
         "scale_min": 1.0, "scale_max": 5.0},
    ],
    "usage": [{"account_id": "a", "used_on": date(2024, 3, 5), "user_id": "ana", "feature": "reports"}],
}  # fmt: skip
AS_OF = date(2024, 4, 15)


@pytest.fixture(scope="module")
def given():
    return facts(TABLES)


def total(frame, measure, accounts=None):
    rows = frame if accounts is None else frame[frame["account_id"].isin(accounts)]
    value = rows[measure].astype("Float64").sum()
    return float(value) / (MILLION if all_measures()[measure].unit == "money" else 1)


FAMILIES_OF_LINES = [
    name
    for name in all_measures()
    if not name.startswith(
        ("health_", "mrr_", "seat_", "user_", "adoption_", "features_", "activity_", "active_", "working_")
    )
]


@pytest.mark.slow
def test_every_measure_is_the_sum_of_its_rows(given):
    panel = build_panel(given, "month", as_of=AS_OF)
    march = next(period for period in panel.periods if period.id == "2024-03")
    frame = panel.frame[panel.frame["period"] == "2024-03"]
    with connect(given, AS_OF) as cursor:
        for measure in FAMILIES_OF_LINES:
            listed = drill.evidence_rows(cursor, measure, march, as_of=AS_OF)
            assert listed["contribution"].sum() == pytest.approx(total(frame, measure)), measure
            assert list(listed.columns[:4]) == ["table", "id", "account_id", "date"]
            assert listed.columns[-1] == "contribution"


def march_of(given, measure, where=drill.EVERYTHING, policies=None, period="2024-03"):
    one = next(found for found in periods(date(2024, 1, 1), AS_OF, "month") if found.id == period)
    with connect(given, AS_OF, policies) as cursor:
        return drill.evidence_rows(cursor, measure, one, where, policies, AS_OF)


def test_a_filter_keeps_its_accounts_and_leaves_the_company_row_out(given):
    listed = march_of(given, "abandoned", {"segment": ("Enterprise",)})
    assert listed[["table", "id", "account_id", "contribution"]].values.tolist() == [["contacts", "T2", "b", 1]]
    everything = march_of(given, "abandoned")
    assert everything["id"].tolist() == ["0", "T2", "T3"]
    assert everything["table"].tolist() == ["contact_totals", "contacts", "contacts"]


def test_contributions_are_in_plain_units(given):
    assert march_of(given, "closing_mrr")[["id", "contribution"]].values.tolist() == [
        ["s1", 100],
        ["s2", 60],
        ["s4", 10],
    ]
    assert march_of(given, "churned_mrr")[["id", "account_id", "contribution"]].values.tolist() == [["s3", "b", 30]]
    assert march_of(given, "new_mrr")["id"].tolist() == ["s4"]
    assert march_of(given, "wait_seconds")["contribution"].tolist() == [7.5]
    cross_sell = march_of(given, "cross_sell_mrr").iloc[0]
    assert (cross_sell["account_id"], cross_sell["opening_mrr"], cross_sell["closing_mrr"]) == ("a", 100, 160)
    assert cross_sell["contribution"] == 60


def test_policies_are_those_of_the_number(given):
    assert march_of(given, "short_abandoned")["id"].tolist() == ["T3"]
    assert march_of(given, "short_abandoned", policies=Policies(short_seconds=0)).empty


def test_a_number_without_rows_lists_none(given):
    listed = march_of(given, "overdue_amount", period="2024-01")
    assert listed.empty
    assert list(listed.columns) == ["table", "id", "account_id", "date", "contribution"]
    assert march_of(facts({"subscriptions": TABLES["subscriptions"]}), "invoiced").empty


def test_the_as_of_day_is_the_latest_seen_where_none_is_given(given):
    panel = build_panel(given, "month")
    march = panel.periods[2]
    with connect(given) as cursor:
        pending = drill.evidence_rows(cursor, "renewals_pending", march)
        assert pending["id"].tolist() == ["R3"]


def test_an_unknown_measure_is_named_with_those_like_it(given):
    with pytest.raises(DataProblem, match="closing_mrr"):
        march_of(given, "closing_mr")
