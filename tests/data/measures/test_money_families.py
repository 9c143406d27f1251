"""Renewals, invoices, contracts, referrals and costs, worked by hand, on both engines."""

from datetime import date

from data.measures import FAMILIES as ALL
from data.measures import contracts, costs, invoices, movements, referrals, renewals
from data.policies import Policies
from tests.data.engines import both

MILLION = 1_000_000
FAMILIES = tuple(m.FAMILY for m in (movements, renewals, invoices, contracts, referrals, costs))
JUNE = date(2024, 6, 30)


def panel(grain="month", policies=None, as_of=JUNE, **tables):
    """The panel of small tables: money families of the tables given, movements where there are subscriptions."""
    wanted = set(tables) | ({"movements"} if "subscriptions" in tables else set())
    return both(tables, grain, policies, as_of, tuple(family for family in FAMILIES if family.name in wanted))


def renewed(rows, **options):
    """The panel of renewals: the day an account was created says how far back the data go."""
    return panel(accounts=[{"account_id": "a", "created_on": date(2024, 1, 1)}], renewals=rows, **options)


def values(row, *names):
    return tuple(row[name] for name in names)


def renewal(number, due_on, amount, outcome=None, **more):
    given = {"renewal_id": f"R{number}", "account_id": "a", "due_on": due_on, "due_amount": float(amount)}
    return {**given, "outcome": outcome, **more}


COUNTED = ("renewals_won", "renewals_decided", "renewals_pending")
KEPT = ("renewal_kept_amount", "renewal_due_amount")


def test_45_of_50_renewals():
    rows = [renewal(n, date(2024, 3, 10), 1, "renewed" if n < 45 else "churned") for n in range(50)]
    assert values(renewed(rows)["a", "2024-03"], *COUNTED) == (45, 50, 0)


def test_renewals_by_value_of_4_million_less_500_and_300_thousand():
    rows = [
        renewal(1, date(2024, 3, 10), 3_000_000, "renewed", renewed_amount=3_900_000.0),
        renewal(2, date(2024, 3, 10), 500_000, "churned", renewed_amount=500_000.0),
        renewal(3, date(2024, 3, 10), 500_000, "renewed", renewed_amount=200_000.0),
    ]
    kept, due = values(renewed(rows)["a", "2024-03"], *KEPT)
    assert (kept / MILLION, due / MILLION, kept / due) == (3_200_000, 4_000_000, 0.8)


def test_a_renewal_without_an_amount_renewed_the_amount_due():
    assert values(renewed([renewal(1, date(2024, 3, 1), 10, "renewed")])["a", "2024-03"], *KEPT) == (
        10 * MILLION,
        10 * MILLION,
    )


def test_open_renewals_are_pending_until_their_grace_is_over():
    rows = [renewal(1, date(2024, 5, 1), 10), renewal(2, date(2024, 5, 1), 5, "pending")]
    assert values(renewed(rows)["a", "2024-05"], *COUNTED) == (0, 0, 2)
    assert values(renewed(rows, as_of=JUNE)["a", "2024-05"], *KEPT) == (0, 0)
    lost = renewed(rows, as_of=date(2024, 7, 1))["a", "2024-05"]
    assert values(lost, *COUNTED, *KEPT) == (0, 2, 0, 0, 15 * MILLION)
    short = renewed(rows, policies=Policies(renewal_grace_days=10))["a", "2024-05"]
    assert values(short, *COUNTED) == (0, 2, 0)


def test_renewals_count_where_they_are_due_and_only_once_due():
    rows = [
        renewal(1, date(2024, 6, 20), 10, "renewed", decided_on=date(2024, 4, 2)),
        renewal(2, date(2024, 7, 1), 10, "renewed", decided_on=date(2024, 4, 2)),
    ]
    found = renewed(rows)
    assert values(found["a", "2024-06"], *COUNTED) == (1, 1, 0)
    assert values(found["a", "2024-04"], *COUNTED) == (0, 0, 0)
    early = renewed(rows, as_of=date(2024, 6, 19))
    assert values(early["a", "2024-06"], *COUNTED) == (0, 0, 0)


def test_a_decision_after_the_as_of_day_is_not_known():
    rows = [renewal(1, date(2024, 5, 20), 10, "churned", decided_on=date(2024, 7, 2))]
    assert values(renewed(rows)["a", "2024-05"], *COUNTED) == (0, 0, 1)
    assert values(renewed(rows, as_of=date(2024, 7, 2))["a", "2024-05"], *COUNTED) == (0, 1, 0)


def invoice(number, issued_on, amount, **more):
    given = {"invoice_id": f"F{number:02}", "account_id": "a", "issued_on": issued_on, "amount": float(amount)}
    return {**given, **more}


def test_invoiced_without_void_and_less_credits():
    rows = [
        invoice(1, date(2024, 3, 1), 100.10, status="paid"),
        invoice(2, date(2024, 3, 2), 50, status="open"),
        invoice(3, date(2024, 3, 3), 1000, status="void"),
        invoice(4, date(2024, 3, 4), 30, kind="credit"),
        invoice(5, date(2024, 3, 5), -20),
        invoice(6, date(2024, 3, 5), -5, kind="credit"),
        invoice(7, date(2024, 5, 1), 1),
        invoice(8, date(2024, 4, 1), 7, account_id="b", status="void"),
        invoice(9, date(2024, 4, 1), -7, account_id="c"),
    ]
    found = panel(invoices=rows)
    assert values(found["a", "2024-03"], "invoiced", "invoice_count") == (95_100_000, 2)
    billed = {key: values(row, "billed_to_date", "billed_accounts") for key, row in found.items()}
    assert billed["a", "2024-03"] == billed["a", "2024-04"] == (95_100_000, 1)
    assert billed["a", "2024-06"] == (96_100_000, 1)
    assert billed["b", "2024-06"] == (0, 0)
    assert billed["c", "2024-06"] == (-7 * MILLION, 0)
    year = panel("year", invoices=rows)["a", "2024"]
    assert values(year, "invoiced", "billed_to_date", "invoice_count") == (96_100_000, 96_100_000, 3)


def test_billed_to_date_reaches_back_before_the_first_period():
    subscription = {"subscription_id": "s", "account_id": "a", "started_on": date(2024, 5, 1), "amount": 1.0}
    rows = [invoice(1, date(2019, 1, 1), 40), invoice(2, date(2024, 5, 31), 2)]
    found = panel(subscriptions=[subscription], invoices=rows)
    assert [found["a", month]["billed_to_date"] for month in ("2024-05", "2024-06")] == [42 * MILLION, 42 * MILLION]
    assert found["a", "2024-05"]["invoiced"] == 2 * MILLION


OVERDUE = [
    invoice(1, date(2024, 3, 1), 10, due_on=date(2024, 3, 30), status="open"),
    invoice(2, date(2024, 3, 1), 20, due_on=date(2024, 3, 31), status="open"),
    invoice(3, date(2024, 3, 1), 40, due_on=date(2024, 3, 10), status="paid"),
    invoice(4, date(2024, 3, 1), 80, due_on=date(2024, 3, 10), paid_on=date(2024, 4, 1)),
    invoice(5, date(2024, 3, 1), 160, due_on=date(2024, 3, 10), paid_on=date(2024, 3, 31)),
    invoice(6, date(2024, 3, 1), 320, due_on=date(2024, 3, 10), status="void"),
    invoice(7, date(2024, 3, 1), 640, due_on=date(2024, 3, 10), kind="credit"),
    invoice(8, date(2024, 4, 1), 1280, due_on=date(2024, 3, 10), status="open"),
    invoice(9, date(2024, 3, 1), 2560, status="open"),
]


def test_overdue_at_closing():
    found = panel(invoices=OVERDUE)
    assert values(found["a", "2024-03"], "overdue_amount", "overdue_count") == (90 * MILLION, 2)
    assert values(found["a", "2024-04"], "overdue_amount", "overdue_count") == (1310 * MILLION, 3)


def test_a_payment_after_the_as_of_day_is_not_known():
    row = invoice(4, date(2024, 3, 1), 80, due_on=date(2024, 3, 10), paid_on=date(2024, 4, 1), status="paid")
    found = panel(invoices=[row], as_of=date(2024, 3, 31))
    assert values(found["a", "2024-03"], "overdue_amount", "overdue_count") == (80 * MILLION, 1)


def test_one_off_revenue_from_accounts_that_were_customers_before():
    subscription = {"subscription_id": "s", "account_id": "a", "started_on": date(2024, 3, 1), "amount": 1.0}
    trial = {**subscription, "subscription_id": "t", "account_id": "c", "status": "trial"}
    one_off = {"kind": "one_off"}
    rows = [
        invoice(1, date(2024, 3, 1), 1, **one_off),
        invoice(2, date(2024, 3, 2), 2, **one_off),
        invoice(3, date(2024, 3, 3), 4, kind="recurring"),
        invoice(4, date(2024, 3, 4), -8, **one_off),
        invoice(5, date(2024, 3, 5), 16, kind="one_off", status="void"),
        invoice(6, date(2024, 3, 6), 32, account_id="b", **one_off),
        invoice(7, date(2024, 3, 6), 64, account_id="b", **one_off),
        invoice(8, date(2024, 3, 7), 128, account_id="b", **one_off),
        invoice(9, date(2024, 3, 5), 256, account_id="c", **one_off),
        invoice(10, date(2024, 3, 1), 256, account_id="c", status="void"),
    ]
    found = panel(subscriptions=[subscription, trial], invoices=rows)
    assert found["a", "2024-03"]["one_off_expansion"] == 2 * MILLION
    assert found["b", "2024-03"]["one_off_expansion"] == 128 * MILLION
    assert found["c", "2024-03"]["one_off_expansion"] == 0


def test_every_order_of_a_shop_is_one_off():
    rows = [invoice(1, date(2024, 3, 1), 1), invoice(2, date(2024, 3, 2), 2)]
    assert panel(invoices=rows)["a", "2024-03"]["one_off_expansion"] == 2 * MILLION
    with_kind = [*rows, invoice(3, date(2024, 3, 3), 4, kind="one_off")]
    assert panel(invoices=with_kind)["a", "2024-03"]["one_off_expansion"] == 4 * MILLION


def test_money_takes_the_last_rate_valid_on_the_day_else_the_one_of_the_settings():
    rates = [
        {"currency": "USD", "valid_from": date(2024, 3, 1), "rate": 5.0},
        {"currency": "USD", "valid_from": date(2024, 4, 1), "rate": 6.0},
        {"currency": "BRL", "valid_from": date(2024, 1, 1), "rate": 9.0},
    ]
    rows = [
        invoice(1, date(2024, 2, 29), 1, currency="USD"),
        invoice(2, date(2024, 3, 31), 1, currency="USD"),
        invoice(3, date(2024, 4, 1), 1, currency="USD"),
        invoice(4, date(2024, 5, 1), 1, currency="BRL"),
        invoice(5, date(2024, 6, 1), 1, currency="EUR"),
    ]
    found = panel(invoices=rows, fx_rates=rates, policies=Policies(rates=(("EUR", 7.0), ("USD", 4.0))))
    months = ["2024-02", "2024-03", "2024-04", "2024-05", "2024-06"]
    assert [found["a", month]["invoiced"] / MILLION for month in months] == [4, 5, 6, 1, 7]


def contract(starts_on, months=36, amount=100_000.0, billing=12.0, **more):
    given = {"contract_id": "K", "account_id": "a", "starts_on": starts_on, "recurring_amount": amount}
    return {**given, "billing_months": billing, "term_months": float(months), **more}


def test_three_years_at_100k_a_year_and_30k_are_330k():
    found = panel(contracts=[contract(date(2024, 3, 1), one_off_fees=30_000.0)])
    assert found["a", "2024-06"]["contract_value"] == 330_000 * MILLION


def test_a_contract_is_in_force_for_its_term():
    signed = date(2023, 12, 1)
    rows = [contract(date(2024, 1, 31), 1, 10.0, 1.0, signed_on=signed)]
    by_day = {}
    for day in (date(2024, 1, 30), date(2024, 1, 31), date(2024, 2, 28), date(2024, 2, 29)):
        by_day[day] = panel(contracts=rows, as_of=day).get(("a", f"{day:%Y-%m}"), {}).get("contract_value")
    assert list(by_day.values()) == [0, 10 * MILLION, 10 * MILLION, 0]


def referral(number, referred_on, **more):
    given = {"referral_id": f"I{number}", "referrer_account_id": "a", "referred_on": referred_on}
    return {**given, **more}


def subscription(account, started_on, amount, number=1, **more):
    given = {"subscription_id": f"{account}{number}", "account_id": account, "started_on": started_on}
    return {**given, "amount": float(amount), **more}


def test_referrals_received_won_and_their_value():
    march = date(2024, 3, 5)
    rows = [
        referral(1, march, status="won", value=900.0, referred_account_id="n"),
        referral(2, march, won_on=date(2024, 4, 2), referred_account_id="n"),
        referral(3, march, status="won", referred_account_id="m"),
        referral(4, march, status="lost", value=1.0),
        referral(5, march, status="open", won_on=date(2024, 7, 2), value=1.0),
        referral(6, date(2024, 4, 5), status="won"),
    ]
    subscriptions = [
        subscription("a", date(2024, 1, 1), 10),
        subscription("n", date(2024, 4, 1), 0),
        subscription("n", date(2024, 4, 2), 30, 2),
        subscription("n", date(2024, 4, 2), 40, 3),
        subscription("n", date(2024, 4, 3), 90, 4),
    ]
    billed = [
        invoice(1, date(2024, 3, 1), 500, account_id="m"),
        invoice(2, date(2024, 2, 1), 70, account_id="m"),
        invoice(3, date(2024, 1, 1), 1, account_id="m", status="void"),
        invoice(4, date(2024, 1, 1), 1, account_id="n"),
    ]
    found = panel(referrals=rows, subscriptions=subscriptions, invoices=billed)
    names = ("referrals_received", "referrals_won", "referral_value", "referrer_accounts")
    assert values(found["a", "2024-03"], *names) == (5, 3, (900 + 70 + 70) * MILLION, 1)
    assert values(found["a", "2024-04"], *names) == (1, 1, 0, 1)
    assert values(found["a", "2024-05"], *names) == (0, 0, 0, 0)


def test_referrers_are_active_at_closing():
    rows = [referral(1, date(2024, 3, 5)), referral(2, date(2024, 3, 6), referrer_account_id="b")]
    subscriptions = [
        subscription("a", date(2024, 1, 1), 10, ended_on=date(2024, 3, 31)),
        subscription("b", date(2024, 1, 1), 10),
    ]
    found = panel(referrals=rows, subscriptions=subscriptions)
    assert [found[account, "2024-03"]["referrer_accounts"] for account in "ab"] == [0, 1]
    assert [panel(referrals=rows)[account, "2024-03"]["referrer_accounts"] for account in "ab"] == [1, 1]


def test_60000_for_300_new_customers():
    spent = [
        {"spent_on": date(2024, 3, 1), "amount": 40_000.0, "kind": "sales"},
        {"spent_on": date(2024, 3, 31), "amount": 19_000.0, "kind": "marketing"},
        {"spent_on": date(2024, 3, 9), "amount": 5_000.0, "kind": "cs"},
        {"spent_on": date(2024, 4, 1), "amount": 1.0, "kind": "sales"},
    ]
    rewards = [
        referral(1, date(2024, 2, 1), reward_cost=600.0, rewarded_on=date(2024, 3, 3), won_on=date(2024, 2, 3)),
        referral(2, date(2024, 2, 1), reward_cost=400.0, won_on=date(2024, 3, 3)),
        referral(3, date(2024, 3, 1), reward_cost=77.0),
    ]
    customers = [subscription(f"n{n}", date(2024, 3, 2), 1) for n in range(300)]
    older = [subscription("a", date(2024, 1, 1), 1)]
    found = panel(costs=spent, referrals=rewards, subscriptions=[*older, *customers])
    assert found["", "2024-03"]["acquisition_cost"] == 60_000 * MILLION
    new = sum(row["new_accounts"] for (_, month), row in found.items() if month == "2024-03")
    assert (new, 60_000 / new) == (300, 200)
    lagged = panel(costs=spent, referrals=rewards, policies=Policies(cac_lag_months=1))
    assert lagged["", "2024-04"]["acquisition_cost"] == 60_000 * MILLION


def test_every_family_is_missing_until_its_table_is_loaded():
    found = both({"subscriptions": [subscription("a", date(2024, 1, 1), 1)]}, families=ALL)["a", "2024-01"]
    for module in (renewals, invoices, contracts, referrals, costs):
        assert {found[measure.name] for measure in module.MEASURES} == {None}
