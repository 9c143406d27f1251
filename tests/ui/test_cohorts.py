"""Cohort retention by hand."""

import pandas as pd

from ui.cohorts import kept_by_cohort


def life(**months: str) -> pd.DataFrame:
    """One string per account, a letter per month from October 2023: x is active."""
    rows = []
    for account, line in months.items():
        for i, mark in enumerate(line):
            year, month = divmod(2023 * 12 + 9 + i, 12)
            rows.append((account, f"{year}-{month + 1:02}", float(mark == "x")))
    return pd.DataFrame(rows, columns=["account_id", "period", "closing_accounts"])


def test_share_still_here_by_quarter_of_joining() -> None:
    #                    ond jfm amj jas
    found = kept_by_cohort(life(a="...xxxxxxxxx", b="...xxxx.....", c="....x..xxxxx", old="xxxxxxxxxxxx"))
    assert found["cohort"].unique().tolist() == ["2024-Q1"]
    rows = found.set_index("age")
    assert rows["size"].tolist() == [3, 3, 3]
    assert rows["active"].to_dict() == {0: 3, 3: 3, 6: 2}
    assert rows["kept"].loc[6] == 2 / 3


def test_customers_of_the_first_month_are_left_out() -> None:
    assert kept_by_cohort(life(old="xxxxxx")).empty


def test_nobody() -> None:
    assert kept_by_cohort(life(none="......")).empty
