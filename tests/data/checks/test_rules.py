"""Rules of each table: what stays out, what is only remarked, and that the counts add up."""

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.importing import inspect, prepare
from data.problems import DataProblem


def checked(text, name, mapping=None, **how):
    return prepare(inspect(text.encode(), name), mapping, **how)[0]


def severities(prepared):
    return {(p.problem, p.column, p.severity) for p in prepared.checked.problems}


@pytest.mark.parametrize(
    ("name", "header", "row", "problem"),
    [
        ("contacts.csv", "contact_id,opened_at,solved_at", "1,2024-01-02 10:00,2024-01-02 09:00", "ends_before_start"),
        (
            "contacts.csv",
            "contact_id,opened_at,first_response_at",
            "1,2024-01-02 10:00,2024-01-01 09:00",
            "ends_before_start",
        ),
        ("contacts.csv", "contact_id,opened_at,queue_seconds", "1,2024-01-02 10:00,-1", "negative"),
        ("contacts.csv", "contact_id,opened_at,abandoned", "1,2024-01-02 10:00,maybe", "not_yes_or_no"),
        ("contacts.csv", "contact_id,opened_at,reopens", "1,2024-01-02 10:00,1.5", "not_a_whole_number"),
        (
            "referrals.csv",
            "referral_id,referrer_account_id,referred_on,won_on",
            "1,A,2024-02-01,2024-01-01",
            "ends_before_start",
        ),
        (
            "contracts.csv",
            "contract_id,account_id,starts_on,recurring_amount,billing_months,term_months",
            "1,A,2024-01-01,5,0,12",
            "not_above_zero",
        ),
        ("fx_rates.csv", "currency,valid_from,rate", "USD,2024-01-01,0", "not_above_zero"),
        ("contact_totals.csv", "day,offered,abandoned", "2024-01-01,5,6", "more_than_whole"),
        (
            "surveys.csv",
            "response_id,kind,responded_at,score,scale_min,scale_max",
            "1,nps,2024-01-01,11,0,10",
            "outside_scale",
        ),
        (
            "surveys.csv",
            "response_id,kind,responded_at,score,scale_min,scale_max",
            "1,csat,2024-01-01,3,5,1",
            "scale_reversed",
        ),
        ("surveys.csv", "response_id,kind,responded_at,score", "1,csat,2024-01-01,", "missing_required"),
        ("sentiment.csv", "account_id,rated_on,rater,score", "A,2024-01-01,martian,4", "unknown_word"),
        ("accounts.csv", "account_id,created_on", "A,31/02/2024", "not_a_date"),
        ("renewals.csv", "renewal_id,account_id,due_on,due_amount", "1,A,2024-01-01,-4", "negative"),
    ],
)
def test_rows_that_stay_out(name, header, row, problem):
    prepared = checked(f"{header}\n{row}\n", name)
    assert prepared.accepted.num_rows == 0
    assert problem in {p.problem for p in prepared.checked.problems if p.severity == "rejected"}
    assert prepared.rejected["farol_row"].to_pylist() == [2]


def test_credit_notes_may_be_negative_and_costs_are_remarked():
    assert checked("invoice_id,account_id,issued_on,amount\n1,A,2024-01-01,-5\n", "invoices.csv").accepted.num_rows == 1
    costs = checked("spent_on,amount,kind\n2024-01,-5,vendas\n", "costs.csv")
    assert costs.accepted.to_pylist() == [{"spent_on": date(2024, 1, 1), "amount": -5.0, "kind": "sales"}]
    assert ("negative", "amount", "warning") in severities(costs)


def test_cancelled_stretches():
    text = "subscription_id,account_id,started_on,amount,ended_on,status\n"
    prepared = checked(
        text + "1,A,2024-01-01,5,2024-02-01,Cancelado\n2,A,2024-01-01,5,,cancelled\n", "subscriptions.csv"
    )
    assert prepared.accepted["status"].to_pylist() == ["active", "cancelled"]
    assert ("cancelled_without_end", "ended_on", "warning") in severities(prepared)


def test_unknown_words_are_kept_and_remarked():
    prepared = checked("contact_id,opened_at,status\n1,2024-01-01,Quarentena\n", "contacts.csv")
    assert prepared.accepted["status"].to_pylist() == ["Quarentena"]
    assert ("unknown_word", "status", "warning") in severities(prepared)


def test_days_without_a_time_of_day():
    text = "contact_id,opened_at,solved_at\n1,2024-01-01 16:30,2024-01-01\n2,2024-01-01 16:30,2024-01-02\n"
    prepared = checked(text, "contacts.csv")
    assert prepared.accepted["solved_at"].to_pylist() == [datetime(2024, 1, 1, 16, 30), datetime(2024, 1, 2)]
    assert ("days_only", "solved_at", "assumed") in severities(prepared)


@pytest.mark.parametrize(
    ("kind", "scores", "scale"),
    [
        ("nps", [7, 9], (0, 10)),
        ("enps", [3], (0, 10)),
        ("csat", [3, 5], (1, 5)),
        ("csat", [0, 5], (0, 5)),
        ("csat", [6, 7], (1, 7)),
        ("csat", [2, 10], (1, 10)),
        ("csat", [80, 100], (0, 100)),
        ("csat", [0, 1], (0, 1)),
        ("ces", [1, 7], (1, 7)),
    ],
)
def test_scales_from_the_values(kind, scores, scale):
    text = "response_id,kind,responded_at,score\n" + "".join(
        f"{i},{kind},2024-01-01,{s}\n" for i, s in enumerate(scores)
    )
    prepared = checked(text, "surveys.csv")
    row = prepared.accepted.to_pylist()[0]
    assert (row["scale_min"], row["scale_max"], row["higher_is_better"]) == (*scale, True)
    assert ("assumed_scale", "scale_max", "assumed") in severities(prepared)
    assert ("assumed_direction", "higher_is_better", "assumed") in severities(prepared)


def test_units():
    mapping = {
        "tables": {
            "contacts": {
                "columns": {
                    "contact_id": "id",
                    "opened_at": "at",
                    "first_response_at": {"from": "wait", "as": "minutes", "after": "opened_at"},
                    "handle_seconds": {"from": "handled", "as": "hours"},
                    "queue_seconds": {"from": "queue", "as": "milliseconds"},
                }
            }
        }
    }
    row = checked("id,at,wait,handled,queue\n1,2024-01-01 10:00,90,0.5,1500\n", "x.csv", mapping).accepted.to_pylist()[
        0
    ]
    assert row["first_response_at"] == datetime(2024, 1, 1, 11, 30)
    assert (row["handle_seconds"], row["queue_seconds"]) == (1800.0, 1.5)
    amounts = {
        "tables": {
            "costs": {
                "columns": {"spent_on": "day", "amount": {"from": "a", "as": "cents"}},
                "constants": {"kind": "cs"},
            }
        }
    }
    assert checked("day,a\n2024-01-01,1999\n", "x.csv", amounts).accepted["amount"].to_pylist() == [19.99]
    shares = {
        "tables": {
            "observations": {
                "columns": {"observed_on": "day", "numerator": {"from": "a", "as": "percent"}},
                "constants": {"metric": "x"},
            }
        }
    }
    assert checked("day,a\n2024-01-01,25\n2024-01-01,25%\n", "x.csv", shares).accepted["numerator"].to_pylist() == [
        0.25,
        0.25,
    ]


def test_ids_a_spreadsheet_has_shortened_are_remarked():
    prepared = checked("contact_id,opened_at\n1.03006E+13,2024-01-01\n", "contacts.csv")
    assert ("shortened_id", "contact_id", "warning") in severities(prepared)


def test_numbered_rows_need_a_day_or_a_prefix():
    ids = {
        "tables": {
            "invoices": {
                "columns": {"invoice_id": {"row_number_from": "N-"}, "account_id": "a", "issued_on": "d", "amount": "v"}
            }
        }
    }
    assert checked("a,d,v\nA,2024-01-01,5\nA,2024-01-01,5\n", "x.csv", ids).accepted["invoice_id"].to_pylist() == [
        "N-1",
        "N-2",
    ]
    days = {"tables": {"contact_totals": {"columns": {"day": {"row_number_from": "soon"}, "offered": "v"}}}}
    with pytest.raises(DataProblem, match="2020-01-01"):
        checked("v\n5\n", "x.csv", days)


cell = st.sampled_from(["", "A", "B", "1", "-1", "2024-01-01", "2023-12-31", "x", "n/a", "1,5"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(cell, min_size=5, max_size=7), min_size=1, max_size=25))
def test_every_row_is_accepted_rejected_or_left_out(rows):
    text = "subscription_id,account_id,started_on,ended_on,amount\n" + "".join(
        "|".join(row).replace("|", ";") + "\n" for row in rows
    )
    try:
        prepared = checked(text.replace(",", ";"), "subscriptions.csv")
    except DataProblem:
        return
    report = prepared.report()
    assert report["rows_read"] == report["rows_accepted"] + report["rows_rejected"] + report["rows_left_out"]
    assert (
        prepared.accepted.select(["subscription_id", "account_id", "started_on", "amount"])
        .to_pandas()
        .notna()
        .all()
        .all()
    )
    assert all(prepared.rejected["farol_reason"].to_pylist())
    keys = list(
        zip(prepared.accepted["subscription_id"].to_pylist(), prepared.accepted["started_on"].to_pylist(), strict=True)
    )
    assert len(set(keys)) == len(keys)
