"""When accounts decided to leave: the days behind each departure, for evidence that must not read past the notice."""

from datetime import date

import pandas as pd

from data.facts import AnyFacts, connect

_ENDS = """
SELECT account_id, CAST(date_trunc('month', ended_on) AS DATE) AS month,
    max(ended_on) AS ended_on, min(cancelled_on) AS cancelled_on, max(notice_days) AS notice_days
FROM subscriptions WHERE ended_on IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
"""
_STARTS = "SELECT account_id, min(started_on) AS started_on FROM subscriptions GROUP BY 1 ORDER BY 1"


def departures(facts: AnyFacts, as_of: date | None = None) -> pd.DataFrame:
    """The ends of subscriptions by account and month, wherever the rows are.

    Columns: account_id; month (its first day); ended_on, the last end in it; cancelled_on, the earliest notice among
    them; notice_days, the longest notice period. Missing where the export does not say. Empty without subscriptions.
    """
    days = ("month", "ended_on", "cancelled_on")
    return _asked(facts, _ENDS, as_of, ("account_id", *days, "notice_days"), days).astype({"notice_days": "float64"})


def first_starts(facts: AnyFacts, as_of: date | None = None) -> pd.DataFrame:
    """account_id and started_on, the first day of its first subscription."""
    return _asked(facts, _STARTS, as_of, ("account_id", "started_on"), ("started_on",))


def _asked(
    facts: AnyFacts, sql: str, as_of: date | None, columns: tuple[str, ...], days: tuple[str, ...]
) -> pd.DataFrame:
    with connect(facts, as_of) as cursor:
        rows = cursor.execute(sql).fetchall()
    frame = pd.DataFrame(rows, columns=list(columns))
    return frame.astype({"account_id": str, **dict.fromkeys(days, "datetime64[us]")})
