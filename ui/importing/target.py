"""Where the rows go: a workspace that is there, or a new one by name."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import streamlit as st

import workspace
from data.facts import Facts
from data.store.preferences import KNOWN
from ui.here import Here
from ui.text import escaped
from workspace import Workspace

NEW = ""
_WHERE, _NAME = "import_where", "import_name"


class Draft(Workspace):
    """A workspace that does not exist yet: default settings and no facts, or those of a preview."""

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What a new workspace starts with."""
        return {name: known.default for name, known in KNOWN.items()}

    @cached_property
    def labels(self) -> dict[tuple[str, str], Any]:
        """None yet."""
        return {}


@dataclass(frozen=True)
class Target:
    """The workspace chosen, or the name of a new one."""

    space: Any
    name: str
    new: bool

    def seen(self, facts: Facts) -> Any:
        """The workspace as it would be with other facts."""
        kind = Draft if self.new else Workspace
        return kind(self.space.store, self.space.id, facts)


def current(here: Here) -> Target:
    """The target in force: what was chosen, else the workspace on screen, and a new one beside the sample."""
    known = dict(here.loaded.names)
    on_screen = here.loaded.space.id
    start = NEW if is_sample(here.loaded.space) else on_screen
    where = st.session_state.get(_WHERE, start)
    where = where if where in known else NEW
    if where != NEW:
        space = here.loaded.space if where == on_screen else Workspace.open(where)
        return Target(space, str(space.info.name), False)
    draft = Draft(here.loaded.space.store, on_screen, Facts({}, "unborn"))
    return Target(draft, str(st.session_state.get(_NAME) or free_name(here, list(known.values()))), True)


def free_name(here: Here, taken: list[str]) -> str:
    """A name for a new workspace that nobody has taken."""
    name = here.tell.t("import.new_name")
    numbers = (f"{name} {number}" for number in range(2, 1000))
    return name if name not in taken else next(one for one in numbers if one not in taken)


def is_sample(space: Any) -> bool:
    """Whether a workspace holds the sample company."""
    return bool(space.settings.get("sample")) or space.info.name == workspace.SAMPLE


def choose(here: Here, target: Target) -> None:
    """The two controls: which workspace, and the name of a new one."""
    tell, known = here.tell, dict(here.loaded.names)
    with st.container(border=True, key="import_target", gap="xsmall"):
        grid = st.grid(columns=2, min_column_width=240, gap="small")
        with grid.cell():
            where = NEW if target.new else target.space.id
            if st.session_state.get(_WHERE) != where:
                st.session_state[_WHERE] = where
            st.selectbox(
                tell.t("import.where"),
                [NEW, *known],
                key=_WHERE,
                format_func=lambda id: known.get(id, id) if id else tell.t("import.where_new"),
            )
        with grid.cell():
            if target.new:
                if st.session_state.get(_NAME) is None:
                    st.session_state[_NAME] = target.name
                st.text_input(tell.t("import.where_name"), key=_NAME, max_chars=100)
            elif is_sample(target.space):
                st.caption(f":material/warning: {tell.t('import.where_sample')}")
            else:
                said = "import.where_empty" if target.space.empty else "import.where_says"
                st.caption(tell.t(said, name=escaped(target.name)))


def forget() -> None:
    """After the rows are in: the next file goes to the workspace on screen."""
    for key in (_WHERE, _NAME):
        st.session_state.pop(key, None)
