"""Quantiles, lives of accounts and narrow panels, worked by hand."""

from datetime import date, datetime, timedelta

import pytest

from data import rows
from data.facts import connect
from data.measures import all_measures
from data.panel import build_panel
from data.policies import Policies
from data.problems import DataProblem
from tests.data.engines import facts

TEN = datetime(2024, 3, 5, 10)


def contact(number, minutes, opened_at=TEN, **more):
    given = {"contact_id": f"T{number}", "opened_at": opened_at, "account_id": "a", "status": "solved"}
    return {**given, "first_response_at": opened_at + timedelta(minutes=minutes), **more}


CONTACTS = [
    *(contact(n, n, solved_at=TEN + timedelta(days=n)) for n in range(1, 11)),
    contact(11, 60, account_id="b", channel="phone"),
    contact(12, 120, account_id="b", channel="chat", opened_at=datetime(2024, 4, 1)),
    contact(13, 30, account_id=None),
    contact(14, 1_000, is_spam=True),
    {"contact_id": "T15", "opened_at": TEN, "account_id": "a"},
]
ACCOUNTS = [
    {"account_id": "a", "segment": "SMB", "x_region": "south"},
    {"account_id": "b", "segment": None, "x_region": "north"},
]


def quantiles(*arguments, **options):
    given = facts({"contacts": CONTACTS, "accounts": ACCOUNTS})
    periods = build_panel(given, "month", families=()).periods
    with connect(given) as cursor:
        return rows.quantiles(cursor, periods, *arguments, **options)


def test_median_and_90th_percentile_per_period():
    found = quantiles().set_index("period")
    assert list(found.columns) == sorted(rows.QUANTILES)
    march, april = found.loc["2024-03"], found.loc["2024-04"]
    assert march["first_response_seconds_median"] == 60 * 6.5
    assert march["first_response_seconds_p90"] == pytest.approx(60 * 28)
    assert march["time_to_resolution_seconds_median"] == 86_400 * 5.5
    assert march["time_to_resolution_seconds_p90"] == pytest.approx(86_400 * 9.1)
    assert april["first_response_seconds_median"] == 7_200
    assert april["time_to_resolution_seconds_median"] != april["time_to_resolution_seconds_median"]


def test_quantiles_by_attribute_and_filter():
    found = quantiles(("segment",))
    march = found[found["period"] == "2024-03"]
    named = march[march["segment"] == "SMB"].iloc[0]
    assert named["first_response_seconds_median"] == 60 * 5.5
    unnamed = march[march["segment"].isna()].iloc[0]
    assert unnamed["first_response_seconds_median"] == 60 * 45
    only = quantiles((), {"x_region": ("north", "west")})
    assert only["first_response_seconds_median"].tolist() == [3_600, 7_200]
    assert len(quantiles((), {"segment": ("Enterprise",)})) == 0


def test_quantiles_by_a_column_of_contacts():
    found = quantiles(dimension="channel").set_index(["channel", "period"])["first_response_seconds_median"]
    assert found["phone", "2024-03"] == 3_600
    assert found["chat", "2024-04"] == 7_200


def test_no_periods_give_no_rows():
    given = facts({"contacts": CONTACTS})
    with connect(given) as cursor:
        found = rows.quantiles(cursor, (), ("segment",))
    assert list(found.columns) == ["segment", "period", *sorted(rows.QUANTILES)]
    assert found.empty


def term(account, started_on, ended_on=None, amount=1.0, number=1, **more):
    given = {"subscription_id": f"{account}{number}", "account_id": account, "started_on": started_on}
    return {**given, "ended_on": ended_on, "amount": amount, **more}


SUBSCRIPTIONS = [
    term("known before", date(2024, 1, 1)),
    term("created on the day", date(2024, 1, 1)),
    term("left", date(2024, 2, 1), date(2024, 3, 1)),
    term("back", date(2024, 2, 1), date(2024, 3, 1)),
    term("back", date(2024, 5, 1), date(2024, 5, 11), number=2),
    term("created earlier, started later", date(2024, 2, 1)),
    term("after a trial", date(2024, 1, 1), date(2024, 1, 15), status="trial"),
    term("after a trial", date(2024, 1, 15), number=2),
    term("never paid", date(2024, 1, 1), status="trial"),
    term("no days", date(2024, 1, 5), date(2024, 1, 5)),
    term("later", date(2024, 6, 1)),
]
CREATED = [
    {"account_id": "known before", "created_on": date(2023, 1, 1)},
    {"account_id": "created on the day", "created_on": date(2024, 1, 1)},
    {"account_id": "created earlier, started later", "created_on": date(2023, 1, 1)},
]


def lives(closing, policies=None):
    given = facts({"subscriptions": SUBSCRIPTIONS, "accounts": CREATED})
    with connect(given, None, policies) as cursor:
        found = rows.lifetimes(cursor, closing, policies)
    return {row.account_id: (row.entry_days, row.exit_days, bool(row.event)) for row in found.itertuples()}


def test_one_life_per_account_as_known_at_a_closing_day():
    assert lives(date(2024, 3, 31)) == {
        "known before": (365, 365 + 90, False),
        "created on the day": (0, 90, False),
        "left": (0, 29, True),
        "back": (0, 29, True),
        "created earlier, started later": (0, 59, False),
        "after a trial": (0, 76, False),
    }


def test_a_customer_who_came_back_lived_through_the_gap():
    assert lives(date(2024, 5, 10))["back"] == (0, 99, False)
    assert lives(date(2024, 5, 31))["back"] == (0, 100, True)
    assert lives(date(2024, 2, 29))["left"] == (0, 28, False)
    assert lives(date(2023, 12, 31)) == {}


def test_lives_end_at_the_cancellation_where_churn_is_recognised_then():
    SUBSCRIPTIONS_LEFT = {**SUBSCRIPTIONS[2], "cancelled_on": date(2024, 2, 11)}
    given = facts({"subscriptions": [SUBSCRIPTIONS_LEFT]})
    policies = Policies(churn_recognised="cancellation_date")
    with connect(given) as cursor:
        assert rows.lifetimes(cursor, date(2024, 3, 31), policies)["exit_days"].tolist() == [10]
        assert rows.lifetimes(cursor, date(2024, 3, 31))["exit_days"].tolist() == [29]


def answer(number, score, **more):
    given = {"response_id": f"A{number}", "kind": "csat", "responded_at": TEN, "score": float(score)}
    return {**given, "scale_min": 1.0, "scale_max": 5.0, "account_id": "a", **more}


ANSWERS = [
    answer(1, 5, journey_stage="Onboarding"),
    answer(2, 1, journey_stage="Onboarding", account_id=None),
    answer(3, 4, journey_stage="Support"),
    answer(4, 2),
]
COSTS = [
    {"spent_on": date(2024, 3, 1), "amount": 10.0, "kind": "sales", "segment": "SMB"},
    {"spent_on": date(2024, 3, 1), "amount": 20.0, "kind": "marketing", "channel": "Inbound"},
]
REWARDS = [{"referral_id": "I", "referrer_account_id": "a", "referred_on": date(2024, 3, 1), "reward_cost": 5.0}]
REWARDS = [{**REWARDS[0], "rewarded_on": date(2024, 3, 9)}]


def test_csat_by_journey_stage():
    found = rows.narrow_panel(facts({"surveys": ANSWERS}), "surveys", "journey_stage", "month")
    cells = {
        (row.account_id, row.journey_stage if isinstance(row.journey_stage, str) else None): (
            row.csat_satisfied,
            row.csat_answers,
        )
        for row in found.itertuples()
    }
    assert cells == {
        ("a", "Onboarding"): (1, 1),
        ("", "Onboarding"): (0, 1),
        ("a", "Support"): (1, 1),
        ("a", None): (0, 1),
    }
    assert "nps_answers" not in found
    assert set(found["period"]) == {"2024-03"}


def test_acquisition_cost_by_segment_keeps_what_carries_none():
    given = facts({"costs": COSTS, "referrals": REWARDS})
    by_segment = rows.narrow_panel(given, "costs", "segment", "quarter")
    known = by_segment[by_segment["segment"].notna()]
    assert known[["account_id", "segment", "acquisition_cost"]].values.tolist() == [["", "SMB", 10_000_000]]
    assert by_segment["acquisition_cost"].sum() == 35_000_000


def test_a_narrow_panel_adds_up_to_the_panel_and_keeps_missing_measures_missing():
    given = facts({"contacts": CONTACTS})
    narrow, panel = rows.narrow_panel(given, "contacts", "channel", "month"), build_panel(given, "month").frame
    measures = [name for name, one in all_measures().items() if "category" in one.dimensions]
    for name in measures:
        if panel[name].isna().all():
            assert narrow[name].isna().all(), name
        else:
            assert narrow[name].sum() == panel[name].sum(), name
    assert narrow["first_contacts"].isna().all()


def test_what_cannot_be_broken_down_is_refused_with_a_hint():
    given = facts({"surveys": ANSWERS})
    with pytest.raises(DataProblem, match="journey_stage"):
        rows.narrow_panel(given, "surveys", "journey stage", "month")
    with pytest.raises(DataProblem, match="surveys"):
        rows.narrow_panel(given, "survey", "journey_stage", "month")
    assert rows.narrow_panel(given, "contacts", "channel", "month").empty
