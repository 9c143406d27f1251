"""The map's content: which indicators stand against which outcomes, and what each cell says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from kpis.catalogue import Catalogue
from kpis.evidence.grades import Verdict
from kpis.evidence.result import GRADES, Evidence
from kpis.kpi import OBJECTIVES
from ui.charts.evidence import MAP_COLUMNS
from ui.telling import Teller
from words import evidence as words
from words import formats

OUTCOMES = {
    "retention": ("logo_churn", "revenue_churn", "contraction_rate", "renewal_rate"),
    "quality": ("nps", "csat"),
    "expansion": ("expansion_rate", "upsell", "cross_sell", "referrals"),
    "financial": ("mrr", "nrr_1m", "grr_1m", "cac"),
}
MOST_ROWS = 12
BY = "~"
MIRRORS = ("moves_together", "reacts", "influence_each_other", "already_leaving")
DOTS = {"strong": "●●●", "likely": "●●○", "weak": "●○○"}


@dataclass(frozen=True)
class Board:
    """The map of one objective, ready to be drawn.

    Attributes:
        frame: One row for each cell, columns as `ui.charts.evidence.MAP_COLUMNS`.
        rows: Indicators shown.
        columns: Outcomes shown.
        left_out: Indicators not shown because none of their cells shows a sign.
        best: The pair that is graded best, as an id; "" when nothing was tried.
    """

    frame: pd.DataFrame
    rows: int
    columns: int
    left_out: int
    best: str


def pair_id(leading: str, lagging: str) -> str:
    """A pair as it stands in links."""
    return f"{leading}{BY}{lagging}"


def outcomes(objective: str, catalogue: Catalogue) -> tuple[str, ...]:
    """The outcomes of an objective's map: the usual ones, then others that a pair of the declared map names."""
    usual = {key for keys in OUTCOMES.values() for key in keys}
    named = [p.lagging for p in catalogue.pairs if p.objective == objective and p.lagging in catalogue]
    return (*OUTCOMES[objective], *dict.fromkeys(key for key in named if key not in usual))


def objective_of(pair: str, catalogue: Catalogue) -> str:
    """The objective whose map holds the pair; "" for one that is on none."""
    lagging = pair.partition(BY)[2]
    return next((name for name in OBJECTIVES if lagging in outcomes(name, catalogue)), "")


def board(
    verdicts: Iterable[Verdict],
    objective: str,
    chosen: str,
    tell: Teller,
    events: dict[str, int],
    catalogue: Catalogue,
) -> Board:
    """The map of an objective: indicators with the best evidence first."""
    asked = outcomes(objective, catalogue)
    cells = {(v.shown.leading, v.shown.lagging): v for v in verdicts if v.shown.lagging in asked}
    present = [key for key in asked if any(lagging == key for _, lagging in cells)]
    order = {kpi.key: number for number, kpi in enumerate(catalogue.kpis)}
    leading = sorted({one for one, _ in cells}, key=lambda key: (_rank(cells, key, present), order[key]))
    signs = [key for key in leading if any(_shows(cells[key, c].shown) for c in present if (key, c) in cells)]
    shown = (signs + [key for key in leading if key not in signs])[:MOST_ROWS]
    rows = []
    for place, key in enumerate(shown):
        for column, outcome in enumerate(present):
            verdict = cells.get((key, outcome))
            if verdict is None:
                continue
            one = verdict.shown
            top, bottom = cell(one, tell)
            rows.append(
                {
                    "row": tell.short(key),
                    "row_order": place,
                    "column": heading(outcome, tell, events),
                    "column_order": column,
                    "pair": pair_id(key, outcome),
                    "grade": "mirror" if _mirror(one) else one.grade,
                    "top": top,
                    "bottom": bottom,
                    "top_short": short(one, top),
                    "bottom_short": DOTS.get(one.grade, "") if bottom else "",
                    "says": words.told(one, tell.locale),
                    "chosen": pair_id(key, outcome) == chosen,
                }
            )
    best = max(
        cells.values(),
        key=lambda v: order_of(v.shown, present),
        default=None,
    )
    found = pair_id(best.shown.leading, best.shown.lagging) if best else ""
    return Board(
        pd.DataFrame(rows, columns=list(MAP_COLUMNS)), len(shown), len(present), len(leading) - len(shown), found
    )


def heading(outcome: str, tell: Teller, events: dict[str, int]) -> str:
    """An outcome as a column heading, after a bar how many accounts had it."""
    word = words.outcome_word(outcome, tell.locale)
    return f"{word}|{tell.t('objective.n_accounts', n=events[outcome])}" if outcome in events else word


def strength(one: Evidence) -> tuple[int, int, int, float]:
    """How evidence is ranked: warnings by grade, declared before exploratory, then by size."""
    grade = -1 if _mirror(one) else GRADES.index(one.grade)
    return (
        grade,
        int(one.family == "declared"),
        int(one.tag == "early_warning"),
        abs(one.effect) if _shows(one) else 0.0,
    )


def order_of(one: Evidence, among: Sequence[str]) -> tuple[float, ...]:
    """How pairs are ranked, the best highest: of equally graded ones that with the outcome that stands first."""
    return (*strength(one)[:3], -among.index(one.lagging), strength(one)[3])


def cell(one: Evidence, tell: Teller) -> tuple[str, str]:
    """The two lines of a cell; the second is empty where one says it all."""
    t = tell.t
    if one.refusal is not None:
        few = one.refusal.id.startswith("few_")
        return t("evidence.cell_few" if few else "evidence.cell_cannot"), ""
    if one.tag == "already_leaving" and one.grade != "no_sign":
        return f"! {t('evidence.cell_late')}", ""
    if one.tag in MIRRORS and one.grade != "no_sign":
        return f"= {t(f'evidence.cell_{one.tag}')}", ""
    if one.grade == "no_sign" or one.lead_months is None:
        return t("evidence.grade_no_sign"), ""
    sign = "▲" if one.sign > 0 else "▼"
    lead = t("evidence.cell_months", n=one.lead_months)
    return f"{sign} {lead}", f"{DOTS.get(one.grade, '')} {t(f'evidence.grade_{one.grade}')}"


def short(one: Evidence, top: str) -> str:
    """The first line of a cell where there is little room: the sign alone, or sign and months."""
    if one.refusal is not None or one.grade == "no_sign":
        return top
    if top[:1] in "!=":
        return top[:1]
    return f"{top[:1]} {one.lead_months}"


def warns(one: Evidence) -> bool:
    """Whether something shows beforehand, however surely: a sign with a lead that is neither mirror nor too late."""
    return _shows(one) and one.tag not in MIRRORS and bool(one.lead_months)


def _shows(one: Evidence) -> bool:
    return one.refusal is None and one.grade in DOTS


def _mirror(one: Evidence) -> bool:
    return _shows(one) and one.tag in MIRRORS


def _rank(cells: dict[tuple[str, str], Verdict], key: str, columns: list[str]) -> tuple[float, ...]:
    best = max(strength(cells[key, c].shown) for c in columns if (key, c) in cells)
    return tuple(-float(part) for part in best)


def table(verdicts: Iterable[Verdict], objective: str, tell: Teller, catalogue: Catalogue) -> pd.DataFrame:
    """The map as a table, one row for each pair with its sentence."""
    rows = []
    for verdict in sorted(verdicts, key=lambda v: strength(v.shown), reverse=True):
        one = verdict.shown
        if one.lagging not in outcomes(objective, catalogue):
            continue
        rows.append(
            {
                tell.t("evidence.indicator"): tell.short(one.leading),
                tell.t("evidence.outcome"): words.outcome_word(one.lagging, tell.locale),
                tell.t("evidence.grade"): words.grade_word(one.grade, tell.locale),
                tell.t("evidence.lead"): ""
                if one.lead_months is None
                else formats.decimal(one.lead_months, 0, tell.locale),
                tell.t("evidence.says"): words.told(one, tell.locale),
            }
        )
    return pd.DataFrame(rows)
