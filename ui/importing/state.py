"""What one visitor has chosen while bringing files in. It lives in the session and is gone with it."""

from collections.abc import Callable, Hashable, MutableMapping
from typing import Any, TypeVar

import streamlit as st

from ui.importing.pieces import Edits

_EDITS, _KEPT, _WORKED, _ROUND, _MODE = "import_edits", "import_kept", "import_worked", "import_round", "import_mode"
_DONE, _TROUBLE = "import_done", "import_trouble"
T = TypeVar("T")


def edits() -> MutableMapping[str, Edits]:
    """What was chosen, by piece."""
    return st.session_state.setdefault(_EDITS, {})


def edit(piece: str, change: Callable[[Edits], Edits]) -> None:
    """Change what was chosen for one piece."""
    edits()[piece] = change(edits().get(piece, Edits()))


def kept() -> MutableMapping[Any, Any]:
    """Readings of the uploaded files."""
    return st.session_state.setdefault(_KEPT, {})


def worked(what: str, key: Hashable, compute: Callable[[], T]) -> T:
    """The last result of one kind of work, done again when its key has changed."""
    held = st.session_state.setdefault(_WORKED, {})
    if what not in held or held[what][0] != key:
        held[what] = (key, compute())
    return held[what][1]


def uploader_key() -> str:
    """The key of the uploader: another one after each import, so that it starts empty."""
    return f"import_files_{st.session_state.get(_ROUND, 0)}"


def mode(default: str) -> str:
    """How the rows come in: what was chosen, else the default."""
    return str(st.session_state.get(_MODE) or default)


def choose_mode(value: str | None) -> None:
    """Choose how the rows come in; None goes back to the default."""
    st.session_state[_MODE] = value


def done() -> Any:
    """What the last import brought; None before one."""
    return st.session_state.get(_DONE)


def trouble() -> Any:
    """Why the last attempt was refused; None when it was not."""
    return st.session_state.get(_TROUBLE)


def set_trouble(problem: Any) -> None:
    """Remember why an attempt was refused; None forgets."""
    st.session_state[_TROUBLE] = problem


def start_over(outcome: Any = None) -> None:
    """Forget the files and everything chosen; keep what the import brought."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    for key in (_EDITS, _KEPT, _WORKED, _MODE, _TROUBLE):
        st.session_state.pop(key, None)
    st.session_state[_DONE] = outcome
