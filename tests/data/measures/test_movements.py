"""Every movement example of the catalogue, worked by hand, on both engines."""

from datetime import date
from itertools import pairwise

import pytest

from data.measures import movements
from data.policies import Policies
from tests.data.engines import both

ZERO = dict.fromkeys((measure.name for measure in movements.MEASURES), 0)


def row(number, account, started, ended, amount, **more):
    return {
        "subscription_id": number, "account_id": account, "started_on": date(*started),
        "ended_on": date(*ended) if ended else None, "amount": float(amount), **more,
    }  # fmt: skip


def moves(rows, grain="month", as_of=date(2025, 12, 31), policies=None):
    found = both({"subscriptions": rows}, grain, policies, as_of, (movements.FAMILY,))
    return {key: {name: value for name, value in values.items() if value} for key, values in found.items()}


LIFE = [
    row("s1", "a", (2024, 1, 15), (2025, 1, 15), 2000, billing_months=12.0, product="Core"),
    row("s2", "a", (2024, 3, 1), (2024, 4, 1), 60, product="Add-on"),
    row("s3", "a", (2025, 5, 1), None, 100, product="Core"),
]
MILLION = 1_000_000


def test_a_yearly_plan_with_an_add_on_leaves_and_comes_back():
    found = moves(LIFE)
    monthly = 166_666_667
    assert found["a", "2024-01"] == {
        "new_accounts": 1,
        "closing_accounts": 1,
        "new_mrr": monthly,
        "closing_mrr": monthly,
    }
    assert found["a", "2024-02"] == {
        "opening_accounts": 1, "closing_accounts": 1, "opening_mrr": monthly, "closing_mrr": monthly,
    }  # fmt: skip
    assert found["a", "2024-03"]["cross_sell_mrr"] == 60 * MILLION
    assert found["a", "2024-03"]["closing_mrr"] == monthly + 60 * MILLION
    april = found["a", "2024-04"]
    assert april["contraction_mrr"] == 60 * MILLION
    assert "churned_mrr" not in april
    assert "lost_accounts" not in april
    assert found["a", "2025-01"] == {
        "opening_accounts": 1, "lost_accounts": 1, "opening_mrr": monthly, "churned_mrr": monthly,
    }  # fmt: skip
    assert found["a", "2025-02"] == {}
    assert found["a", "2025-05"] == {
        "reactivated_accounts": 1, "closing_accounts": 1,
        "reactivation_mrr": 100 * MILLION, "closing_mrr": 100 * MILLION,
    }  # fmt: skip


def test_the_company_row_has_no_movement():
    assert moves(LIFE)["", "2024-03"] == {}


def test_days_are_half_open():
    rows = [row("s1", "a", (2024, 2, 1), None, 10), row("s2", "b", (2024, 1, 1), (2024, 2, 1), 10)]
    found = moves(rows, as_of=date(2024, 3, 31))
    assert found["a", "2024-01"] == {}
    assert found["a", "2024-02"]["new_accounts"] == 1
    assert found["b", "2024-01"]["closing_accounts"] == 1
    assert found["b", "2024-02"]["lost_accounts"] == 1


def test_left_and_back_is_a_movement_by_month_and_nothing_by_quarter():
    rows = [row("s1", "a", (2023, 11, 1), (2024, 1, 20), 10), row("s2", "a", (2024, 3, 5), None, 10)]
    by_month = moves(rows, as_of=date(2024, 3, 31))
    assert by_month["a", "2024-01"]["churned_mrr"] == 10 * MILLION
    assert by_month["a", "2024-03"]["reactivation_mrr"] == 10 * MILLION
    by_quarter = moves(rows, "quarter", as_of=date(2024, 3, 31))
    assert by_quarter["a", "2024-Q1"] == {
        "opening_accounts": 1, "closing_accounts": 1, "opening_mrr": 10 * MILLION, "closing_mrr": 10 * MILLION,
    }  # fmt: skip


def test_joined_and_left_inside_a_period_is_not_counted_unless_asked():
    rows = [row("s1", "a", (2024, 2, 3), (2024, 2, 20), 10), row("s2", "b", (2024, 1, 1), None, 5)]
    assert moves(rows, as_of=date(2024, 3, 31))["a", "2024-02"] == {}
    counted = moves(rows, as_of=date(2024, 3, 31), policies=Policies(joined_and_left="counted"))
    assert counted["a", "2024-02"] == {
        "new_accounts": 1, "lost_accounts": 1, "new_mrr": 10 * MILLION, "churned_mrr": 10 * MILLION,
    }  # fmt: skip
    assert counted["a", "2024-03"] == {}


def test_100_monthly_and_50_yearly_are_12500():
    rows = [row(f"m{n}", f"m{n}", (2024, 1, 1), None, 100) for n in range(100)]
    rows += [row(f"y{n}", f"y{n}", (2024, 1, 1), None, 600, billing_months=12.0) for n in range(50)]
    found = moves(rows, as_of=date(2024, 1, 31))
    assert sum(values.get("closing_mrr", 0) for values in found.values()) == 12_500 * MILLION


def change(before, after):
    """What happens on one line between January and February."""
    rows = [
        row("s1", "a", (2024, 1, 1), (2024, 2, 1), before.pop("amount"), **before),
        row("s1", "a", (2024, 2, 1), None, after.pop("amount"), **after),
    ]
    return moves(rows, as_of=date(2024, 2, 29))["a", "2024-02"]


def test_an_increase_is_an_upsell():
    assert change({"amount": 10}, {"amount": 15})["upsell_mrr"] == 5 * MILLION


def test_an_increase_on_the_same_plan_and_quantity_is_an_uplift():
    found = change({"amount": 10, "plan": "Pro", "quantity": 3.0}, {"amount": 11, "plan": "Pro", "quantity": 3.0})
    assert found["price_uplift_mrr"] == MILLION
    assert "upsell_mrr" not in found


@pytest.mark.parametrize(
    "after",
    [
        {"plan": "Max", "quantity": 3.0},
        {"plan": "Pro", "quantity": 4.0},
        {"plan": None, "quantity": 3.0},
        {"plan": "Pro"},
    ],
)
def test_an_increase_with_another_or_unknown_plan_or_quantity_is_an_upsell(after):
    found = change({"amount": 10, "plan": "Pro", "quantity": 3.0}, {"amount": 11, **after})
    assert found["upsell_mrr"] == MILLION
    assert "price_uplift_mrr" not in found


def test_one_subscription_is_one_line_even_if_the_product_is_renamed():
    found = change({"amount": 10, "product": "Old name"}, {"amount": 15, "product": "New name"})
    assert found["upsell_mrr"] == 5 * MILLION
    assert "cross_sell_mrr" not in found


def test_two_subscriptions_of_one_product_are_one_line():
    rows = [
        row("s1", "a", (2024, 1, 1), (2024, 2, 1), 10, product="Core"),
        row("s2", "a", (2024, 2, 1), None, 12, product="Core"),
    ]
    assert moves(rows, as_of=date(2024, 2, 29))["a", "2024-02"]["upsell_mrr"] == 2 * MILLION


SWAP = [
    row("s1", "a", (2024, 1, 1), (2024, 2, 1), 10, product="Core"),
    row("s2", "a", (2024, 2, 1), None, 12, product="Plus"),
]


def test_a_swap_of_products_is_cross_sell_and_contraction():
    found = moves(SWAP, as_of=date(2024, 2, 29))["a", "2024-02"]
    assert (found["cross_sell_mrr"], found["contraction_mrr"]) == (12 * MILLION, 10 * MILLION)


def test_netting_by_account_gives_one_difference():
    found = moves(SWAP, as_of=date(2024, 2, 29), policies=Policies(netting="account"))["a", "2024-02"]
    assert found["upsell_mrr"] == 2 * MILLION
    assert "contraction_mrr" not in found


def test_a_trial_makes_nobody_a_customer():
    rows = [
        row("s1", "a", (2024, 1, 1), (2024, 2, 1), 10, status="trial"),
        row("s1", "a", (2024, 2, 1), None, 10, status="active"),
    ]
    found = moves(rows, as_of=date(2024, 2, 29))
    assert found["a", "2024-01"] == {}
    assert found["a", "2024-02"]["new_mrr"] == 10 * MILLION


def test_an_unpaid_subscription_counts_until_it_ends():
    rows = [row("s1", "a", (2024, 1, 1), (2024, 3, 1), 10, status="unpaid")]
    found = moves(rows, as_of=date(2024, 3, 31))
    assert found["a", "2024-02"]["closing_mrr"] == 10 * MILLION
    assert found["a", "2024-03"]["lost_accounts"] == 1


def test_paused_and_metered_follow_their_policies():
    rows = [
        row("s1", "a", (2024, 1, 1), None, 10, status="paused"),
        row("s2", "b", (2024, 1, 1), None, 7, is_metered=True),
    ]
    assert moves(rows, as_of=date(2024, 1, 31))["a", "2024-01"] == {}
    assert moves(rows, as_of=date(2024, 1, 31))["b", "2024-01"] == {}
    still = moves(rows, as_of=date(2024, 1, 31), policies=Policies(paused="still", metered="in"))
    assert still["a", "2024-01"]["closing_mrr"] == 10 * MILLION
    assert still["b", "2024-01"]["closing_mrr"] == 7 * MILLION


def test_discounts_follow_their_policy():
    rows = [
        row("s1", "a", (2024, 1, 1), None, 10, discount=2.0, discount_kind="temporary"),
        row("s2", "b", (2024, 1, 1), None, 10, discount=3.0, discount_kind="permanent"),
        row("s3", "c", (2024, 1, 1), None, 10, discount=10.0),
    ]
    net = moves(rows, as_of=date(2024, 1, 31))
    assert [net[a, "2024-01"].get("closing_mrr") for a in "abc"] == [8 * MILLION, 7 * MILLION, None]
    permanent = moves(rows, as_of=date(2024, 1, 31), policies=Policies(discounts="permanent_only"))
    assert [permanent[a, "2024-01"].get("closing_mrr") for a in "abc"] == [10 * MILLION, 7 * MILLION, None]


def test_one_rate_per_currency():
    rows = [
        row("s1", "a", (2024, 1, 1), None, 10, currency="USD"),
        row("s2", "b", (2024, 1, 1), None, 10, currency="BRL"),
    ]
    found = moves(rows, as_of=date(2024, 1, 31), policies=Policies(rates=(("BRL", 9.0), ("USD", 5.5))))
    assert found["a", "2024-01"]["closing_mrr"] == 55 * MILLION
    assert found["b", "2024-01"]["closing_mrr"] == 10 * MILLION


def test_churn_may_be_recognised_when_notice_is_given():
    rows = [row("s1", "a", (2024, 1, 1), (2024, 6, 1), 10, cancelled_on=date(2024, 3, 10))]
    assert moves(rows, as_of=date(2024, 6, 30))["a", "2024-06"]["lost_accounts"] == 1
    early = moves(rows, as_of=date(2024, 6, 30), policies=Policies(churn_recognised="cancellation_date"))
    assert early["a", "2024-03"]["lost_accounts"] == 1
    assert early["a", "2024-06"] == {}


@pytest.mark.parametrize(("back", "expected"), [((2024, 5, 1), "reactivation_mrr"), ((2024, 5, 2), "new_mrr")])
def test_a_return_may_be_new_after_90_days(back, expected):
    rows = [row("s1", "a", (2024, 1, 1), (2024, 2, 1), 10), row("s2", "a", back, None, 10)]
    policy = Policies(return_after_churn="within_90_days_else_new")
    found = moves(rows, as_of=date(2024, 5, 31), policies=policy)["a", "2024-05"]
    assert found[expected] == 10 * MILLION
    assert moves(rows, as_of=date(2024, 5, 31))["a", "2024-05"]["reactivation_mrr"] == 10 * MILLION


def test_from_paid_to_free_may_stay_a_customer_at_nothing():
    rows = [
        row("s0", "b", (2024, 1, 1), None, 10, status="free"),
        row("s1", "a", (2024, 1, 1), (2024, 2, 1), 10),
        row("s1", "a", (2024, 2, 1), None, 10, status="free"),
    ]
    assert moves(rows, as_of=date(2024, 2, 29))["a", "2024-02"]["churned_mrr"] == 10 * MILLION
    stays = moves(rows, as_of=date(2024, 2, 29), policies=Policies(paid_to_free="stays"))
    assert stays["a", "2024-02"] == {
        "opening_accounts": 1, "closing_accounts": 1, "opening_mrr": 10 * MILLION, "contraction_mrr": 10 * MILLION,
    }  # fmt: skip
    assert stays["b", "2024-02"] == {}


def test_an_incomplete_period_closes_on_the_as_of_day():
    rows = [row("s1", "a", (2024, 1, 1), (2024, 2, 20), 10), row("s2", "b", (2024, 2, 20), None, 7)]
    found = moves(rows, as_of=date(2024, 2, 19))
    assert found["a", "2024-02"]["closing_mrr"] == 10 * MILLION
    assert ("b", "2024-02") not in found


@pytest.mark.parametrize("grain", ["week", "month", "quarter", "half", "year"])
def test_the_bridge_of_a_life_closes_at_every_grain(grain):
    found = both({"subscriptions": LIFE}, grain, None, date(2025, 6, 30), (movements.FAMILY,))
    mine = [values for (account, _), values in sorted(found.items(), key=lambda item: item[0][1]) if account == "a"]
    for values in mine:
        gains = sum(
            values[name] for name in ("new_mrr", "reactivation_mrr", "upsell_mrr", "cross_sell_mrr", "price_uplift_mrr")
        )
        losses = values["contraction_mrr"] + values["churned_mrr"]
        assert values["opening_mrr"] + gains - losses == values["closing_mrr"]
    assert all(before["closing_mrr"] == after["opening_mrr"] for before, after in pairwise(mine))
