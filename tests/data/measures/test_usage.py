"""Use of the product, worked by hand, on both engines."""

from datetime import date, timedelta

from data.measures import usage
from tests.data.engines import both

FAMILIES = (usage.FAMILY, usage.STICKINESS_FAMILY)
ACTIVE = {"subscription_id": "s1", "account_id": "a", "started_on": date(2024, 1, 1), "amount": 10.0}


def day(account, number, month=1, **more):
    return {"account_id": account, "used_on": date(2024, month, number), **more}


def use(rows, grain="month", as_of=date(2024, 2, 29)):
    return both(rows, grain, None, as_of, FAMILIES)


def test_users_are_counted_once_and_days_once():
    rows = {
        "subscriptions": [{**ACTIVE, "seats": 4}],
        "usage": [
            day("a", 2, user_id="ana", feature="reports"), day("a", 2, user_id="ana", feature="lists"),
            day("a", 2, user_id="rui"), day("a", 5, user_id="ana"), day("a", 9), day("a", 1, month=2, user_id="eva"),
        ],
    }  # fmt: skip
    january, february = use(rows)["a", "2024-01"], use(rows)["a", "2024-02"]
    assert (january["adoption_users"], january["adoption_seats"]) == (2, 4)
    assert (january["user_days"], january["user_day_slots"]) == (3, 31 * 2)
    assert (january["active_days"], january["working_days"]) == (3, 23)
    assert (january["features_used"], january["features_available"]) == (2, 2)
    assert (january["seat_limit_accounts"], january["seat_known_accounts"]) == (0, 1)
    assert (february["adoption_users"], february["features_used"], february["features_available"]) == (1, 0, 2)
    assert use(rows, "quarter")["a", "2024-Q1"]["adoption_users"] == 3


def test_daily_totals_stand_in_where_no_user_is_named():
    rows = {
        "accounts": [{"account_id": "a"}, {"account_id": "b"}],
        "subscriptions": [ACTIVE, {**ACTIVE, "subscription_id": "s2", "account_id": "b"}],
        "usage": [day("b", 3, user_id="ana")],
        "usage_daily": [
            day("a", 2, active_users=5, seats=10), day("a", 3, active_users=9, seats=9),
            day("a", 4, active_users=0, events=0),
            day("b", 3, active_users=50, seats=2),
        ],
    }  # fmt: skip
    found = use(rows)
    assert (found["a", "2024-01"]["adoption_users"], found["a", "2024-01"]["adoption_seats"]) == (9, 9)
    assert found["a", "2024-01"]["seat_limit_accounts"] == 1
    assert found["a", "2024-01"]["active_days"] == 2
    assert (found["b", "2024-01"]["adoption_users"], found["b", "2024-01"]["adoption_seats"]) == (1, 2)
    assert (found["a", "2024-02"]["adoption_users"], found["a", "2024-02"]["adoption_seats"]) == (0, 9)


def test_seats_come_from_the_best_source_each_account_has():
    last = date(2024, 4, 30)
    rows = {
        "accounts": [{"account_id": account, "seats": 100} for account in "abcd"],
        "subscriptions": [
            {**ACTIVE, "subscription_id": account, "account_id": account, "seats": seats}
            for account, seats in (("a", 20), ("b", 20), ("c", None), ("d", 20))
        ],
        "usage_daily": [
            {"account_id": "a", "used_on": last - timedelta(days=61), "seats": 7},
            {"account_id": "b", "used_on": last - timedelta(days=62), "seats": 7},
            {"account_id": "d", "used_on": last - timedelta(days=9), "seats": 5},
            {"account_id": "d", "used_on": last - timedelta(days=8), "active_users": 1},
        ],
    }
    rows["subscriptions"].append({**ACTIVE, "subscription_id": "b2", "account_id": "b", "seats": 3, "status": "trial"})
    found = use(rows, as_of=last)
    seats = {account: found[account, "2024-04"]["adoption_seats"] for account in "abcd"}
    assert seats == {"a": 7, "b": 23, "c": 100, "d": 5}


def test_only_accounts_active_at_closing_count():
    rows = {
        "subscriptions": [{**ACTIVE, "ended_on": date(2024, 2, 10), "seats": 4}],
        "usage": [day("a", 2, user_id="ana"), day("a", 2, month=2, user_id="ana")],
    }
    found = use(rows)
    assert found["a", "2024-01"]["active_days"] == 1
    assert (found["a", "2024-02"]["active_days"], found["a", "2024-02"]["working_days"]) == (0, 0)
    assert found["a", "2024-02"]["user_days"] == 1


def test_without_subscriptions_all_accounts_count():
    rows = {"accounts": [{"account_id": "a", "seats": 2}, {"account_id": "b"}], "usage": [day("a", 2, user_id="ana")]}
    found = use(rows)
    assert (found["a", "2024-01"]["adoption_users"], found["a", "2024-01"]["adoption_seats"]) == (1, 2)
    assert (found["b", "2024-01"]["adoption_seats"], found["b", "2024-01"]["working_days"]) == (0, 23)


def test_features_known_from_daily_totals_win():
    rows = {
        "subscriptions": [ACTIVE],
        "usage": [day("a", 2, feature="reports")],
        "usage_daily": [
            day("a", 2, features_used=6, features_available=20), day("a", 3, features_used=4, features_available=25),
            day("a", 4, features_used=5),
        ],
    }  # fmt: skip
    found = use(rows)["a", "2024-01"]
    assert (found["features_used"], found["features_available"]) == (6, 25)


def test_what_is_not_loaded_is_missing_and_what_is_not_there_is_zero():
    found = use({"subscriptions": [ACTIVE], "usage": [day("b", 2)]})
    assert found["a", "2024-01"]["adoption_users"] is None
    assert found["a", "2024-01"]["user_days"] is None
    assert found["a", "2024-01"]["active_days"] == 0
    assert found["", "2024-01"]["active_days"] == 0
