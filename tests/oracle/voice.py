"""What customers and employees say: NPS, CSAT, CES, eNPS, the feeling of the relationship."""

import pandas as pd

from .context import COMPANY, DAYS_90, Context, Piece, piece
from .days import Period, months_back, period_of
from .frames import false, true, word


def survey_rows(context: Context, kind: str) -> pd.DataFrame:
    """Scored answers of one kind, with `points` (how many the scale has); no account = company row."""
    rows = context.tables["surveys"]
    rows = rows[(word(rows["kind"]) == kind) & rows["score"].notna()].copy()
    rows["account_id"] = rows["account_id"].map(lambda a: COMPANY if a is None or pd.isna(a) else a)
    rows["points"] = rows["scale_max"] - rows["scale_min"] + 1
    return rows


def nps_rows(context: Context, kind: str = "nps") -> pd.DataFrame:
    """Answers on 0–10 or 1–10 (relationship ones only, for customers), on which the bands apply."""
    rows = survey_rows(context, kind)
    if kind == "nps":
        rows = rows[~true(rows["is_transactional"])]
    else:
        rows["account_id"] = COMPANY
    return rows[(rows["scale_max"] == 10) & rows["scale_min"].isin([0, 1])].copy()


def last_answers(rows: pd.DataFrame, within: list[str]) -> pd.DataFrame:
    """The last answer of each respondent (ties: greatest id); answers without a respondent all stay."""
    anonymous = rows[rows["respondent_id"].isna()]
    named = rows[rows["respondent_id"].notna()].sort_values(["responded_at", "response_id"])
    named = named.drop_duplicates([*within, "account_id", "respondent_id"], keep="last")
    return pd.concat([named, anonymous])


def net_promoters(context: Context, kind: str) -> Piece:
    """100 × (promoters − detractors) ÷ answers, one answer per respondent and period."""
    rows = nps_rows(context, kind)
    rows["period"] = period_of(rows["responded_at"], context.periods)
    rows = last_answers(rows[rows["period"].notna()], ["period"])
    rows["net"] = (rows["score"] >= 9).astype(int) - (rows["score"] <= 6).astype(int)
    rows["answers"] = 1
    return piece(rows, "net", "answers", times=100.0, least_answers=5 if kind == "enps" else 0)


def satisfied(row: object) -> bool:
    """Whether a CSAT answer counts as satisfied on its scale."""
    if row.points > 11:  # type: ignore[attr-defined]
        return row.score >= 75  # type: ignore[attr-defined]
    top = 1 if row.points <= 3 else 2  # type: ignore[attr-defined]
    if row.points == 7:  # type: ignore[attr-defined]
        top = 2
    return row.score > row.scale_max - top  # type: ignore[attr-defined]


def easy(row: object) -> bool:
    """Whether a CES answer found it easy: the top 40 % of the scale, after flipping scales of effort."""
    score = row.score  # type: ignore[attr-defined]
    if row.flipped:  # type: ignore[attr-defined]
        score = row.scale_max + row.scale_min - score  # type: ignore[attr-defined]
    top = {7: 3, 5: 2}.get(int(row.points), max(1, int(0.4 * row.points + 0.5)))  # type: ignore[attr-defined]
    return score > row.scale_max - top  # type: ignore[attr-defined]


def csat_rows(context: Context) -> pd.DataFrame:
    """CSAT answers with `good` and `answers`."""
    rows = survey_rows(context, "csat")
    rows = rows[rows["points"].notna()].copy()
    rows["good"] = pd.Series([int(satisfied(r)) for r in rows.itertuples()], index=rows.index, dtype="int64")
    rows["answers"] = 1
    return rows


def ces_rows(context: Context) -> pd.DataFrame:
    """CES answers with `good` and `answers`."""
    rows = survey_rows(context, "ces")
    rows = rows[rows["points"].notna()].copy()
    rows["flipped"] = false(rows["higher_is_better"])
    rows["good"] = pd.Series([int(easy(r)) for r in rows.itertuples()], index=rows.index, dtype="int64")
    rows["answers"] = 1
    return rows


def ces_mean(rows: pd.DataFrame) -> pd.DataFrame:
    """The answers on the scale most answers are on (ties: the larger maximum)."""
    if rows.empty:
        return rows
    counts = rows.groupby(["scale_min", "scale_max"]).size().reset_index(name="n")
    low, high, _ = counts.sort_values(["n", "scale_max"]).iloc[-1]
    return rows[(rows["scale_min"] == low) & (rows["scale_max"] == high)]


def promoter_share(context: Context) -> Piece:
    """Accounts whose people's last answers of 12 months average 9 or more, of those that answered."""
    rows = nps_rows(context)
    rows = rows[rows["account_id"] != COMPANY]
    days = rows["responded_at"].dt.normalize()

    def describe(p: Period) -> pd.DataFrame:
        recent = rows[(days > months_back(p.closing, 12)) & (days <= p.closing)]
        means = last_answers(recent, []).groupby("account_id")["score"].mean()
        return pd.DataFrame({"account_id": means.index, "num": (means.to_numpy() >= 9 - 1e-12).astype(int), "den": 1})

    return Piece(context.at_closings(describe))


def feelings(context: Context, closing: pd.Timestamp) -> dict[str, float]:
    """The latest feeling by account on 0–100: the customer's own where there is one, else the CSM's."""
    rows = context.tables["sentiment"]
    rows = rows[(rows["rated_on"] > closing - pd.Timedelta(days=DAYS_90)) & (rows["rated_on"] <= closing)].copy()
    rows["feeling"] = 100 * (rows["score"] - rows["scale_min"]) / (rows["scale_max"] - rows["scale_min"])
    rows["rater"] = word(rows["rater"])
    latest = rows.groupby(["account_id", "rater"])["rated_on"].transform("max")
    means = rows[rows["rated_on"] == latest].groupby(["account_id", "rater"])["feeling"].mean().reset_index()
    out: dict[str, float] = {}
    for who in ("csm", "customer"):  # the customer comes last and wins
        some = means[means["rater"] == who]
        out |= dict(zip(some["account_id"], some["feeling"], strict=True))
    return out


def pieces(context: Context) -> dict[str, Piece]:
    """NPS, eNPS, CSAT, CES, promoter accounts and feelings."""
    out: dict[str, Piece] = {}
    if context.has("surveys"):
        out["nps"] = net_promoters(context, "nps")
        out["enps"] = net_promoters(context, "enps")
        for key, rows in (("csat", csat_rows(context)), ("ces", ces_rows(context))):
            rows["period"] = period_of(rows["responded_at"], context.periods)
            out[key] = piece(rows[rows["period"].notna()], "good", "answers")
            if key == "ces":
                same_scale = ces_mean(rows)
                out["ces_mean"] = piece(same_scale[same_scale["period"].notna()], "score", "answers")
        out["promoter_share"] = promoter_share(context)
    if context.has("sentiment"):

        def describe(p: Period) -> pd.DataFrame:
            found = feelings(context, p.closing)
            return pd.DataFrame({"account_id": list(found), "num": list(found.values()), "den": 1})

        out["cs_feeling"] = Piece(context.at_closings(describe))
    return out
