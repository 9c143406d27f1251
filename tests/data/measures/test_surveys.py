"""Answers to surveys, worked by hand, on both engines."""

from datetime import date, datetime, timedelta

import pytest

from data.measures import sentiment, surveys
from data.policies import Policies
from tests.data.engines import both

FAMILIES = (surveys.FAMILY, sentiment.FAMILY)
NOON = datetime(2024, 3, 9, 12)
SCALES = {"nps": (0, 10), "enps": (0, 10), "csat": (1, 5), "ces": (1, 7)}


def answer(number, kind, score, at=NOON, scale=None, **more):
    low, high = scale or SCALES[kind]
    return {
        "response_id": f"A{number:05}",
        "kind": kind,
        "responded_at": at,
        "score": None if score is None else float(score),
        "scale_min": float(low),
        "scale_max": float(high),
        "account_id": "a",
        **more,
    }


def ask(rows, account="a", grain="month", period="2024-03", policies=None, as_of=date(2024, 4, 30)):
    return both({"surveys": rows}, grain, policies, as_of, FAMILIES)[account, period]


def bands(found, kind="nps"):
    return tuple(found[f"{kind}_{band}"] for band in ("promoters", "passives", "detractors", "answers"))


def test_csat_of_800_answers_is_72_5_percent():
    counts = {1: 50, 2: 100, 3: 70, 4: 300, 5: 280}
    scores = [score for score, count in counts.items() for _ in range(count)]
    found = ask([answer(n, "csat", score) for n, score in enumerate(scores)])
    assert (found["csat_satisfied"], found["csat_answers"]) == (580, 800)
    assert found["csat_satisfied"] / found["csat_answers"] == 0.725


def test_employee_nps_of_25_55_20_is_plus_5_on_the_company_row():
    scores = [10] * 25 + [8] * 55 + [3] * 20
    found = both({"surveys": [answer(n, "enps", s) for n, s in enumerate(scores)]}, families=FAMILIES)
    assert bands(found["", "2024-03"], "enps") == (25, 55, 20, 100)
    assert bands(found["a", "2024-03"], "enps") == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("scale", "satisfied", "not_satisfied"),
    [
        ((1, 2), [2], [1]),
        ((0, 1), [1], [0]),
        ((1, 3), [3], [2, 1]),
        ((1, 4), [3, 4], [2]),
        ((1, 5), [4, 5], [3]),
        ((0, 4), [3, 4], [2]),
        ((1, 7), [6, 7], [5]),
        ((1, 10), [9, 10], [8]),
        ((0, 10), [9, 10], [8]),
        ((0, 100), [75, 100], [74.9]),
        ((1, 100), [75, 100], [74.9]),
    ],
)
def test_csat_bands_by_scale(scale, satisfied, not_satisfied):
    rows = [answer(n, "csat", score, scale=scale) for n, score in enumerate([*satisfied, *not_satisfied])]
    found = ask(rows)
    assert (found["csat_satisfied"], found["csat_answers"]) == (len(satisfied), len(rows))


def test_csat_ten_point_cut_is_a_policy():
    rows = [answer(n, "csat", score, scale=(1, 10)) for n, score in enumerate([7, 8, 9])]
    assert ask(rows)["csat_satisfied"] == 1
    assert ask(rows, policies=Policies(csat_ten_point_cut=8))["csat_satisfied"] == 2


def test_answers_without_a_score_or_on_an_unknown_scale_are_left_out():
    rows = [
        answer(0, "csat", None),
        answer(1, "csat", 5, scale=(1, 6)),
        answer(2, "csat", 1),
        answer(3, "other", 5, scale=(1, 5)),
    ]
    rows += [answer(4, "nps", 5, scale=(1, 5)), {**answer(5, "csat", 5), "scale_max": None}]
    found = ask(rows)
    assert (found["csat_answers"], found["nps_answers"]) == (1, 0)


@pytest.mark.parametrize(
    ("scale", "easy", "hard"),
    [((1, 7), [5, 6, 7], [4]), ((1, 5), [4, 5], [3]), ((1, 3), [3], [2]), ((0, 10), [7, 10], [6]), ((1, 10), [7], [6])],
)
def test_ces_bands_by_scale_and_its_direction(scale, easy, hard):
    rows = [answer(n, "ces", score, scale=scale) for n, score in enumerate([*easy, *hard])]
    found = ask(rows)
    assert (found["ces_easy"], found["ces_answers"]) == (len(easy), len(rows))
    flipped = [{**row, "score": sum(scale) - row["score"], "higher_is_better": False} for row in rows]
    assert ask(flipped)["ces_easy"] == len(easy)


def test_mean_effort_reads_the_most_used_scale_unflipped():
    rows = [answer(0, "ces", 7), answer(1, "ces", 2, higher_is_better=False), answer(2, "ces", 5, scale=(1, 5))]
    found = ask(rows)
    assert (found["ces_score_sum"], found["ces_scale_answers"], found["ces_answers"]) == (9, 2, 3)


def test_mean_effort_takes_the_larger_scale_when_two_are_used_alike():
    rows = [answer(0, "ces", 7), answer(1, "ces", 5, scale=(1, 5)), answer(2, "ces", 4, datetime(2024, 4, 1), (1, 5))]
    assert ask(rows)["ces_score_sum"] == 5
    assert ask(rows, as_of=date(2024, 3, 31))["ces_score_sum"] == 7


def test_nps_bands():
    found = ask([answer(n, "nps", score) for n, score in enumerate([0, 6, 6.5, 7, 8, 9, 10])])
    assert bands(found) == (2, 3, 2, 7)
    ten = ask([answer(n, "nps", score, scale=(1, 10)) for n, score in enumerate([1, 6, 7, 9])])
    assert bands(ten) == (1, 1, 2, 4)


def test_one_answer_per_respondent_and_period_the_last():
    rows = [
        answer(3, "nps", 2, NOON, respondent_id="ana"),
        answer(1, "nps", 9, NOON + timedelta(days=1), respondent_id="ana"),
        answer(5, "nps", 10, NOON, respondent_id="bia"),
        answer(4, "nps", 3, NOON, respondent_id="bia"),
        answer(6, "nps", 9, NOON, respondent_id="ana", account_id="b"),
        answer(7, "nps", 8, datetime(2024, 4, 1), respondent_id="ana"),
    ]
    assert bands(ask(rows)) == (2, 0, 0, 2)
    assert bands(ask(rows, "b")) == (1, 0, 0, 1)
    assert bands(ask(rows, grain="half", period="2024-H1")) == (1, 1, 0, 2)


def test_anonymous_answers_all_count():
    rows = [answer(n, "nps", 9) for n in range(3)] + [answer(9, "nps", 1, account_id=None)]
    rows += [answer(4, "nps", 7, respondent_id="A00000")]
    assert bands(ask(rows)) == (3, 1, 0, 4)
    assert bands(ask(rows, "")) == (0, 0, 1, 1)


def test_transactional_surveys_stay_apart():
    rows = [answer(0, "nps", 9, is_transactional=True), answer(1, "nps", 8, is_transactional=False)]
    assert bands(ask(rows)) == (0, 1, 0, 1)


def test_promoter_accounts_by_the_mean_of_their_respondents_last_answers_of_twelve_months():
    rows = [
        answer(0, "nps", 8, datetime(2023, 3, 31), respondent_id="ana"),
        answer(1, "nps", 10, datetime(2023, 4, 1), respondent_id="ana"),
        answer(2, "nps", 2, datetime(2023, 5, 1), respondent_id="bia"),
        answer(3, "nps", 8, datetime(2024, 3, 31), respondent_id="bia"),
        answer(4, "nps", 8, datetime(2024, 3, 1), respondent_id="caio", account_id="b"),
        answer(5, "nps", 9, datetime(2024, 3, 1), respondent_id="davi", account_id="b"),
        answer(6, "nps", 10, datetime(2024, 3, 1), account_id=None),
    ]
    found = both({"surveys": rows}, families=FAMILIES)
    shares = {key: (row["promoter_accounts"], row["nps_accounts"]) for key, row in found.items()}
    assert shares["a", "2023-03"] == (0, 1)
    assert shares["a", "2023-04"] == (1, 1)
    assert shares["a", "2023-05"] == (0, 1)
    assert shares["a", "2024-03"] == (1, 1)
    assert shares["b", "2024-03"] == (0, 1)
    assert shares["", "2024-03"] == (0, 0)


def rating(day, score, rater="csm", scale=(1, 5), account_id="a"):
    low, high = scale
    given = {"rated_on": day, "rater": rater, "score": float(score), "scale_min": float(low), "scale_max": float(high)}
    return {"account_id": account_id, **given}


def feelings(rows, as_of=date(2024, 6, 30)):
    found = both({"sentiment": rows}, "month", None, as_of, FAMILIES)
    return {key: row["feeling_points"] for key, row in found.items() if row["feeling_accounts"]}


def test_feeling_is_the_latest_valid_rating_on_0_to_100():
    found = feelings([rating(date(2024, 1, 10), 4), rating(date(2024, 2, 10), 2), rating(date(2024, 2, 1), 5)])
    assert found == {("a", "2024-01"): 75, ("a", "2024-02"): 25, ("a", "2024-03"): 25, ("a", "2024-04"): 25}


def test_the_customers_feeling_goes_before_the_csms_and_the_same_day_is_averaged():
    rows = [
        rating(date(2024, 1, 10), 5, "customer", (0, 10)),
        rating(date(2024, 1, 10), 6, "customer", (0, 10)),
        rating(date(2024, 1, 31), 1),
        rating(date(2024, 1, 31), 5, account_id="b"),
        rating(date(2024, 1, 31), 3, scale=(3, 3), account_id="c"),
    ]
    assert feelings(rows, date(2024, 1, 31)) == {("a", "2024-01"): 55, ("b", "2024-01"): 100}


def test_a_rating_is_valid_for_90_days():
    rows = [rating(date(2024, 1, 1), 5)]
    assert feelings(rows, date(2024, 3, 30))["a", "2024-03"] == 100
    assert ("a", "2024-03") not in feelings(rows, date(2024, 3, 31))
