"""What is on screen, as ids in the link: a shared link shows the same page to someone else.

The link wins over the session; what the link leaves out comes from the session (so that changing
pages keeps the filters) and else from the defaults. `kpi`, `objective`, `pair` and `shift` belong to one page
only and never come from the session. Defaults stay out of the link; the workspace only where there is no other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import streamlit as st

GRAINS = ("month", "quarter", "half", "year", "week")
SPANS = ("12", "24", "all")
COMPARE = ("previous", "year")
SHIFTS = tuple("0123456")
_SESSION = "link_state"
_FILTER = "f."


@dataclass(frozen=True)
class Link:
    """The state of a link. Empty strings mean "the default"; `where` is ((dimension, (value, …)), …)."""

    lang: str = ""
    workspace: str = ""
    period: str = ""
    grain: str = "month"
    span: str = "24"
    compare: str = "previous"
    by: str = ""
    kpi: str = ""
    objective: str = ""
    pair: str = ""
    shift: str = ""
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def filters(self) -> dict[str, list[str]]:
        """The filters as the workspace takes them."""
        return {name: list(values) for name, values in self.where}


_ALLOWED: dict[str, tuple[str, ...]] = {"grain": GRAINS, "span": SPANS, "compare": COMPARE, "shift": SHIFTS}
_NAMES = tuple(f.name for f in fields(Link) if f.name != "where")


def parse(query: Mapping[str, list[str]]) -> dict[str, Any]:
    """The parts of a link that a query holds; unknown values of a closed list are left out."""
    found: dict[str, Any] = {}
    for name in _NAMES:
        values = query.get(name)
        if values and (name not in _ALLOWED or values[-1] in _ALLOWED[name]):
            found[name] = values[-1]
    where = [(k[len(_FILTER) :], tuple(sorted(set(v)))) for k, v in query.items() if k.startswith(_FILTER) and v]
    if where:
        found["where"] = tuple(sorted(where))
    return found


def query(state: Link) -> dict[str, list[str]]:
    """The query of a state: ids only, without the defaults."""
    default = Link()
    parts = {n: [getattr(state, n)] for n in _NAMES if getattr(state, n) != getattr(default, n)}
    return parts | {_FILTER + name: list(values) for name, values in state.where if values}


def current() -> Link:
    """The state in force, from the link, then the session, then the defaults."""
    from_link = parse({k: st.query_params.get_all(k) for k in st.query_params})
    held: Link = st.session_state.get(_SESSION) or Link()
    return replace(replace(held, kpi="", objective="", pair="", shift=""), **from_link)


def hold(state: Link) -> None:
    """Remember the state for the next page and write it into the link (always: a page link may have dropped it)."""
    st.session_state[_SESSION] = state
    st.query_params.from_dict(query(state))


def change(**parts: Any) -> None:
    """Change some parts of the state from a widget's callback."""
    hold(replace(current(), **parts))


def opened(state: Link, kpi: str) -> Link:
    """The state of a link that shows one KPI large ("" goes back to the whole page)."""
    return replace(state, kpi=kpi)


def seed(key: str, value: Any) -> str:
    """Give a widget its value before it is drawn and return its key."""
    if st.session_state.get(key, _UNSET) != value:
        st.session_state[key] = value
    return key


def written(part: str, key: str) -> Callable[[], None]:
    """A callback that writes what a widget holds into one part of the link; clearing it means the default."""

    def write() -> None:
        value = st.session_state[key]
        change(**{part: value if value is not None else getattr(Link(), part)})

    return write


def filtered(dimension: str, key: str) -> Callable[[], None]:
    """A callback that writes what a widget holds into one filter of the link."""

    def write() -> None:
        where = {**dict(current().where), dimension: tuple(sorted(map(str, st.session_state[key])))}
        change(where=tuple(sorted((k, v) for k, v in where.items() if v)))

    return write


_UNSET = object()
