"""The oracle against figures worked by hand: those of the definitions, and a few of our own."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest

from .days import bounds, months_back
from .oracle import Policies, oracle


def frame(columns: str, *rows: tuple) -> pd.DataFrame:
    """A small table."""
    return pd.DataFrame(list(rows), columns=columns.split())


def values(tables: dict, key: str, **asked) -> dict[str, float]:
    """Values of a KPI by period."""
    out = oracle(tables, keys=[key], **asked)
    return dict(zip(out["period"], out["value"], strict=True))


def subscriptions(*rows: tuple) -> pd.DataFrame:
    """Subscription rows: id, account, start, end, amount."""
    return frame("subscription_id account_id started_on ended_on amount", *rows)


def surveys(kind: str, scores: Iterable[float], low: float, high: float, day: str = "2024-01-10") -> pd.DataFrame:
    """Anonymous answers on one scale."""
    rows = [(f"{kind}{i}", kind, day, s, low, high) for i, s in enumerate(scores)]
    return frame("response_id kind responded_at score scale_min scale_max", *rows)


YEARLY = {
    "subscriptions": frame(
        "subscription_id account_id started_on ended_on amount billing_months product",
        ("S1", "A", "2024-01-10", "2025-01-10", 2000, 12, "Core"),
        ("S2", "A", "2024-03-01", "2024-04-01", 60, 1, "Add-on"),
        ("S3", "A", "2025-06-05", None, 2000, 12, "Core"),
        ("S4", "B", "2024-01-10", None, 10, 1, None),
    )
}


def test_calendar() -> None:
    """Ids of periods, and the same closing day months earlier."""
    assert months_back(pd.Timestamp("2025-02-28"), 12) == pd.Timestamp("2024-02-29")
    assert months_back(pd.Timestamp("2024-05-31"), 3) == pd.Timestamp("2024-02-29")
    day = pd.Timestamp("2024-12-31")
    assert [bounds(day, g)[0] for g in ("week", "month", "quarter", "half", "year")] == [
        "2025-W01",
        "2024-12",
        "2024-Q4",
        "2024-H2",
        "2024",
    ]


def test_story_of_a_yearly_plan() -> None:
    """New 166.67, cross-sell 60, contraction 60 the month after, churned 166.67 at the end, back later."""
    got = {
        k: values(YEARLY, k, as_of="2025-06-30") for k in ("new_mrr", "cross_sell", "contraction_mrr", "churned_mrr")
    }
    assert got["new_mrr"]["2024-01"] == pytest.approx(176.666667, abs=1e-9)
    assert got["cross_sell"]["2024-03"] == 60
    assert got["contraction_mrr"]["2024-04"] == 60
    assert got["churned_mrr"]["2024-04"] == 0
    assert got["churned_mrr"]["2025-01"] == pytest.approx(166.666667, abs=1e-9)
    assert values(YEARLY, "reactivation_mrr", as_of="2025-06-30")["2025-06"] == pytest.approx(166.666667, abs=1e-9)
    assert values(YEARLY, "churned_mrr", as_of="2025-06-30", grain="half")["2025-H1"] == 0  # gone and back


def test_bridge_closes() -> None:
    """Opening and the movements add up to closing at every grain."""
    for grain in ("week", "month", "quarter", "half", "year"):
        gains = ["new_mrr", "reactivation_mrr", "upsell", "cross_sell", "price_uplift"]
        keys = [*gains, "contraction_mrr", "churned_mrr", "mrr"]
        wide = oracle(YEARLY, "2025-06-30", grain, keys=keys).pivot(index="period", columns="kpi", values="value")
        gained = wide[gains].sum(axis=1)
        moved = gained - wide["contraction_mrr"] - wide["churned_mrr"]
        assert np.allclose(wide["mrr"].shift(fill_value=0) + moved, wide["mrr"], atol=1e-6)


def test_upsell_and_uplift() -> None:
    """The same plan and quantity at a higher price is an uplift; more quantity or an unknown plan is not."""
    columns = "subscription_id account_id started_on ended_on amount plan quantity"
    rows = frame(
        columns,
        ("S1", "A", "2024-01-01", "2024-02-01", 100, "Pro", 1),
        ("S1", "A", "2024-02-01", None, 110, "Pro", 1),
        ("S2", "B", "2024-01-01", "2024-02-01", 100, "Pro", 1),
        ("S2", "B", "2024-02-01", None, 130, "Pro", 2),
        ("S3", "C", "2024-01-01", "2024-02-01", 100, None, 1),
        ("S3", "C", "2024-02-01", None, 107, None, 1),
    )
    tables = {"subscriptions": rows}
    assert values(tables, "price_uplift", as_of="2024-02-29")["2024-02"] == 10
    assert values(tables, "upsell", as_of="2024-02-29")["2024-02"] == 37
    assert values(tables, "expansion_rate", as_of="2024-02-29")["2024-02"] == pytest.approx(47 / 300)
    assert values(tables, "nrr_1m", as_of="2024-02-29")["2024-02"] == pytest.approx(347 / 300)
    assert values(tables, "grr_1m", as_of="2024-02-29")["2024-02"] == 1
    assert np.isnan(values(tables, "nrr_3m", as_of="2024-02-29")["2024-02"])


def test_logo_churn() -> None:
    """5 lost of 100 at opening is 5 %; who joins and leaves inside the month does not count."""
    rows = [(f"S{i}", f"A{i}", "2024-01-01", "2024-02-01" if i < 5 else None, 10) for i in range(100)]
    rows.append(("S200", "A200", "2024-02-03", "2024-02-20", 10))
    tables = {"subscriptions": subscriptions(*rows)}
    got = values(tables, "logo_churn", as_of="2024-02-29")
    assert np.isnan(got["2024-01"])
    assert got["2024-02"] == pytest.approx(0.05)
    assert values(tables, "revenue_churn", as_of="2024-02-29")["2024-02"] == pytest.approx(0.05)


def test_mrr_and_what_stays_out() -> None:
    """100 × 100 a month and 50 × 600 a year are 12,500; trials, metered and test accounts are not."""
    columns = "subscription_id account_id started_on amount billing_months status is_metered"
    rows: list[tuple] = [(f"M{i}", f"M{i}", "2024-01-01", 100, None, "active", False) for i in range(100)]
    rows += [(f"Y{i}", f"Y{i}", "2024-01-01", 600, 12, None, None) for i in range(50)]
    rows += [("T", "M1", "2024-01-01", 99, 1, "trial", None), ("U", "M1", "2024-01-01", 99, 1, None, True)]
    rows += [("X", "X", "2024-01-01", 99, 1, None, None)]
    tables = {"subscriptions": frame(columns, *rows), "accounts": frame("account_id is_test", ("X", True))}
    assert values(tables, "mrr")["2024-01"] == 12_500
    assert values(tables, "arr")["2024-01"] == 150_000
    assert values(tables, "arpa")["2024-01"] == pytest.approx(12_500 / 150)


def test_lifetime_and_ltv() -> None:
    """One of twelve leaves in six months: 11 + 5 × 12 … ÷ 1 months, times ARPA."""
    rows = [(f"S{i}", f"A{i}", "2024-01-01", "2024-06-15" if i == 0 else None, 10) for i in range(12)]
    tables = {"subscriptions": subscriptions(*rows), "invoices": frame("invoice_id account_id issued_on amount")}
    got = values(tables, "lifetime", as_of="2024-07-31")
    assert np.isnan(got["2024-05"])  # six whole months start before the data
    assert got["2024-06"] == 60  # opening: none in January, twelve in five months; one lost
    assert got["2024-07"] == 71
    assert values(tables, "ltv", as_of="2024-07-31")["2024-07"] == pytest.approx(710)
    assert values(tables, "ltv", as_of="2024-07-31", policies=Policies(gross_margin=0.8))["2024-07"] == pytest.approx(
        568
    )


def test_survival() -> None:
    """Four lives: 30, 60 and 60 days, and one of 91 still open; 3/4, then a third of that."""
    day = pd.Timestamp("2024-01-01")
    ends = [day + pd.Timedelta(days=n) for n in (30, 60, 60)]
    rows = [(f"S{i}", f"A{i}", day, end, 10) for i, end in enumerate([*ends, None])]
    tables = {"subscriptions": subscriptions(*rows)}
    got = values(tables, "lifetime_median", as_of="2024-04-01")
    assert np.isnan(got["2024-01"])
    assert got["2024-04"] == pytest.approx(60 / (365.25 / 12))
    assert np.isnan(values(tables, "survival_12m", as_of="2024-04-01")["2024-04"])
    assert values(tables, "survival_12m", as_of="2025-01-31")["2025-01"] == pytest.approx(0.25)


def test_survival_late_entry() -> None:
    """An account born 100 days before the data is at risk only from day 100 of its life."""
    rows = [("S1", "A", "2024-01-01", "2024-01-11", 10), ("S2", "B", "2024-01-01", "2024-02-20", 10)]
    accounts = frame("account_id created_on", ("A", None), ("B", "2023-09-23"))
    tables = {"subscriptions": subscriptions(*rows), "accounts": accounts}
    # A leaves at 10 days with B not yet observed: the curve is 0 from there on
    assert values(tables, "lifetime_median", as_of="2024-02-29")["2024-02"] == pytest.approx(10 / (365.25 / 12))


def test_renewals() -> None:
    """45 of 50 is 90 %; 4.0 M due less 0.5 and 0.3 is 80 %; a pending one lapses after 60 days."""
    rows = [(f"R{i}", f"A{i}", "2024-01-10", 100, "renewed" if i < 45 else "churned", None) for i in range(50)]
    columns = "renewal_id account_id due_on due_amount outcome renewed_amount"
    start = subscriptions(("S", "A", "2024-01-01", None, 1))
    got = values({"renewals": frame(columns, *rows), "subscriptions": start}, "renewal_rate", as_of="2024-01-31")
    assert got["2024-01"] == pytest.approx(0.9)
    money = frame(
        columns,
        ("R1", "A", "2024-01-10", 3_000_000, "renewed", 3_400_000),
        ("R2", "B", "2024-01-10", 500_000, "churned", None),
        ("R3", "C", "2024-01-10", 500_000, "renewed", 200_000),
        ("R4", "D", "2024-01-20", 700_000, "pending", None),
    )
    tables = {"renewals": money, "subscriptions": start}
    assert values(tables, "renewal_rate_value", as_of="2024-03-20")["2024-01"] == pytest.approx(0.8)
    assert values(tables, "renewal_rate_value", as_of="2024-03-21")["2024-01"] == pytest.approx(3.2 / 4.7)


def test_voice() -> None:
    """CSAT 72.5 %, eNPS +5, NPS bands, CES flipped, mean effort."""
    start = subscriptions(("S", "A", "2024-01-01", None, 1))
    spread = [1] * 50 + [2] * 100 + [3] * 70 + [4] * 300 + [5] * 280
    tables = {"subscriptions": start, "surveys": surveys("csat", spread, 1, 5)}
    assert values(tables, "csat", as_of="2024-01-31")["2024-01"] == pytest.approx(0.725)
    tables["surveys"] = surveys("enps", [10] * 25 + [8] * 55 + [3] * 20, 0, 10)
    assert values(tables, "enps", as_of="2024-01-31")["2024-01"] == pytest.approx(5)
    tables["surveys"] = surveys("enps", [10] * 4, 0, 10)
    assert np.isnan(values(tables, "enps", as_of="2024-01-31")["2024-01"])
    answers = surveys("nps", [9, 7, 6, 10], 0, 10).assign(
        account_id="A", respondent_id=pd.Series(["u", "u", "v", None])
    )
    tables["surveys"] = answers
    assert values(tables, "nps", as_of="2024-01-31")["2024-01"] == pytest.approx(0)  # passive, detractor, promoter
    tables["surveys"] = surveys("ces", [1, 2, 5, 7], 1, 7).assign(higher_is_better=False)
    assert values(tables, "ces", as_of="2024-01-31")["2024-01"] == pytest.approx(0.5)
    assert values(tables, "ces_mean", as_of="2024-01-31")["2024-01"] == pytest.approx(3.75)


def test_telephone() -> None:
    """AHT 224 s over 4,311; 946 of 5,000 abandoned is 18.92 %; short abandons and unknown waits."""
    start = subscriptions(("S", "A", "2024-01-01", None, 1))
    parts = [(f"T{i}", "2024-01-05", 155, 23, 46, False, 1) for i in range(4310)]
    parts.append(("T9", "2024-01-05", 668_205 - 155 * 4310, 99_153 - 23 * 4310, 198_306 - 46 * 4310, False, 1))
    columns = "contact_id opened_at talk_seconds hold_seconds wrap_up_seconds abandoned queue_seconds"
    tables = {"subscriptions": start, "contacts": frame(columns, *parts)}
    assert values(tables, "aht", as_of="2024-01-31")["2024-01"] == pytest.approx(224)
    totals = frame("day offered abandoned", ("2024-01-06", 5000, 946))
    tables = {"subscriptions": start, "contact_totals": totals}
    assert values(tables, "abandonment", as_of="2024-01-31")["2024-01"] == pytest.approx(0.1892)
    calls = frame(
        "contact_id opened_at abandoned queue_seconds",
        ("1", "2024-01-05", True, 3),  # short
        ("2", "2024-01-05", True, None),  # unknown wait is not short
        ("3", "2024-01-05", True, 5),
        ("4", "2024-01-05", False, 20),
        ("5", "2024-01-05", False, 21),
        ("6", "2024-01-05", False, None),
        ("7", "2024-01-06", None, 9),  # not known: the day's totals count
    )
    tables = {"subscriptions": start, "contacts": calls, "contact_totals": totals}
    assert values(tables, "abandonment", as_of="2024-01-31")["2024-01"] == pytest.approx((2 + 946) / (5 + 5000))
    assert values(tables, "service_level", as_of="2024-01-31")["2024-01"] == pytest.approx(1 / 4)
    assert values(tables, "wait_time", as_of="2024-01-31")["2024-01"] == pytest.approx(20.5)


def test_tickets() -> None:
    """Solve rate, flow, times, percentiles, deadlines, and spam left out."""
    tickets = frame(
        "contact_id opened_at first_response_at solved_at status sla_due_at is_spam agent_replies reopens",
        ("1", "2024-01-02 10:00", "2024-01-02 10:01", "2024-01-02 11:00", "solved", "2024-01-03", None, 1, 0),
        ("2", "2024-01-02 10:00", "2024-01-02 10:03", "2024-02-10 10:00", "solved", "2024-01-31 23:00", None, 1, 1),
        ("3", "2024-01-02 10:00", None, None, "solved", "2024-01-03", None, None, None),
        ("4", "2024-01-02 10:00", None, "2024-01-05 10:00", "open", "2024-02-01 00:00", None, None, None),
        ("5", "2024-01-02 10:00", None, None, "open", "2024-01-03", True, None, None),
    )
    tables = {"subscriptions": subscriptions(("S", "A", "2024-01-01", None, 1)), "contacts": tickets}
    got = {k: values(tables, k, as_of="2024-02-29") for k in ("solve_rate", "solve_flow", "sla_breach", "sla_met")}
    assert got["solve_rate"]["2024-01"] == pytest.approx(1 / 3)
    assert got["solve_flow"]["2024-01"] == pytest.approx(1 / 4)
    assert got["sla_breach"] == {"2024-01": 1, "2024-02": 1}  # the second, then the fourth
    assert got["sla_met"] == {"2024-01": pytest.approx(1 / 2), "2024-02": 0}
    assert values(tables, "first_response_time_median", as_of="2024-02-29")["2024-01"] == pytest.approx(120)
    assert values(tables, "first_response_time_p90", as_of="2024-02-29")["2024-01"] == pytest.approx(60 + 0.9 * 120)
    assert values(tables, "one_touch", as_of="2024-02-29") == {"2024-01": 1, "2024-02": 0}
    assert values(tables, "time_to_resolution", as_of="2024-02-29")["2024-01"] == pytest.approx(3600)
    assert values(tables, "contact_rate", as_of="2024-02-29")["2024-01"] == 4
    early = values(tables, "sla_breach", as_of="2024-01-15")
    assert early["2024-01"] == 0  # solved later than as-of: still open, its deadline ahead


def test_money() -> None:
    """TCV 330k, CAC 200, average ticket with a credit note, overdue."""
    start = [(f"S{i}", f"A{i}", "2024-01-05", None, 10) for i in range(300)]
    contract = ("K", "A0", "2024-01-05", 100_000, 12, 36, 30_000)
    tables = {
        "subscriptions": subscriptions(*start),
        "accounts": frame("account_id segment", *[(f"A{i}", "SMB" if i < 100 else "Mid") for i in range(300)]),
        "costs": frame(
            "spent_on amount kind segment",
            ("2024-01-31", 30_000, "sales", "SMB"),
            ("2024-01-31", 30_000, "marketing", None),
            ("2024-01-31", 5, "cs", "SMB"),
        ),
        "contracts": frame(
            "contract_id account_id starts_on recurring_amount billing_months term_months one_off_fees", contract
        ),
        "invoices": frame(
            "invoice_id account_id issued_on due_on amount status kind paid_on",
            ("F1", "A0", "2024-01-06", "2024-01-20", 100, "open", None, None),
            ("F2", "A0", "2024-01-06", "2024-01-31", 200, "open", None, None),
            ("F3", "A0", "2024-01-06", "2024-01-20", 300, "paid", None, None),
            ("F4", "A0", "2024-01-07", None, 60, None, "credit", None),
            ("F5", "A1", "2024-01-07", "2024-01-20", 900, "void", None, None),
            ("F6", "A1", "2024-01-08", "2024-01-20", 50, "paid", "one_off", "2024-02-02"),
        ),
    }
    asked = {"as_of": "2024-01-31"}
    assert values(tables, "tcv_contract", **asked)["2024-01"] == 330_000
    assert values(tables, "cac", **asked)["2024-01"] == 200
    assert values(tables, "cac_payback", **asked)["2024-01"] == pytest.approx(20)
    assert values(tables, "average_ticket", **asked)["2024-01"] == pytest.approx(590 / 4)
    assert values(tables, "ltv_realised", **asked)["2024-01"] == pytest.approx(295)
    assert values(tables, "overdue_amount", **asked)["2024-01"] == 150
    assert values(tables, "overdue_count", **asked)["2024-01"] == 2
    assert values(tables, "expansion_one_off", **asked)["2024-01"] == 50
    by_segment = oracle(tables, "2024-01-31", by="segment", keys=["cac"]).set_index("group")["value"]
    assert by_segment["SMB"] == 300
    assert np.isnan(by_segment["Mid"])


def test_use_and_seats() -> None:
    """Users over seats, busiest day where only totals exist, stickiness, engagement, features."""
    tables = {
        "subscriptions": subscriptions(*[(f"S{a}", a, "2024-01-01", None, 10) for a in "ABC"]),
        "accounts": frame("account_id seats", ("A", 10), ("B", 10), ("C", None)),
        "usage": frame(
            "account_id used_on user_id feature",
            ("A", "2024-01-02", "u", "x"),
            ("A", "2024-01-02", "v", "y"),
            ("A", "2024-01-03", "u", "x"),
            ("A", "2024-01-03", "u", "x"),
        ),
        "usage_daily": frame(
            "account_id used_on active_users features_used features_available",
            ("B", "2024-01-02", 4, 2, 8),
            ("B", "2024-01-03", 9, 3, 10),
        ),
    }
    asked = {"as_of": "2024-01-31"}
    assert values(tables, "adoption", **asked)["2024-01"] == pytest.approx((2 + 9) / 20)
    assert values(tables, "at_seat_limit", **asked)["2024-01"] == pytest.approx(1 / 2)
    assert values(tables, "engagement", **asked)["2024-01"] == pytest.approx(4 / (23 * 3))
    assert values(tables, "stickiness", **asked)["2024-01"] == pytest.approx(3 / (31 * 2))
    assert values(tables, "feature_adoption", **asked)["2024-01"] == pytest.approx((2 + 3 + 0) / (2 + 10 + 2))


def test_referrals_and_feeling() -> None:
    """Received, won, their value from the referred account's first MRR, and the customer's word before the CSM's."""
    tables = {
        "subscriptions": subscriptions(("S", "A", "2024-01-01", None, 10), ("T", "B", "2024-01-20", None, 70)),
        "referrals": frame(
            "referral_id referrer_account_id referred_on referred_account_id status value",
            ("1", "A", "2024-01-05", "B", "won", None),
            ("2", "A", "2024-01-06", None, "open", 500),
            ("3", "Z", "2024-01-06", None, "won", 30),
        ),
        "sentiment": frame(
            "account_id rated_on rater score scale_min scale_max",
            ("A", "2024-01-20", "csm", 1, 1, 5),
            ("A", "2024-01-10", "customer", 4, 1, 5),
            ("A", "2024-01-10", "customer", 5, 1, 5),
            ("B", "2024-01-10", "csm", 3, 1, 5),
        ),
    }
    asked = {"as_of": "2024-01-31"}
    assert values(tables, "referrals", **asked)["2024-01"] == 3
    assert values(tables, "referral_conversion", **asked)["2024-01"] == pytest.approx(2 / 3)
    assert values(tables, "referral_value", **asked)["2024-01"] == 100
    assert values(tables, "referrer_share", **asked)["2024-01"] == pytest.approx(1 / 2)
    assert values(tables, "cs_feeling", **asked)["2024-01"] == pytest.approx((87.5 + 50) / 2)


def test_activity_churn() -> None:
    """Two bought in the 90 days to 30 April, one of them again in those to 31 May."""
    orders = frame(
        "invoice_id account_id issued_on amount",
        ("1", "A", "2024-01-01", 5),
        ("2", "A", "2024-02-10", 5),
        ("3", "B", "2024-02-10", 5),
        ("4", "B", "2024-05-10", 5),
    )
    got = values({"invoices": orders}, "activity_churn", as_of="2024-05-31")
    assert np.isnan(got["2024-03"])
    assert got["2024-05"] == pytest.approx(1 / 2)


def test_health() -> None:
    """One account with two inputs: 9 of 10 users scores 100 at 25; a 0.5-month debt scores 60 at 10."""
    tables = {
        "subscriptions": subscriptions(("S", "A", "2024-01-01", None, 100)),
        "accounts": frame("account_id seats", ("A", 2)),
        "usage": frame("account_id used_on user_id", ("A", "2024-01-02", "u"), ("A", "2024-01-02", "v")),
        "invoices": frame("invoice_id account_id issued_on due_on amount", ("1", "A", "2024-01-02", "2024-01-09", 50)),
    }
    got = values(tables, "health_score", as_of="2024-01-31")
    assert got["2024-01"] == pytest.approx((25 * 100 + 10 * 60) / 35)
    assert values(tables, "health_score_mrr", as_of="2024-01-31")["2024-01"] == pytest.approx(got["2024-01"])
    assert np.isnan(values(tables, "health_score", as_of="2024-01-31", grain="week")["2024-W05"])


def test_months_the_definition_gives_no_value() -> None:
    """Without a table its KPIs have no value, for every period."""
    out = oracle(
        {"subscriptions": subscriptions(("S", "A", "2024-01-01", None, 1))}, as_of="2024-03-31", keys=["nps", "cac"]
    )
    assert len(out) == 6
    assert out["value"].isna().all()
