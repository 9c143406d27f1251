"""Settings of how numbers are counted: every policy with its choices, the default marked, the KPIs it touches."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from data.policies import CHOICES, Policies
from kpis.kpi import Kpi
from ui.here import Here
from ui.reference.inputs import policy_value
from ui.reference.saving import saved, seeded
from ui.telling import Teller
from workspace.policy_reach import touched

ELSEWHERE = ("currency", "timezone")  # settings of the workspace
NAMED = 4


def show(here: Here) -> None:
    """One card for each policy."""
    st.caption(here.tell.t("settings.policies_says"))
    grid = st.grid(columns=3, min_column_width=280, gap="small")
    for name in Policies.names():
        if name not in ELSEWHERE:
            with grid.cell(), st.container(border=True, key=f"policy_{name}", gap="xsmall", height="stretch"):
                _policy(here, name)


def _policy(here: Here, name: str) -> None:
    tell, space = here.tell, here.loaded.space
    key, value = f"policy_value_{name}_{space.id}", getattr(space.policies, name)
    write = saved(partial(_save, here, name, key))
    label, says = tell.t(f"settings.policy_{name}"), tell.t(f"settings.policy_{name}_says")
    if name in CHOICES:
        seeded(key, value)
        st.selectbox(
            label, CHOICES[name], key=key, format_func=lambda v: _marked(name, v, tell), on_change=write, help=says
        )
    elif name == "gross_margin":
        seeded(key, None if value is None else round(value * 100, 4))
        st.number_input(
            f"{label} (%)", min_value=0.0, max_value=100.0, key=key, on_change=write, help=says, placeholder="–"
        )
    elif name == "rates":
        seeded(key, written(name, value))
        st.text_input(label, key=key, on_change=write, help=says, placeholder="USD=5.1, EUR=5.6")
    else:
        seeded(key, int(value))
        st.number_input(label, min_value=0, step=1, key=key, on_change=write, help=says)
    st.caption(" · ".join(_facts(here.loaded.catalogue.kpis, name, value, tell)))


def _marked(name: str, value: str, tell: Teller) -> str:
    words = policy_value(name, value, tell)
    return f"{words} ({tell.t('settings.default')})" if value == getattr(Policies(), name) else words


def _facts(kpis: tuple[Kpi, ...], name: str, value: Any, tell: Teller) -> Sequence[str]:
    """Whether the default is in force, and what the policy touches."""
    default = getattr(Policies(), name)
    facts = []
    if value != default:
        facts.append(f":orange[{tell.t('settings.changed_from', default=policy_value(name, default, tell))}]")
    elif name not in CHOICES:
        facts.append(tell.t("settings.default").capitalize())
    reach = touched(name, kpis)
    if reach:
        names = ", ".join(tell.short(key) for key in reach[:NAMED]) + (" …" if len(reach) > NAMED else "")
        facts.append(tell.t("settings.touches", what=names))
    return facts


def written(name: str, value: Any) -> str:
    """A value as `Policies.with_set` reads it."""
    if value is None:
        return ""
    if name == "rates" and not isinstance(value, str):
        return ",".join(f"{currency}={rate:g}" for currency, rate in value)
    if name == "gross_margin":
        return f"{float(value) / 100:g}"
    return str(value)


def _save(here: Here, name: str, key: str) -> None:
    """Store one policy as text; the default is stored by leaving it out.

    Raises:
        DataProblem: not one of its values; nothing is stored.
    """
    space = here.loaded.space
    text = written(name, st.session_state[key])
    value = getattr(space.policies.with_set(name, text), name)
    stored = {known: kept for known, kept in space.settings["policies"].items() if known != name}
    if value != getattr(Policies(), name):
        stored[name] = text
    space.store.save_settings(space.id, {"policies": stored})
