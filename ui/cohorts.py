"""Cohort retention: of the customers won in a quarter, how many are still here after so many months."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from ui import draw, frames, loading
from ui.charts import cohorts
from ui.here import Here
from ui.link import Link
from ui.loading import Loaded, Scope, kept
from ui.telling import Teller
from words import formats

STEP, MOST_AGES, MOST_COHORTS = 3, 12, 12


@dataclass(frozen=True)
class Heat:
    """The heatmap, ready to be drawn, and its table."""

    rows: int
    data: bytes
    table: pd.DataFrame
    says: str


def kept_by_cohort(life: pd.DataFrame) -> pd.DataFrame:
    """Share of each quarter's new customers still active so many months after the quarter of joining.

    Args:
        life: account_id, period (month id) and closing_accounts (1 when active at the month's close).

    Returns:
        cohort (quarter id), age (whole months since the month of joining, every third), size, active,
        kept. A customer's month of joining is its first month active at a close; customers of the
        first month in the data are left out, as nobody knows when they joined. An age is shown only
        once the whole cohort has reached it.
    """
    active = life[life["closing_accounts"].fillna(0).astype(float) > 0]
    columns = ["cohort", "age", "size", "active", "kept"]
    if active.empty:
        return pd.DataFrame(columns=columns)
    number = {p: _month_number(p) for p in life["period"].unique()}
    first, last = min(number.values()), max(number.values())
    month = active["period"].map(number)
    joined = month.groupby(active["account_id"]).transform("min")
    active = pd.DataFrame({"account": active["account_id"], "age": month - joined, "joined": joined})
    active = active[active["joined"] > first]
    active["cohort"] = active["joined"] // 3
    sizes = active[active["age"] == 0].groupby("cohort")["account"].nunique()
    counted = active[active["age"] % STEP == 0].groupby(["cohort", "age"])["account"].nunique()
    rows = [
        (f"{c // 4}-Q{c % 4 + 1}", age, int(size), int(counted.get((c, age), 0)))
        for c, size in zip(sizes.index.astype(int), sizes, strict=True)
        for age in range(0, last - (c * 3 + 2) + 1, STEP)
    ]
    found = pd.DataFrame(rows, columns=columns[:-1])
    found["kept"] = found["active"] / found["size"]
    return found


def _month_number(period: str) -> int:
    year, month = period.split("-")
    return int(year) * 12 + int(month) - 1


def show(here: Here) -> None:
    """The panel; nothing where no cohort is old enough."""
    heat = _heat(here.loaded.scope, here.loaded, here.link, here.tell)
    if heat is None:
        return
    tell = here.tell
    with st.container(border=True, key="cohorts", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"##### {tell.t('objective.cohorts')}", width="content", anchors=False)
            draw.behind(tell, "cohorts", lambda: heat.table, "cohorts.csv")
        st.caption(tell.t("objective.cohorts_says"))
        titles = (tell.t("objective.cohort"), tell.t("objective.months_since"), tell.t("objective.still_here"))
        draw.chart(cohorts.heatmap(here.look, heat.rows, titles), cohorts.DATA, heat.data, heat.says)


@kept
def _heat(scope: Scope, _loaded: Loaded, state: Link, tell: Teller) -> Heat | None:
    whole = {p.id for p in loading.periods(_loaded, "month") if p.complete}
    life = loading.life_of_accounts(_loaded, state.where)
    found = kept_by_cohort(life[life["period"].isin(whole)])
    found = found[(found["age"] > 0) & (found["age"] <= STEP * MOST_AGES)]
    names = list(dict.fromkeys(found["cohort"]))[-MOST_COHORTS:]
    found = found[found["cohort"].isin(names)]
    if found.empty:
        return None
    data = pd.DataFrame(
        {
            "cohort": [
                f"{formats.period(c, tell.locale, short=True)} · {n}"
                for c, n in zip(found["cohort"], found["size"], strict=True)
            ],
            "order": [names.index(c) for c in found["cohort"]],
            "age": found["age"].astype(int),
            "kept": found["kept"].astype(float),
            "text": [formats.decimal(k * 100, 0, tell.locale) for k in found["kept"]],
            "tip": [
                f"{tell.value(k, 'ratio')} ({a}/{n})"
                for k, a, n in zip(found["kept"], found["active"], found["size"], strict=True)
            ],
        }
    )
    wide = data.pivot_table(index="cohort", columns="age", values="kept", sort=False)
    table = (
        wide.map(lambda k: tell.value(k, "ratio")).reset_index().rename(columns={"cohort": tell.t("objective.cohort")})
    )
    table.columns = [str(c) for c in table.columns]
    return Heat(len(names), frames.arrow(data), table, tell.t("objective.cohorts_alt", n=len(names)))
