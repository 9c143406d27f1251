"""Does the sample company's evidence say what was written into it, and nothing else?"""

from math import nan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import data.sample
import workspace
from data.sample.truths import NOTHING, TRUTHS
from kpis.catalogue import kpi
from kpis.evidence.history import account_months
from kpis.evidence.result import Evidence, Remark
from workspace import LeadMap
from workspace.account_history import History, _leaving, _turn, history, indicator
from workspace.numbers import Workspace

SURE = ("likely", "strong")
KNOWN = {(leading, lagging) for truth in TRUTHS for leading in truth.leading for lagging in truth.outcomes}
# The cause's own indicator against the outcome it was written for, in the whole company.
SHOWN = {
    ("adoption", "logo_churn"): ("early_warning", -1, (1, 5)),
    ("adoption", "renewal_rate"): ("early_warning", -1, (1, 5)),
    ("at_seat_limit", "upsell"): ("early_warning", 1, (1, 3)),
    ("promoter_share", "referrals"): ("early_warning", 1, (1, 3)),
}


def opened(home: Path, accounts: int) -> Workspace:
    """The sample company with so many accounts, in a home of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FAROL_DATABASE_URL", raising=False)
        generate = data.sample.generate
        patch.setattr(data.sample, "generate", lambda: generate(accounts, 36))
        return Workspace.open("sample", home)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return opened(tmp_path_factory.mktemp("home"), 300)


@pytest.fixture(scope="module")
def found(sample: Workspace) -> LeadMap:
    return workspace.lead_map(sample)


def of_accounts(found: LeadMap, leading: str, lagging: str) -> Evidence:
    return next(e for e in found.found if (e.leading, e.lagging, e.level) == (leading, lagging, "account"))


@pytest.mark.parametrize("pair", SHOWN, ids="~".join)
def test_what_was_written_in_is_found(found: LeadMap, pair: tuple[str, str]) -> None:
    one, (tag, sign, (low, high)) = of_accounts(found, *pair), SHOWN[pair]
    assert one.grade in SURE
    assert (one.tag, one.sign) == (tag, sign)
    assert one.lead_months is not None
    assert low <= one.lead_months <= high


def test_nothing_else_is_above_weak(found: LeadMap) -> None:
    sure = {(e.leading, e.lagging) for e in found.found if e.grade in SURE}
    assert sure <= KNOWN


def test_terms_turn_as_often_as_their_contract_says() -> None:
    """Turned in February, looked at in January: by contracts of 12, 24, 3, 5 months and of none; then by bills."""
    lengths = [(12, 1), (24, 1), (3, 1), (5, 1), (0, 6), (None, 6), (None, 1)]
    began = pd.DataFrame(lengths, list("abcdefg"), ["term_months", "billing_months"], dtype=float)
    began["turns_on"] = pd.Timestamp("2025-02-28")
    frame = pd.DataFrame({"account_id": list("abcdefgh"), "month": 0})
    turn, term = _turn(frame, pd.Series([pd.Timestamp("2026-01-01")]), began)
    assert turn.tolist() == pytest.approx([11, 11, 2, 11, 11, 11, 11, nan], nan_ok=True)
    assert term.tolist() == pytest.approx([12, 12, 3, 5, 6, 6, nan, nan], nan_ok=True)


def test_who_came_back_is_at_risk_again_until_the_next_notice() -> None:
    """Left in month 2 (notice in 1), back in 4, left in 8 (notice in 6)."""
    frame = pd.DataFrame({"account_id": ["a"] * 10 + ["b"], "month": [*range(10), 3]})
    decided = pd.DataFrame({"account_id": ["a", "a"], "month": [1, 6], "left": [2, 8]})
    assert frame.index[_leaving(frame, decided)].tolist() == [2, 7, 8]
    assert not _leaving(frame, decided.iloc[:0]).any()


def test_an_answer_stands_for_three_months() -> None:
    """Asked of each account once, in the second month; use is not carried at all."""
    measures = {
        "nps_promoters": 1.0,
        "nps_detractors": 0.0,
        "nps_answers": 1.0,
        "adoption_users": 3.0,
        "adoption_seats": 4.0,
    }
    frame = pd.DataFrame({"account_id": ["a"] * 7 + ["b"], "month": [*range(7), 6], **dict.fromkeys(measures, nan)})
    frame.loc[1, list(measures)] = list(measures.values())
    seen = History(frame, account_months(frame["account_id"], frame["month"], [True] * 8), (), frame)
    known = {key: np.isfinite(np.asarray(indicator(seen, kpi(key)).values)).tolist() for key in ("nps", "adoption")}
    assert known == {"nps": [False, *[True] * 4, False, False, False], "adoption": [False, True, *[False] * 6]}


def test_a_pair_turned_after_looking_is_weak_at_most_in_segments_too(
    sample: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = {("adoption", "logo_churn"): Remark("turned_after_looking")}
    assert "likely" in {one.grade for one in workspace.by_segment(sample, "adoption", "logo_churn").values()}
    monkeypatch.setattr("workspace.pairs.changed", lambda pairs, last: late)
    found = {one.grade for one in workspace.by_segment(sample, "adoption", "logo_churn").values()}
    assert found <= {"weak", "no_sign", "not_enough_data"}
    assert "weak" in found


def test_the_sentiment_typed_after_the_notice_is_no_warning(found: LeadMap) -> None:
    one = of_accounts(found, "cs_feeling", "logo_churn")
    assert one.grade not in SURE or one.tag == "already_leaving"


def test_the_links_are_found_where_they_hold(sample: Workspace) -> None:
    use = workspace.by_segment(sample, "adoption", "logo_churn")
    assert {name for name, e in use.items() if e.grade in (*SURE, "weak")} == {"SMB", "Mid-market"}
    late = workspace.by_segment(sample, "overdue_amount", "logo_churn")
    assert {name for name, e in late.items() if e.grade in SURE} == {"Startup"}
    assert (late["Startup"].lead_months, late["Startup"].tag) in ((1, "early_warning"), (2, "early_warning"))


def test_a_second_look_is_the_same_object_and_a_new_one_the_same_answer(sample: Workspace, found: LeadMap) -> None:
    assert workspace.lead_map(sample) is found
    told: list[tuple[float, str]] = []
    again = workspace.lead_map(sample, {"segment": ["SMB"]}, progress=lambda share, what: told.append((share, what)))
    assert again is not found
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[-1][1] == ""


def test_accounts_that_show_it_now(sample: Workspace) -> None:
    now = workspace.standing_now(sample, "adoption")
    assert list(now.columns) == ["account_id", "name", "segment", "mrr", "value", "place", "moved"]
    assert now["account_id"].is_unique
    assert now["place"].between(0, 1).all()
    assert now["place"].mean() == pytest.approx(0.5, abs=0.02)
    lowest = now[now["place"] <= 0.2]
    assert len(lowest) == pytest.approx(len(now) / 5, abs=2)


def test_who_has_given_notice_is_neither_called_nor_compared(sample: Workspace) -> None:
    seen = history(sample)
    rows = data.sample.generate(300, 36)["subscriptions"]
    open_now = rows[rows["ended_on"].isna() | (rows["ended_on"] > pd.Timestamp(sample.as_of))]
    noticed = open_now.groupby("account_id")["cancelled_on"].agg(["size", "count", "max"])
    noticed = noticed[noticed["size"] == noticed["count"]]
    assert set(noticed.index) == seen.noticed
    assert len(seen.noticed) >= 3
    assert not set(workspace.standing_now(sample, "adoption")["account_id"]) & seen.noticed
    last = seen.arranged.at_risk[:, -1]
    for account, day in noticed["max"].items():
        compared = last[list(seen.arranged.accounts).index(account)]
        assert compared == (pd.Timestamp(day) >= pd.Timestamp(seen.months[-1].end))


def test_the_lowest_value_of_all_is_never_high_and_standing_still_never_a_move(sample: Workspace) -> None:
    now = workspace.standing_now(sample, "at_seat_limit")
    assert set(now["value"]) == {0.0, 1.0}
    assert now.loc[now["value"] == 0, "place"].max() <= 0.5
    assert now.loc[now["value"] == 1, "place"].min() >= 0.8
    assert now.loc[now["value"] == 0, "moved"].max() <= 0.5


def test_filters_narrow_the_evidence(sample: Workspace) -> None:
    one = of_accounts(workspace.lead_map(sample, {"segment": ["Enterprise"]}), "adoption", "logo_churn")
    assert one.grade not in SURE


@pytest.mark.slow
def test_a_large_company_says_no_sign_where_there_is_none(tmp_path: Path) -> None:
    space = opened(tmp_path, 2_500)
    found = workspace.lead_map(space)
    for pair, (tag, sign, (low, high)) in SHOWN.items():
        one = of_accounts(found, *pair)
        assert (one.grade, one.tag, one.sign) == ("strong", tag, sign)
        assert one.lead_months is not None
        assert low <= one.lead_months <= high
    assert {(e.leading, e.lagging) for e in found.found if e.grade in SURE} <= KNOWN
    use = workspace.by_segment(space, "adoption", "logo_churn")
    assert {name: e.grade for name, e in use.items()} == {
        "Enterprise": "no_sign",
        "Startup": "no_sign",
        "SMB": "strong",
        "Mid-market": "strong",
    }
    for leading, lagging, segments in NOTHING:
        told = workspace.by_segment(space, leading, lagging)
        sure = {name for name, e in told.items() if e.grade in SURE and (not segments or name in segments)}
        assert not sure, (leading, lagging)


def test_a_file_with_the_same_two_columns_gets_the_same_answer(
    sample: Workspace, found: LeadMap, tmp_path: Path
) -> None:
    one = next(e for e in found.found if (e.leading, e.lagging, e.level) == ("adoption", "logo_churn", "series"))
    table = sample.table(("adoption", "logo_churn"), "month")
    table = table[table["complete"].astype(bool)]
    cases = table["n"].astype(float)
    table = table.assign(value=table["value"].where(~(cases < 20)))  # the map leaves out months with few cases
    months = table.astype({"period": str}).pivot(index="period", columns="kpi", values="value").reset_index()
    months.to_csv(tmp_path / "months.csv", index=False)
    alone = workspace.two_series(tmp_path / "months.csv", "adoption", "logo_churn", "period")
    assert (alone.n, alone.lead_months, alone.tag, alone.grade) == (one.n, one.lead_months, one.tag, one.grade)
    assert alone.estimate == pytest.approx(one.estimate)
