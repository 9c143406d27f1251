"""When accounts decided to leave: the days behind each departure, for evidence that must not read past the notice."""

from datetime import date

import pandas as pd

from data.facts import Facts, connect

_ENDS = """
SELECT account_id, CAST(date_trunc('month', ended_on) AS DATE) AS month,
    max(ended_on) AS ended_on, min(cancelled_on) AS cancelled_on, max(notice_days) AS notice_days
FROM subscriptions WHERE ended_on IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
"""
_STARTS = "SELECT account_id, min(started_on) AS started_on FROM subscriptions GROUP BY 1 ORDER BY 1"


def departures(facts: Facts, as_of: date | None = None) -> pd.DataFrame:
    """The ends of subscriptions by account and month.

    Columns: account_id; month (its first day); ended_on, the last end in it; cancelled_on, the earliest notice among
    them; notice_days, the longest notice period. Missing where the export does not say. Empty without subscriptions.
    """
    return _days(facts, _ENDS, as_of, ("month", "ended_on", "cancelled_on"))


def first_starts(facts: Facts, as_of: date | None = None) -> pd.DataFrame:
    """account_id and started_on, the first day of its first subscription."""
    return _days(facts, _STARTS, as_of, ("started_on",))


def _days(facts: Facts, sql: str, as_of: date | None, days: tuple[str, ...]) -> pd.DataFrame:
    with connect(facts, as_of) as cursor:
        frame = cursor.execute(sql).df()
    return frame.astype({"account_id": str, **dict.fromkeys(days, "datetime64[us]")})
