"""What customers and employees say: NPS, CSAT, CES, employee NPS, and how the relationship feels."""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from data.sample import names
from data.sample.accounts import account_ids
from data.sample.frames import canonical, unless
from data.sample.world import World, even

_DAY = 86_400


def _comments(random: np.random.Generator, good: np.ndarray, bad: np.ndarray) -> np.ndarray:
    says = random.random(len(good)) < 0.12
    praise = np.array(names.GOOD_COMMENTS, dtype=object)[random.integers(0, len(names.GOOD_COMMENTS), len(good))]
    complaint = np.array(names.BAD_COMMENTS, dtype=object)[random.integers(0, len(names.BAD_COMMENTS), len(good))]
    return unless(~says | ~(good | bad), np.where(good, praise, complaint))


def _leaving(world: World, account: np.ndarray, day: np.ndarray) -> np.ndarray:
    """True between an account's notice and its end."""
    return (day >= world.notice[account]) & (day < world.leave_day[account])


def _there(world: World, account: np.ndarray, day: np.ndarray) -> np.ndarray:
    gone = (day >= world.leave_day[account]) & (day < world.back_day[account])
    return (day >= world.start_day[account]) & ~gone & (day <= world.end)


def _stage(world: World, account: np.ndarray, day: np.ndarray) -> np.ndarray:
    month = (day.astype("datetime64[M]") - world.month0).astype(int)
    tenure = month - np.where(world.opening, -12, world.start)[account]
    to_renewal = (-(month - world.contract_month[account])) % world.term[account]
    return np.select(
        [tenure <= 2, (to_renewal <= 1) & (world.term[account] > 3)], ["Onboarding", "Renewal"], "Adoption"
    )


def _nps(world: World) -> dict[str, np.ndarray]:
    """Relationship answers: each account is asked every quarter, one to four people may answer."""
    random = world.random("nps")
    liking = random.normal(0, 0.75, world.n)
    month = np.arange(world.months)
    asked = ((month + np.arange(world.n)[:, None]) % 3 == 0) & (world.active() & ~world.paused)[:, : world.months]
    account, at = np.nonzero(asked)
    people = np.array([4, 3, 2, 1])[world.segment[account]]
    row = np.repeat(np.arange(len(account)), people)
    person = np.arange(len(row)) - np.repeat(np.cumsum(people) - people, people)
    chosen = random.random(len(row)) < 0.46
    row, person = row[chosen], person[chosen]
    account, at = account[row], at[row]
    day = world.day(at, 1) + random.integers(2, 27, len(at))
    keep = _there(world, account, day)
    account, at, day, person = account[keep], at[keep], day[keep], person[keep]
    value = 8.6 + liking[account] + 1.3 * ndtri(even(random, at)) - 0.5 * world.incident[at]
    value = value - 1.6 * _leaving(world, account, day)
    score = np.clip(np.round(value), 0, 10)
    return {"account": account, "day": day, "person": person, "score": score}


def surveys(world: World, contacts: pd.DataFrame) -> pd.DataFrame:
    """All answers, oldest first. CSAT and CES follow solved contacts; employee answers have no account."""
    ids = account_ids(world)
    parts = [_nps_frame(world, ids), *_after_contacts(world, contacts), _employees(world)]
    out = pd.concat([p for p in parts if len(p)], ignore_index=True)
    out = out.sort_values(["responded_at", "kind", "response_id"], kind="stable", ignore_index=True)
    numbers = [f"A-{i:06d}" for i in range(1, len(out) + 1)]
    return out.assign(response_id=pd.Series(numbers, dtype=object))


def _nps_frame(world: World, ids: np.ndarray) -> pd.DataFrame:
    random = world.random("nps_details")
    answers = _nps(world)
    account, score, rows = answers["account"], answers["score"], len(answers["score"])
    at = answers["day"].astype("datetime64[s]") + random.integers(8 * 3600, 20 * 3600, rows)
    anonymous = random.random(rows) < 0.05
    person = np.array(["-p1", "-p2", "-p3", "-p4"], dtype=object)[answers["person"]]
    return canonical(
        "surveys",
        rows,
        response_id=np.array([f"N-{i:06d}" for i in range(rows)], dtype=object),
        kind="nps",
        responded_at=at,
        score=score,
        scale_min=0.0,
        scale_max=10.0,
        higher_is_better=True,
        account_id=unless(anonymous & (random.random(rows) < 0.5), ids[account]),
        respondent_id=unless(anonymous, ids[account] + person),
        is_transactional=False,
        journey_stage=_stage(world, account, answers["day"]).astype(object),
        touchpoint="Relationship",
        channel=np.where(random.random(rows) < 0.7, "email", "in-app").astype(object),
        comment=_comments(random, score >= 9, score <= 6),
    )


def _after_contacts(world: World, contacts: pd.DataFrame) -> list[pd.DataFrame]:
    random = world.random("after_contacts")
    real = contacts["solved_at"].notna() & ~contacts["is_spam"].astype(bool) & contacts["merged_into"].isna()
    solved = contacts[real.to_numpy()]
    codes = pd.Series(np.arange(world.n), index=account_ids(world))
    account = solved["account_id"].map(codes).fillna(-1).to_numpy().astype(int)
    draw = random.random(len(solved))
    out = []
    for kind, low, high in (("csat", 0.0, 0.33), ("ces", 0.33, 0.45)):
        chosen = (draw >= low) & (draw < high)
        who, rows = account[chosen], int(chosen.sum())
        base = solved["solved_at"].to_numpy()[chosen].astype("datetime64[s]")
        at = base + random.integers(600, _DAY, rows)
        ok = at < (world.end + 1).astype("datetime64[s]")
        day = at.astype("datetime64[D]")
        month = np.clip((day.astype("datetime64[M]") - world.month0).astype(int), 0, world.months - 1)
        leaving = (who >= 0) & _leaving(world, who, day)
        happy = 0.885 - 0.03 * world.shock[month] - 0.09 * world.incident[month] - 0.30 * leaving
        good = even(random, month) < np.clip(happy - (0.0 if kind == "csat" else 0.1), 0.05, 0.99)
        if kind == "csat":
            score = np.where(good, random.choice([4, 5], rows, p=[0.36, 0.64]), random.choice([1, 2, 3], rows))
        else:
            score = np.where(good, random.choice([5, 6, 7], rows), random.choice([1, 2, 3, 4], rows))
        anonymous = (random.random(rows) < 0.06) | (who < 0)
        owner = unless(who < 0, account_ids(world)[who])
        person = np.array([f"-p{i + 1}" for i in range(4)], dtype=object)[random.integers(0, 4, rows)]
        frame = canonical(
            "surveys",
            rows,
            response_id=np.array([f"{kind}-{i:06d}" for i in range(rows)], dtype=object),
            kind=kind,
            responded_at=at,
            score=score.astype(float),
            scale_min=1.0,
            scale_max=5.0 if kind == "csat" else 7.0,
            higher_is_better=True,
            account_id=owner,
            respondent_id=unless(anonymous, np.where(who >= 0, owner, "").astype(object) + person),
            is_transactional=True,
            journey_stage=_stage(world, np.maximum(who, 0), day).astype(object),
            touchpoint="Support",
            channel=solved["channel"].to_numpy()[chosen],
            comment=_comments(random, good, ~good),
        )
        out.append(frame[ok])
    return out


def _employees(world: World) -> pd.DataFrame:
    """Employees answer once a quarter, anonymously; the mood wanders on its own."""
    random = world.random("employees")
    parts = []
    mood = 8.3
    for month in range(1, world.months, 3):
        mood = 8.3 + 0.6 * (mood - 8.3) + random.normal(0, 0.15)
        people = int((38 + 1.1 * month) * max(world.customers / 300, 0.3))
        answers = int(people * random.uniform(0.72, 0.88))
        day = world.day(np.full(answers, month), 1) + random.integers(5, 15, answers)
        score = np.clip(np.round(random.normal(mood, 1.5, answers)), 0, 10)
        keep = day <= world.end
        parts.append((day[keep], score[keep]))
    day = np.concatenate([p[0] for p in parts]) if parts else np.empty(0, dtype="datetime64[D]")
    score = np.concatenate([p[1] for p in parts]) if parts else np.empty(0)
    return canonical(
        "surveys",
        len(day),
        response_id=np.array([f"e-{i:06d}" for i in range(len(day))], dtype=object),
        kind="enps",
        responded_at=day.astype("datetime64[s]") + random.integers(9 * 3600, 18 * 3600, len(day)),
        score=score,
        scale_min=0.0,
        scale_max=10.0,
        higher_is_better=True,
        is_transactional=False,
        touchpoint="Employees",
        channel="email",
    )


def sentiment(world: World) -> pd.DataFrame:
    """How it feels: the CSM's rating every other month, the customer's about twice a year.

    The CSM's rating falls only once the notice is in: too late to warn.
    """
    random = world.random("sentiment")
    ids = account_ids(world)
    mood = random.normal(0, 0.55, world.n)
    here = (world.active() & ~world.paused)[:, : world.months]
    month = np.arange(world.months)
    parts = []
    for rater, cycle, odds in (("csm", 2, 0.85), ("customer", 6, 0.4)):
        asked = ((month + np.arange(world.n)[:, None]) % cycle == 0) & here
        account, at = np.nonzero(asked & (random.random(here.shape) < odds))
        day = world.day(at, 1) + random.integers(3, 25, len(at))
        keep = _there(world, account, day)
        account, day = account[keep], day[keep]
        value = 3.85 + mood[account] + random.normal(0, 0.6, len(day)) - 1.8 * _leaving(world, account, day)
        score = np.clip(np.round(value), 1, 5)
        note = unless(~_leaving(world, account, day) | (rater != "csm"), "Aviso de cancelamento recebido")
        parts.append((account, day, np.full(len(day), rater, dtype=object), score, note))
    account, day, raters, score, note = (np.concatenate(c) for c in zip(*parts, strict=True))
    order = np.lexsort((account, (raters == "customer").astype(int), day))
    return canonical(
        "sentiment",
        len(day),
        account_id=ids[account[order]],
        rated_on=day[order],
        rater=raters[order],
        score=score[order],
        scale_min=1.0,
        scale_max=5.0,
        note=note[order],
    )
