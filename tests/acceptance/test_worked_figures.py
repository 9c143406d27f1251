"""Every figure worked by hand in the catalogue, from CSV files through the terminal to the number."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.acceptance.conftest import Terminal


def sub(account: str, start: str, end: str = "", amount: float = 100, months: float = 1, **more: Any) -> dict[str, Any]:
    """A subscription row; its id is the account's and product's."""
    return {
        "subscription_id": f"S-{account}-{more.get('product', '')}",
        "account_id": account,
        "started_on": start,
        "ended_on": end,
        "amount": amount,
        "billing_months": months,
        **more,
    }


def many(count: int, prefix: str, start: str, end: str = "", **terms: Any) -> list[dict[str, Any]]:
    """Subscriptions of `count` accounts on the same terms."""
    return [sub(f"{prefix}{i}", start, end, **terms) for i in range(count)]


def orders(last: str) -> list[dict[str, Any]]:
    """One void invoice on a day: it moves the as-of day and no money."""
    return [{"invoice_id": "X", "account_id": "A0", "issued_on": last, "amount": 1, "status": "void"}]


def test_five_of_a_hundred_lost_is_five_percent(terminal: Terminal) -> None:
    rows = many(95, "A", "2024-01-05") + many(5, "L", "2024-01-05", "2024-02-20")
    terminal.bring_in(subscriptions=rows, invoices=orders("2024-02-29"))
    assert terminal.value("logo_churn", "2024-02") == pytest.approx(0.05)


def test_eleven_cancellations_one_joined_in_the_month_is_ten_percent(terminal: Terminal) -> None:
    rows = (
        many(90, "A", "2024-01-05")
        + many(10, "L", "2024-01-05", "2024-02-20")
        + many(1, "J", "2024-02-02", "2024-02-25")
    )
    terminal.bring_in(subscriptions=rows, invoices=orders("2024-02-29"))
    row = terminal.row("logo_churn", "2024-02")
    assert row["value"] == pytest.approx(0.10)
    assert (row["numerator"], row["denominator"]) == (10, 100)


def test_what_ends_on_the_first_was_there_at_the_end_of_the_month_before(terminal: Terminal) -> None:
    rows = many(9, "A", "2024-01-01") + many(1, "L", "2024-01-01", "2024-03-01")
    terminal.bring_in(subscriptions=rows, invoices=orders("2024-03-31"))
    assert terminal.value("logo_churn", "2024-02") == 0
    assert terminal.value("logo_churn", "2024-03") == pytest.approx(0.1)


def test_gross_and_net_revenue_churn(terminal: Terminal) -> None:
    rows = [
        *many(7, "A", "2024-01-01", amount=10),
        sub("L", "2024-01-01", "2024-02-10", amount=10),
        sub("D", "2024-01-01", "2024-02-10", amount=12),
        {**sub("D", "2024-02-10", amount=2)},
        sub("U", "2024-01-01", "2024-02-10", amount=8),
        {**sub("U", "2024-02-10", amount=18)},
    ]
    terminal.bring_in(subscriptions=rows, invoices=orders("2024-02-29"))
    assert terminal.value("mrr", "2024-01") == pytest.approx(100)
    assert terminal.value("revenue_churn", "2024-02") == pytest.approx(0.20)
    assert terminal.value("net_revenue_churn", "2024-02") == pytest.approx(0.10)
    assert terminal.value("revenue_churn_lost", "2024-02") == pytest.approx(0.10)
    assert terminal.value("contraction_rate", "2024-02") == pytest.approx(0.10)
    assert terminal.value("expansion_rate", "2024-02") == pytest.approx(0.10)
    assert terminal.value("grr_1m", "2024-02") == pytest.approx(0.80)
    assert terminal.value("nrr_1m", "2024-02") == pytest.approx(0.90)


@pytest.mark.parametrize(("won", "lost", "ratio"), [(24, 4, 6), (30, 10, 3), (40, 20, 2)])
def test_quick_ratio(terminal: Terminal, won: float, lost: float, ratio: float) -> None:
    rows = [
        sub("A", "2024-01-01"),
        sub("L", "2024-01-01", "2024-02-10", amount=lost),
        sub("N", "2024-02-10", amount=won),
    ]
    terminal.bring_in(subscriptions=rows, invoices=orders("2024-02-29"))
    assert terminal.value("quick_ratio", "2024-02") == pytest.approx(ratio)


def test_mrr_of_monthly_and_yearly_plans(terminal: Terminal) -> None:
    rows = many(100, "M", "2024-01-01", amount=100) + many(50, "Y", "2024-01-01", amount=600, months=12)
    terminal.bring_in(subscriptions=rows, invoices=orders("2024-01-31"))
    assert terminal.value("mrr", "2024-01") == pytest.approx(12_500)
    assert terminal.value("arr", "2024-01") == pytest.approx(150_000)


def test_life_of_a_yearly_plan(terminal: Terminal) -> None:
    rows = [
        sub("A", "2023-01-10", "2024-01-10", amount=2000, months=12, product="Core"),
        sub("A", "2023-03-05", "2023-04-20", amount=60, product="Add-on"),
        {**sub("A", "2024-05-01", amount=2000, months=12, product="Core"), "subscription_id": "S-back"},
    ]
    terminal.bring_in(subscriptions=rows, invoices=[{**orders("2024-05-31")[0], "account_id": "A"}])
    assert terminal.value("new_mrr", "2023-01") == pytest.approx(166.67, abs=0.005)
    assert terminal.value("cross_sell", "2023-03") == pytest.approx(60)
    assert terminal.value("contraction_mrr", "2023-04") == pytest.approx(60)
    assert terminal.value("logo_churn", "2023-04") == 0
    assert terminal.value("churned_mrr", "2024-01") == pytest.approx(166.67, abs=0.005)
    assert terminal.value("reactivation_mrr", "2024-05") == pytest.approx(166.67, abs=0.005)
    assert terminal.value("new_mrr", "2024-05") == 0


def survey(kind: str, score: float, number: int, low: float, high: float, **more: Any) -> dict[str, Any]:
    """An answer on 10 March 2024."""
    return {
        "response_id": f"{kind}-{score}-{number}",
        "kind": kind,
        "responded_at": "2024-03-10 12:00:00",
        "score": score,
        "scale_min": low,
        "scale_max": high,
        **more,
    }


def test_csat(terminal: Terminal) -> None:
    counts = {1: 50, 2: 100, 3: 70, 4: 300, 5: 280}
    terminal.bring_in(surveys=[survey("csat", s, i, 1, 5) for s, count in counts.items() for i in range(count)])
    row = terminal.row("csat", "2024-03")
    assert row["value"] == pytest.approx(0.725)
    assert row["n"] == 800


def test_enps(terminal: Terminal) -> None:
    counts = {10: 25, 8: 55, 3: 20}
    terminal.bring_in(surveys=[survey("enps", s, i, 0, 10) for s, count in counts.items() for i in range(count)])
    assert terminal.value("enps", "2024-03") == pytest.approx(5)


def contact(number: int, **more: Any) -> dict[str, Any]:
    """A contact opened on 4 March 2024."""
    return {"contact_id": f"T{number}", "opened_at": "2024-03-04 09:00:00", **more}


def test_aht_and_abandonment(terminal: Terminal) -> None:
    talk, hold, wrap_up = 668_205, 99_153, 198_306
    rows = [contact(i, abandoned=False, talk_seconds=1, hold_seconds=1, wrap_up_seconds=1) for i in range(4311)]
    rows[0] |= {"talk_seconds": talk - 4310, "hold_seconds": hold - 4310, "wrap_up_seconds": wrap_up - 4310}
    rows += [contact(4311 + i, abandoned=True, queue_seconds=30) for i in range(689)]
    terminal.bring_in(contacts=rows)
    assert terminal.value("aht", "2024-03") == pytest.approx((talk + hold + wrap_up) / 4311)
    assert round(terminal.value("aht", "2024-03") or 0) == 224


def test_abandonment(terminal: Terminal) -> None:
    rows = [contact(i, abandoned=i < 946) for i in range(5000)]
    terminal.bring_in(contacts=rows)
    assert terminal.value("abandonment", "2024-03") == pytest.approx(0.1892)


def test_solve_rate_and_fcr(terminal: Terminal) -> None:
    solved = [contact(i, solved_at="2024-03-20 09:00:00", status="solved") for i in range(6)]
    late = [contact(6, solved_at="2024-04-15 09:00:00", status="solved")]
    reopened = [contact(7, solved_at="2024-03-05 09:00:00", status="open")]
    still = [contact(8, status="open"), contact(9, status="open")]
    first = [{"first_contact": True, "fixed": i < 3} for i in range(4)]
    rows = [*solved, *late, *reopened, *still]
    rows = [{**row, **(first[i] if i < 4 else {"first_contact": "", "fixed": ""})} for i, row in enumerate(rows)]
    later = [{**contact(10), "opened_at": "2024-05-30 09:00:00"}]
    terminal.bring_in(contacts=rows + later)
    row = terminal.row("solve_rate", "2024-03")
    assert row["value"] == pytest.approx(0.6)
    assert row["complete"]
    assert terminal.value("fcr", "2024-03") == pytest.approx(0.75)


def test_cac(terminal: Terminal) -> None:
    rows = many(300, "A", "2024-01-10")
    costs = [
        {"spent_on": "2024-01-15", "amount": 45_000, "kind": "sales"},
        {"spent_on": "2024-01-20", "amount": 15_000, "kind": "marketing"},
    ]
    costs.append({"spent_on": "2024-01-20", "amount": 9_000, "kind": "cs"})
    terminal.bring_in(subscriptions=rows, costs=costs)
    assert terminal.value("cac", "2024-01") == pytest.approx(200)


def test_total_contract_value(terminal: Terminal) -> None:
    contracts = [
        {
            "contract_id": "K",
            "account_id": "A",
            "starts_on": "2024-01-01",
            "recurring_amount": 100_000,
            "billing_months": 12,
            "term_months": 36,
            "one_off_fees": 30_000,
        }
    ]
    terminal.bring_in(contracts=contracts, subscriptions=[sub("A", "2024-01-01")])
    assert terminal.value("tcv_contract", "2024-01") == pytest.approx(330_000)


def test_renewals_by_count_and_by_value(terminal: Terminal) -> None:
    def due(number: int, amount: float, renewed: float | None) -> dict[str, Any]:
        return {
            "renewal_id": f"R{number}",
            "account_id": f"A{number}",
            "due_on": "2024-03-15",
            "due_amount": amount,
            "outcome": "churned" if renewed is None else "renewed",
            "decided_on": "2024-03-10",
            "renewed_amount": renewed,
        }

    rows = [due(i, 80_000, 80_000) for i in range(45)] + [due(45 + i, 80_000, None) for i in range(5)]
    terminal.bring_in(renewals=rows, subscriptions=many(50, "A", "2024-01-01"), invoices=orders("2024-03-31"))
    assert terminal.value("renewal_rate", "2024-03") == pytest.approx(0.9)
    rows = [due(100, 3_000_000, 3_000_000), due(101, 500_000, None), due(102, 500_000, 200_000)]
    terminal.bring_in(
        "--workspace", "value", renewals=rows, subscriptions=many(1, "A", "2024-01-01"), invoices=orders("2024-03-31")
    )
    assert terminal.value("renewal_rate_value", "2024-03", "month", "--workspace", "value") == pytest.approx(0.8)


def test_nrr_grr_over_twelve_months(terminal: Terminal) -> None:
    """Then 100 + 100 + 100 + 100; now 150, 80, 0, 100, and a new customer who never counts."""
    rows = [
        sub("A", "2023-01-01", "2023-08-01"),
        sub("A", "2023-08-01", amount=150),
        sub("B", "2023-01-01", "2023-08-01"),
        sub("B", "2023-08-01", amount=80),
        sub("C", "2023-01-01", "2023-08-01"),
        sub("D", "2023-01-01"),
        sub("E", "2023-06-01", amount=1000),
    ]
    terminal.bring_in(subscriptions=rows, invoices=[{**orders("2024-01-31")[0], "account_id": "A"}])
    assert terminal.value("nrr", "2024-01") == pytest.approx(330 / 400)
    assert terminal.value("grr", "2024-01") == pytest.approx(280 / 400)
    row = terminal.row("nrr", "2023-12")
    assert row["value"] is None
    assert row["reason"] == "no_history"


def test_lifetime_and_ltv(terminal: Terminal) -> None:
    """Six months with 100 at each opening, one lost and one joined in each: 600 ÷ 6 = 100 months; ARPA 10."""
    rows = many(94, "A", "2023-12-10", amount=10)
    rows += [sub(f"L{m}", "2023-12-10", f"2024-{m:02d}-15", amount=10) for m in range(1, 7)]
    rows += [sub(f"N{m}", f"2024-{m:02d}-05", amount=10) for m in range(1, 7)]
    terminal.bring_in(subscriptions=rows, invoices=orders("2024-06-30"))
    assert terminal.value("lifetime", "2024-06") == pytest.approx(100)
    assert terminal.value("ltv", "2024-06") == pytest.approx(1000)
    assert terminal.value("ltv", "2024-06", "month", "--set", "gross_margin=0.8") == pytest.approx(800)
    assert terminal.value("lifetime", "2024-04") is None


def test_adoption(terminal: Terminal) -> None:
    """A: 2 of 4 seats, B: 1 of 6, C has no use (0 of 10), D's seats are unknown: 3 of 20."""
    rows = [
        *many(1, "A", "2024-01-01", seats=4),
        *many(1, "B", "2024-01-01", seats=6),
        *many(1, "C", "2024-01-01", seats=10),
        *many(1, "D", "2024-01-01"),
    ]
    days = [date(2024, 1, 2) + timedelta(days=i) for i in range(3)]
    usage = [{"account_id": "A0", "used_on": day, "user_id": user} for day in days for user in ("u1", "u2")]
    usage += [
        {"account_id": "B0", "used_on": days[0], "user_id": "u1"},
        {"account_id": "D0", "used_on": days[0], "user_id": "u9"},
    ]
    terminal.bring_in(subscriptions=rows, usage=usage, invoices=orders("2024-01-31"))
    row = terminal.row("adoption", "2024-01")
    assert (row["numerator"], row["denominator"]) == (3, 20)
    assert row["value"] == pytest.approx(0.15)


def test_overdue(terminal: Terminal) -> None:
    def bill(number: int, **more: Any) -> dict[str, Any]:
        return {
            "invoice_id": f"F{number}",
            "account_id": "A0",
            "issued_on": "2024-01-05",
            "amount": 100,
            "due_on": "2024-01-20",
            **more,
        }

    rows = [
        bill(1),
        bill(2, paid_on="2024-01-19", status="paid"),
        bill(3, paid_on="2024-02-03", status="paid"),
        bill(4, status="void"),
        bill(5, due_on="2024-01-31"),
        bill(6, amount=-30, kind="credit"),
    ]
    terminal.bring_in(invoices=rows, subscriptions=many(1, "A", "2024-01-01", "2024-02-29"))
    assert terminal.value("overdue_amount", "2024-01") == pytest.approx(200)
    assert terminal.value("overdue_count", "2024-01") == 2
    assert terminal.value("overdue_amount", "2024-02") == pytest.approx(200)
    assert terminal.value("average_ticket", "2024-01") == pytest.approx((400 - 30) / 4)


def test_renewals_alone_without_days_of_decision(terminal: Terminal) -> None:
    """A file of renewals is enough: the last one due is then the day everything is known up to."""
    rows = [
        {
            "renewal_id": f"R{i}",
            "account_id": f"A{i}",
            "due_on": "2024-03-31",
            "due_amount": 100,
            "outcome": "renewed" if i < 45 else "churned",
        }
        for i in range(50)
    ]
    terminal.bring_in(renewals=rows)
    assert terminal.value("renewal_rate", "2024-03") == pytest.approx(0.9)
