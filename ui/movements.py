"""How MRR moved: the bridge of one period, as a waterfall and as a table."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from ui import draw, frames, loading
from ui.charts import movements
from ui.here import Here
from ui.link import Link
from ui.loading import Loaded, Scope, kept
from ui.telling import Teller
from words import formats

UP = ("new_mrr", "reactivation_mrr", "upsell_mrr", "cross_sell_mrr", "price_uplift_mrr")
DOWN = ("contraction_mrr", "churned_mrr")


@dataclass(frozen=True)
class Bridge:
    """The waterfall of one period, ready to be drawn; `closes` says whether it adds up exactly."""

    rows: int
    data: bytes
    table: pd.DataFrame
    says: str
    closes: bool


def show(here: Here, period: str) -> None:
    """The panel; where no MRR is known it says so."""
    bridge = _bridge(here.loaded.scope, here.loaded, here.link, period, here.tell)
    tell = here.tell
    if bridge is None:
        st.markdown(f"##### {tell.t('overview.movements')}", anchors=False)
        st.caption(tell.t("overview.movements_dark"))
        return
    with st.container(key="movements", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"##### {tell.t('overview.movements')}", width="content", anchors=False)
            draw.behind(tell, "movements", lambda: bridge.table, f"mrr_{period}.csv")
        st.caption(tell.t("overview.movements_says", period=tell.title_period(period)))
        draw.chart(movements.waterfall(here.look, bridge.rows), movements.DATA, bridge.data, bridge.says)


@kept
def _bridge(scope: Scope, _loaded: Loaded, state: Link, period: str, tell: Teller) -> Bridge | None:
    found = loading.measures(_loaded, ("opening_mrr", *UP, *DOWN, "closing_mrr"), period, state.grain, state.where)
    opening, closing = found["opening_mrr"], found["closing_mrr"]
    if not (tell.known(opening) and tell.known(closing)):
        return None
    changes = []
    for name in (*UP, *DOWN):
        size = found[name]
        if tell.known(size) and size:
            signed = -size if name in DOWN else size
            kind = "loss" if name in DOWN else "gain"
            changes.append((tell.t(f"overview.{name}"), tell.signed(signed, "money"), signed, kind))
    net = sum(c[2] for c in changes)
    end = f"{tell.value(closing, 'money')} ({tell.signed(closing - opening, 'money')})"
    steps = movements.steps(
        changes,
        (tell.t("overview.opening"), tell.value(opening, "money")),
        (tell.t("overview.closing"), end),
    )
    table = pd.DataFrame(
        {
            tell.t("overview.movement"): steps["label"],
            tell.t("overview.amount"): [
                tell.full(opening, "money"),
                *(tell.full(c[2], "money") for c in changes),
                tell.full(closing, "money"),
            ],
        }
    )
    says = tell.t(
        "overview.movements_alt",
        opening=tell.value(opening, "money"),
        closing=tell.value(closing, "money"),
        changes=", ".join(f"{c[0]} {c[1]}" for c in changes) or formats.DASH,
    )
    return Bridge(len(steps), frames.arrow(steps), table, says, abs(opening + net - closing) < 0.005)
