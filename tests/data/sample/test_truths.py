"""The documented truths can be seen in the tables by plain counting, and nothing shows where nothing is.

Half is a coin toss: the average place of leavers among comparable accounts of the same month and
segment would be 0.5 if the indicator said nothing.
"""

import numpy as np
import pandas as pd
import pytest

from data.sample import DEFAULT_END, NOTHING, TRUTHS, generate
from tests.data.sample.readings import Months, adoption, monthly, monthly_values, notices, real, standing

PLACES = np.ndarray


def _mean(place: PLACES, segment: PLACES, *wanted: str) -> float:
    chosen = place[np.isin(segment, wanted)]
    assert len(chosen) >= 10
    return float(chosen.mean())


def _overdue(company: dict[str, pd.DataFrame], months: Months) -> pd.DataFrame:
    invoices = real(company, "invoices")
    invoices = invoices[(invoices["status"] != "void") & (invoices["kind"] != "credit")]
    out = {}
    for index, day in enumerate(months.ends):
        late = (invoices["due_on"] < day) & ~(invoices["paid_on"] <= day)
        out[index] = invoices[late].groupby("account_id")["amount"].sum()
    return pd.DataFrame(out).reindex(months.mrr.index).fillna(0.0).where(months.active)


def _contractions(months: Months) -> pd.DataFrame:
    before = months.mrr.shift(1, axis=1)
    return (months.mrr < before * 0.999) & months.active & (before > 0)


def _upsells(company: dict[str, pd.DataFrame], months: Months) -> pd.DataFrame:
    rows = real(company, "subscriptions")
    rows = rows[(rows["product"] == "Serra Core") & (rows["status"] != "trial")]
    seats = {}
    for index, day in enumerate(months.ends):
        held = rows[(rows["started_on"] <= day) & ~(rows["ended_on"] <= day)]
        seats[index] = held.groupby("account_id")["seats"].sum().astype(float)
    table = pd.DataFrame(seats).reindex(months.mrr.index)
    return (table > table.shift(1, axis=1)) & months.active


def _answers(company: dict[str, pd.DataFrame], months: Months, kind: str, value: pd.Series, hold: int) -> pd.DataFrame:
    rows = real(company, "surveys")
    rows = rows[(rows["kind"] == kind) & rows["account_id"].notna()]
    table = monthly_values(value.loc[rows.index], rows["account_id"], rows["responded_at"], months)
    return table.ffill(axis=1, limit=hold) if hold else table


def test_adoption_falls_before_notice_in_smb_and_mid_market(months: Months, use: pd.DataFrame) -> None:
    left = notices(months)
    place = {back: standing(use, months, left, back) for back in range(1, 7)}
    warned = {back: _mean(*found, "SMB", "Mid-market") for back, found in place.items()}
    assert warned[3] < 0.25
    assert warned[2] < 0.27
    assert warned[4] < 0.36
    assert warned[6] > 0.33, "six months before, nothing much has happened yet"
    for back in (1, 2, 3):
        assert 0.36 < _mean(*place[back], "Enterprise", "Startup") < 0.64


def test_leavers_mean_adoption_falls_and_stayers_does_not(months: Months, use: pd.DataFrame) -> None:
    given = months.notice.dropna().astype(int)
    for segment, falls in (("SMB", True), ("Mid-market", True), ("Startup", False)):
        leavers = given[months.segment[given.index] == segment]
        before = np.nanmean([use.loc[a].get(m - 7, np.nan) for a, m in leavers.items()])
        near = np.nanmean([use.loc[a].get(m - 3, np.nan) for a, m in leavers.items()])
        assert (before - near > 0.12) == falls, segment
    stayers = use.loc[months.notice[months.notice.isna()].index].mean()
    assert stayers.iloc[6:].max() - stayers.iloc[6:].min() < 0.1


def test_overdue_rises_before_departures_and_contractions_of_startups(
    company: dict[str, pd.DataFrame], months: Months
) -> None:
    overdue = _overdue(company, months)
    for event in (notices(months), _contractions(months)):
        near = standing(overdue, months, event, 1)
        assert _mean(*near, "Startup") > 0.65
        assert 0.42 < _mean(*near, "SMB", "Mid-market", "Enterprise") < 0.58
        assert _mean(*standing(overdue, months, event, 5), "Startup") < 0.6


def test_seat_limit_comes_before_upsell(company: dict[str, pd.DataFrame], months: Months, use: pd.DataFrame) -> None:
    grown = _upsells(company, months)
    full = (use >= 0.9).where(use.notna())
    for back in (1, 2):
        share = np.nanmean([full.loc[a].get(m - back, np.nan) for a, m in zip(*_cells(grown), strict=True)])
        assert share > 0.4
    assert np.nanmean(full.to_numpy()) < 0.1
    assert standing(use, months, grown, 1)[0].mean() > 0.75
    assert 0.4 < standing(use, months, grown, 6)[0].mean() < 0.6


def _cells(event: pd.DataFrame) -> tuple[list[str], list[int]]:
    rows, columns = np.nonzero(event.to_numpy())
    return [str(event.index[i]) for i in rows], [int(event.columns[j]) for j in columns]


def test_promoters_refer(company: dict[str, pd.DataFrame], months: Months) -> None:
    referrals = company["referrals"]
    made = monthly_values(
        pd.Series(1.0, index=referrals.index), referrals["referrer_account_id"], referrals["referred_on"], months
    )
    score = _answers(company, months, "nps", company["surveys"]["score"], 5)
    assert standing(score, months, made > 0, 1)[0].mean() > 0.6
    assert standing(score, months, made > 0, 2)[0].mean() > 0.58


def test_the_answer_makes_the_referral_and_not_only_the_liking(
    company: dict[str, pd.DataFrame], months: Months
) -> None:
    """A promoter's answer is followed by a referral, whoever gives it: a warning, not only a trait.

    So the answer before a referral also stands above the account's own other answers, and those of half a year before
    do not.
    """
    referrals = company["referrals"]
    made = monthly_values(
        pd.Series(1.0, index=referrals.index), referrals["referrer_account_id"], referrals["referred_on"], months
    )
    score = _answers(company, months, "nps", company["surveys"]["score"], 0)
    others = score.rsub(score.sum(axis=1), axis=0).div(score.notna().sum(axis=1) - 1, axis=0)
    above = (score - others).ffill(axis=1, limit=2)
    near, far = (standing(above, months, made > 0, back)[0].mean() for back in (1, 6))
    assert near > 0.58
    assert far < 0.53
    assert {truth.kind for truth in TRUTHS if truth.family == "promoters"} == {"early_warning"}


def test_csat_moves_with_departures_and_not_before(company: dict[str, pd.DataFrame], months: Months) -> None:
    opening = months.active.shift(1, axis=1, fill_value=False)
    churn = ((opening & ~months.active).sum() / opening.sum()).to_numpy()[1:35]
    rows = company["surveys"][company["surveys"]["kind"] == "csat"]
    csat = (rows["score"] >= 4).groupby(rows["responded_at"].dt.to_period("M")).mean().to_numpy()[1:35]
    same = np.corrcoef(np.diff(csat), np.diff(churn))[0, 1]
    ahead = [abs(np.corrcoef(np.diff(csat)[:-k], np.diff(churn)[k:])[0, 1]) for k in (1, 2, 3)]
    assert same < -0.35
    assert max(ahead) < abs(same)


@pytest.mark.parametrize("kind", ["csat", "nps"])
def test_answers_say_nothing_before_notice(company: dict[str, pd.DataFrame], months: Months, kind: str) -> None:
    table = _answers(company, months, kind, company["surveys"]["score"], 5 if kind == "nps" else 2)
    for back in (1, 2, 3):
        place, _ = standing(table, months, notices(months), back)
        assert abs(place.mean() - 0.5) < 3 * 0.29 / np.sqrt(len(place)), back


def test_use_says_nothing_about_contraction(months: Months, use: pd.DataFrame) -> None:
    for back in (1, 2, 3):
        place, _ = standing(use, months, _contractions(months), back)
        assert abs(place.mean() - 0.5) < 3 * 0.29 / np.sqrt(len(place)), back


def test_feeling_falls_only_after_notice(company: dict[str, pd.DataFrame], months: Months) -> None:
    rows = real(company, "sentiment")
    notice = real(company, "subscriptions").groupby("account_id")["cancelled_on"].min()
    given = rows["account_id"].map(notice)
    early = rows[(given > rows["rated_on"]) & (given - rows["rated_on"] < pd.Timedelta(days=120))]
    after = rows[(given <= rows["rated_on"]) & (rows["rated_on"] - given < pd.Timedelta(days=100))]
    never = rows[given.isna()]
    assert abs(early["score"].mean() - never["score"].mean()) < 0.25
    assert after["score"].mean() < never["score"].mean() - 1


def test_truths_are_well_formed() -> None:
    segments = {"Enterprise", "Mid-market", "SMB", "Startup"}
    for truth in TRUTHS:
        assert truth.sign in (-1, 1)
        assert truth.leading
        assert truth.outcomes
        assert set(truth.segments) <= segments
        assert 0 <= truth.lead_months[0] <= truth.lead_months[1] <= 6
    said = {(i, o, s) for t in TRUTHS if t.kind == "early_warning" for i in t.leading for o in t.outcomes
            for s in t.segments or segments}  # fmt: skip
    for indicator, outcome, where in NOTHING:
        assert not said & {(indicator, outcome, s) for s in where or segments}


@pytest.mark.slow
def test_truths_hold_in_a_large_company() -> None:
    company = generate(accounts=2500)
    months = monthly(company, pd.Timestamp(DEFAULT_END))
    use, left = adoption(company, months), notices(months)
    for back in (1, 2, 3):
        place, segment = standing(use, months, left, back)
        assert _mean(place, segment, "SMB", "Mid-market") < 0.22
        for quiet in ("Enterprise", "Startup"):
            count = (segment == quiet).sum()
            assert abs(_mean(place, segment, quiet) - 0.5) < 3 * 0.29 / np.sqrt(count)
