"""A small company full of edges: missing values, ties, days on the rim of windows, odd scales, idle accounts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

Tables = dict[str, pd.DataFrame]
FIRST = pd.Timestamp("2023-11-15")
DAYS = 480


class Maker:
    """Draws rows from one seed."""

    def __init__(self, seed: int, accounts: int) -> None:
        """Name the accounts; the last few are known from other tables only."""
        self.draw = np.random.default_rng(seed)
        self.accounts = [f"A{k:02d}" for k in range(accounts)]
        self.known = self.accounts[:-2]

    def day(self, low: int = 0, high: int = DAYS) -> pd.Timestamp:
        """A day of the company's life; month ends come often."""
        day = FIRST + pd.Timedelta(days=int(self.draw.integers(low, high)))
        return day + pd.offsets.MonthEnd(0) if self.chance(0.2) else day

    def time(self) -> pd.Timestamp:
        """A time of day, often midnight or the last second."""
        second = self.pick([0, 86399, int(self.draw.integers(0, 86400))])
        return self.day() + pd.Timedelta(seconds=second)

    def chance(self, share: float) -> bool:
        """True in this share of draws."""
        return bool(self.draw.random() < share)

    def pick(self, values: list) -> Any:
        """One of some values."""
        return values[int(self.draw.integers(0, len(values)))]

    def maybe(self, value: Any, share: float = 0.7) -> Any:
        """A value, or nothing."""
        return value if self.chance(share) else None

    def table(self, columns: str, count: int, row: Callable[[int], tuple]) -> pd.DataFrame:
        """So many rows, each drawn by a function of its number."""
        return pd.DataFrame([row(k) for k in range(count)], columns=columns.split())


def subscriptions(make: Maker) -> pd.DataFrame:
    """Stretches with gaps, trials, pauses, product and plan changes, several lines at a time."""
    rows = []
    for account in make.accounts[:-3]:
        for line in range(int(make.draw.integers(1, 4))):
            day, product = make.day(0, 350), make.pick(["Core", "Core", "Add-on", None])
            price, plan, quantity = float(make.draw.integers(5, 90)) * 10, make.pick(["Pro", "Basic"]), 2
            for _ in range(int(make.draw.integers(1, 5))):
                end = day + pd.Timedelta(days=int(make.draw.integers(1, 150)))
                months, status = (
                    make.pick([1, 12, 3, None]),
                    make.pick(["active"] * 6 + ["trial", "paused", None, "unpaid"]),
                )
                discount = make.maybe(round(price / 3, 2), 0.2)
                terms = (
                    price * (months or 1),
                    make.maybe(plan, 0.9),
                    make.maybe(quantity, 0.9),
                    discount,
                    months,
                    status,
                )
                seats, metered = make.maybe(quantity * 5, 0.5), make.maybe(True, 0.03)
                last = make.chance(0.3)
                rows.append(
                    (f"S-{account}-{line}", account, day, None if last else end, product, seats, metered, *terms)
                )
                if last:
                    break
                day = end + pd.Timedelta(days=int(make.pick([0, 0, 0, 1, 20, 95])))
                change = make.pick(["price", "plan", "quantity", "nothing", "product"])
                price = round(price * (1.07 if change == "price" else make.pick([1, 0.9])), 2)
                plan = make.pick(["Pro", "Basic"]) if change == "plan" else plan
                quantity += int(change == "quantity")
                product = make.pick(["Core", "Other"]) if change == "product" else product
    columns = "subscription_id account_id started_on ended_on product seats is_metered"
    columns += " amount plan quantity discount billing_months status"
    return pd.DataFrame(rows, columns=columns.split())


def contacts(make: Maker) -> pd.DataFrame:
    """Contacts with gaps in every column, reopened ones, spam, unlinked, with deadlines on the rim of the day."""

    def row(number: int) -> tuple:
        opened = make.time()
        solved = make.maybe(opened + pd.Timedelta(days=int(make.pick([0, 1, 29, 30, 31])), hours=1), 0.7)
        solved = solved if solved is None or solved < FIRST + pd.Timedelta(days=DAYS) else None
        status = (
            make.pick(["solved", "solved", None, "pending"]) if solved is not None else make.pick(["open", "solved"])
        )
        reply = make.maybe(opened + pd.Timedelta(seconds=int(make.draw.integers(1, 9999))))
        due = make.maybe((opened + pd.Timedelta(days=int(make.draw.integers(1, 40)))).normalize())
        abandoned = make.pick([True, False, None])
        talk, hold = make.maybe(float(make.draw.integers(10, 900))), make.maybe(9.0, 0.5)
        return (
            f"T{number:04d}",
            opened,
            make.maybe(make.pick(make.accounts), 0.9),
            make.pick(["phone", "chat", None]),
            status,
            reply,
            solved,
            make.maybe(make.pick([0, 1]), 0.6),
            make.maybe(make.pick([0, 1, 2]), 0.8),
            make.maybe(300.0, 0.2),
            talk,
            hold,
            make.maybe(float(make.pick([0, 4, 5, 19, 20, 21, 90]))),
            abandoned,
            make.maybe(make.chance(0.7), 0.8),
            make.maybe(make.chance(0.7), 0.8),
            due,
            make.maybe(True, 0.04),
            make.maybe("T0000", 0.04),
        )

    columns = "contact_id opened_at account_id channel status first_response_at solved_at reopens agent_replies"
    columns += " handle_seconds talk_seconds hold_seconds queue_seconds abandoned first_contact fixed sla_due_at"
    return make.table(f"{columns} is_spam merged_into", 400, row)


def surveys(make: Maker) -> pd.DataFrame:
    """Answers on many scales, respondents that answer often, on the same second too, and nobody's answers."""

    def row(number: int) -> tuple:
        kind = make.pick(["nps", "nps", "csat", "ces", "enps"])
        if kind in ("nps", "enps"):
            low, high = make.pick([(0, 10), (0, 10), (1, 10)])
        else:
            low, high = make.pick([(1, 5), (1, 5), (1, 7), (1, 3), (1, 10), (0, 10), (1, 4), (1, 2), (0, 100)])
        score = int(make.draw.integers(low, high + 1))
        who = make.maybe(make.pick(["u", "v"]), 0.7)
        when = make.time()
        return (
            f"R{number:04d}",
            kind,
            when,
            score,
            low,
            high,
            make.maybe(False, 0.2) if kind == "ces" else None,
            make.maybe(make.pick(make.accounts), 0.95),
            who,
            make.maybe(make.chance(0.3)),
        )

    columns = "response_id kind responded_at score scale_min scale_max higher_is_better"
    return make.table(f"{columns} account_id respondent_id is_transactional", 700, row)


def invoices(make: Maker) -> pd.DataFrame:
    """Invoices paid or not, void, credits of both kinds, one-offs."""

    def row(number: int) -> tuple:
        issued, amount = make.day(), float(make.draw.integers(1, 90000)) / 100
        kind = make.pick(["recurring", "one_off", "credit", None])
        due = make.maybe(issued + pd.Timedelta(days=int(make.pick([0, 10, 30]))))
        paid = make.maybe(issued + pd.Timedelta(days=int(make.pick([0, 10, 30, 45]))), 0.5)
        paid = paid if paid is None or paid < FIRST + pd.Timedelta(days=DAYS) else None
        status = "paid" if paid is not None else make.pick(["open", "open", "paid", "void", None])
        amount = -amount if kind is None and make.chance(0.1) else amount
        return (f"F{number:04d}", make.pick(make.accounts), issued, amount, due, paid, status, kind)

    return make.table("invoice_id account_id issued_on amount due_on paid_on status kind", 300, row)


def others(make: Maker) -> Tables:
    """Renewals, contracts, referrals, costs, ratings, use and daily totals."""
    day, end = make.day, FIRST + pd.Timedelta(days=DAYS)

    def renewal(number: int) -> tuple:
        outcome = make.pick(["renewed", "churned", "pending", None])
        decided = make.maybe(day()) if outcome in ("renewed", "churned") else None
        kept = make.maybe(float(make.draw.integers(500, 1500))) if outcome == "renewed" else None
        return (f"N{number:03d}", make.pick(make.accounts), day(0, DAYS + 60), 1000.0, outcome, decided, kept)

    def referral(number: int) -> tuple:
        when, status = day(0, DAYS - 60), make.pick(["open", "won", "lost", None])
        won = make.maybe(when + pd.Timedelta(days=30), 0.5) if status == "won" else None
        reward = make.maybe(25.0, 0.5) if status == "won" else None
        new, worth = make.maybe(make.pick(make.accounts), 0.6), make.maybe(90.5, 0.4)
        rewarded = make.maybe(when + pd.Timedelta(days=40), 0.5) if reward else None
        return (f"I{number:03d}", make.pick(make.accounts), when, new, status, won, worth, reward, rewarded)

    def total(number: int) -> tuple:
        return (
            FIRST + pd.Timedelta(days=3 * number),
            30,
            make.maybe(6, 0.8),
            make.maybe(2),
            make.maybe(24),
            make.maybe(2400.0),
            make.maybe(300.0),
            make.maybe(20),
        )

    def used(_: int) -> tuple:
        who = make.maybe(make.pick(["u", "v", "w", "x", "y", "z"]), 0.9)
        return (make.pick(make.accounts[5:]), day(), who, make.maybe(make.pick(list("abcdef"))), make.maybe(2))

    pairs = sorted({(make.pick(make.accounts[:14]), day()) for _ in range(500)})
    users = [(a, d, make.maybe(int(make.draw.integers(0, 9))), make.maybe(9, 0.4)) for a, d in pairs]
    daily = [(*r, make.maybe(make.pick([0, 50])), make.maybe(3, 0.5), make.maybe(8, 0.5)) for r in users]
    rating = "account_id rated_on rater score scale_min scale_max"
    totals = "day offered abandoned short_abandoned handled handle_seconds queue_seconds within_service_level"
    made = "referral_id referrer_account_id referred_on referred_account_id status won_on value reward_cost rewarded_on"
    return {
        "renewals": make.table(
            "renewal_id account_id due_on due_amount outcome decided_on renewed_amount", 120, renewal
        ).pipe(lambda f: f[~(pd.to_datetime(f["decided_on"]) >= end)]),
        "referrals": make.table(
            made,
            60,
            referral,
        ),
        "contact_totals": make.table(totals, 150, total),
        "usage": make.table("account_id used_on user_id feature events", 1500, used),
        "usage_daily": pd.DataFrame(
            daily,
            columns=["account_id", "used_on", "active_users", "seats", "events", "features_used", "features_available"],
        ),
        "sentiment": make.table(
            rating,
            150,
            lambda _: (make.pick(make.accounts), day(), make.pick(["csm", "customer"]), make.pick([1, 3, 5]), 1, 5),
        ),
        "costs": make.table(
            "spent_on amount kind segment channel",
            120,
            lambda _: (
                day(),
                float(make.draw.integers(100, 9000)),
                make.pick(["sales", "marketing", "cs"]),
                make.maybe(make.pick(["SMB", "Mid"])),
                make.maybe(make.pick(["Inbound", "Outbound"])),
            ),
        ),
        "contracts": make.table(
            "contract_id account_id starts_on recurring_amount billing_months term_months one_off_fees",
            40,
            lambda k: (
                f"K{k}",
                make.pick(make.accounts),
                day(),
                1200.0,
                make.pick([1, 12]),
                make.pick([6, 12, 24]),
                make.maybe(50.0),
            ),
        ),
    }


def company(seed: int = 1, accounts: int = 26) -> Tables:
    """All tables of the hostile company."""
    make = Maker(seed, accounts)
    attributes = [
        (
            a,
            make.maybe(FIRST - pd.Timedelta(days=int(make.draw.integers(-100, 700))), 0.8),
            make.maybe(make.pick(["SMB", "Mid", "Enterprise"]), 0.9),
            make.pick(["Inbound", "Outbound", "Partner"]),
            make.maybe(make.pick([0, 3, 10]), 0.6),
            True if k == 7 else None,
        )
        for k, a in enumerate(make.known)
    ]
    columns = ["account_id", "created_on", "segment", "channel", "seats", "is_test"]
    return {
        "accounts": pd.DataFrame(attributes, columns=columns),
        "subscriptions": subscriptions(make),
        "contacts": contacts(make),
        "surveys": surveys(make),
        "invoices": invoices(make),
        **others(make),
    }
