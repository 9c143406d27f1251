"""What one visitor does with connections: which one is open, what was seen of it, what happened last."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from data.problems import DataProblem
from workspace.connecting import Peeked

_OPEN, _SEEN, _PEEKED, _SAID, _ROUND = (f"connecting_{name}" for name in ("open", "seen", "peeked", "said", "round"))
LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Said:
    """What happened last: a problem, or a sentence of ours with what goes into it, and the rows that came."""

    problem: DataProblem | None = None
    sentence: str = ""
    name: str = ""
    count: int = 0
    reports: tuple[dict[str, Any], ...] = ()


def shared() -> bool:
    """Whether others than the person at this machine can open this Farol."""
    return st.get_option("server.address") not in LOCAL


def opened() -> str:
    """The connection whose tables are shown; "" for none."""
    return str(st.session_state.get(_OPEN, ""))


def open_one(name: str) -> None:
    """Show the tables of a connection, seen anew; "" closes them."""
    st.session_state[_OPEN] = name
    for key in (_SEEN, _PEEKED):
        st.session_state.pop(key, None)


def offered(name: str, look: Callable[[], Any]) -> Any:
    """What a connection offers, looked up once."""
    held = st.session_state.get(_SEEN)
    if held is None or held[0] != name:
        held = (name, look())
        st.session_state[_SEEN] = held
    return held[1]


def peeked(key: Any, look: Callable[[], tuple[list[Peeked], Any]]) -> tuple[list[Peeked], Any]:
    """Samples of tables and their checks, worked out once for each choice."""
    held = st.session_state.get(_PEEKED)
    if held is None or held[0] != key:
        held = (key, look())
        st.session_state[_PEEKED] = held
    return held[1]


def said() -> Said | None:
    """What happened last."""
    return st.session_state.get(_SAID)


def say(what: Said | None) -> None:
    """Remember what happened; None forgets."""
    st.session_state[_SAID] = what


def attempt(act: Callable[[], Said | None]) -> None:
    """Do something a button asks for; a refusal is remembered, to be said on the page."""
    try:
        say(act())
    except DataProblem as problem:
        say(Said(problem))


def form() -> str:
    """The part of the form's keys that changes when it must start empty."""
    return str(st.session_state.get(_ROUND, 0))


def clear_form() -> None:
    """Forget all that was typed into the form."""
    for key in list(st.session_state):
        if str(key).startswith(f"connection_form_{form()}_"):
            del st.session_state[key]
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
