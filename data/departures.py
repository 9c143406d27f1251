"""When accounts decided to leave: the days behind each departure, for evidence that must not read past the notice."""

from datetime import date

import pandas as pd

from data.facts import AnyFacts, connect

_ENDS = """
SELECT account_id, CAST(date_trunc('month', ended_on) AS DATE) AS month,
    max(ended_on) AS ended_on, min(cancelled_on) AS cancelled_on, max(notice_days) AS notice_days
FROM subscriptions WHERE ended_on IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
"""
_NOTICES = """
SELECT account_id, max(cancelled_on) AS noticed_on FROM subscriptions WHERE ended_on IS NULL
GROUP BY 1 HAVING count(*) = count(cancelled_on) ORDER BY 1
"""
_TERMS = """
SELECT account_id, min(CASE WHEN kind = 1 THEN day END) AS due, min(CASE WHEN kind = 2 THEN day END) AS signed,
    min(CASE WHEN kind = 3 THEN day END) AS started_on, max(CASE WHEN kind = 2 THEN months END) AS term_months,
    max(CASE WHEN kind = 3 THEN months END) AS billing_months
FROM (
    SELECT account_id, 2 AS kind, starts_on AS day, term_months AS months FROM contracts
    UNION ALL SELECT account_id, 3, started_on, billing_months FROM subscriptions
    UNION ALL SELECT account_id, 1, due_on, NULL FROM renewals
) AS days WHERE account_id IS NOT NULL GROUP BY 1 ORDER BY 1
"""


def departures(facts: AnyFacts, as_of: date | None = None) -> pd.DataFrame:
    """The ends of subscriptions by account and month, wherever the rows are.

    Columns: account_id; month (its first day); ended_on, the last end in it; cancelled_on, the earliest notice among
    them; notice_days, the longest notice period. Missing where the export does not say. Empty without subscriptions.
    """
    days = ("month", "ended_on", "cancelled_on")
    return _asked(facts, _ENDS, as_of, ("account_id", *days, "notice_days"), days).astype({"notice_days": "float64"})


def notices(facts: AnyFacts, as_of: date | None = None) -> pd.Series:
    """The day by which accounts that have not left yet had given notice for all they have; by account_id."""
    return _asked(facts, _NOTICES, as_of, ("account_id", "noticed_on"), ("noticed_on",)).set_index("account_id")[
        "noticed_on"
    ]


def terms(facts: AnyFacts, as_of: date | None = None) -> pd.DataFrame:
    """When an account's terms began, by account_id, one row each.

    Columns: started_on, the first day of its first subscription (missing without one); turns_on, a day on which its
    terms turn: the first renewal known, else the start of its first contract, else of its first subscription;
    term_months, the longest of its contracts, and billing_months, the longest between two bills of its subscriptions
    (both missing where the export does not say).
    """
    days, lengths = ("due", "signed", "started_on"), ["term_months", "billing_months"]
    frame = _asked(facts, _TERMS, as_of, ("account_id", *days, *lengths), days).set_index("account_id")
    turns_on = frame["due"].fillna(frame["signed"]).fillna(frame["started_on"])
    return frame[["started_on"]].assign(turns_on=turns_on, **frame[lengths].astype("float64"))


def _asked(
    facts: AnyFacts, sql: str, as_of: date | None, columns: tuple[str, ...], days: tuple[str, ...]
) -> pd.DataFrame:
    with connect(facts, as_of) as cursor:
        rows = cursor.execute(sql).fetchall()
    frame = pd.DataFrame(rows, columns=list(columns))
    return frame.astype({"account_id": str, **dict.fromkeys(days, "datetime64[us]")})
