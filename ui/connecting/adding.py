"""Adding a connection: what, where, as whom, and where the password is."""

from typing import Any

import streamlit as st

from data.connections import KINDS, TLS, from_url
from data.problems import DataProblem
from data.store import ConnectionInfo
from ui.connecting import state
from ui.connecting.state import Said
from ui.here import Here
from workspace import connecting

READER = {
    "postgresql": "CREATE ROLE farol_reader LOGIN PASSWORD '…';\nGRANT SELECT ON customers, invoices TO farol_reader;",
    "mysql": "CREATE USER farol_reader IDENTIFIED BY '…';\nGRANT SELECT ON crm.* TO farol_reader;",
}
SECRETIVE = ("password_in_url", "secret_reference_bad")  # what was typed may be a password: it is not kept on screen


def show(here: Here, first: bool) -> None:
    """The form; open where there is no connection yet."""
    tell = here.tell
    with st.expander(tell.t("connections.add"), icon=":material/add_link:", expanded=first, key="connection_add"):
        kind = st.segmented_control(
            tell.t("connections.kind"),
            KINDS,
            format_func=lambda one: tell.t(f"connections.kind_{one}"),
            default=KINDS[0],
            key=_key("kind"),
            required=True,
        )
        st.text_input(tell.t("connections.name"), key=_key("name"), max_chars=60, placeholder="CRM")
        if kind == "link":
            _text(here, "url", "https://docs.google.com/spreadsheets/d/…/edit")
            st.caption(tell.t("connections.link_says"))
        else:
            _database(here, str(kind or KINDS[0]))
        with st.container(key="connection_secret", gap="xsmall"):
            _text(here, "secret", "env:FAROL_SECRET_CRM")
            st.caption(tell.t("connections.secret_link_says" if kind == "link" else "connections.secret_says"))
            st.code('FAROL_SECRET_CRM="…"\n\n# .streamlit/secrets.toml → file:crm\n[farol]\ncrm = "…"', language="toml")
        st.button(
            tell.t("connections.add_button"),
            type="primary",
            key="connection_add_button",
            on_click=lambda: _add(here, str(kind or KINDS[0])),
        )


def _database(here: Here, kind: str) -> None:
    tell = here.tell
    grid = st.grid(columns=2, min_column_width=220, gap="small")
    with grid.cell():
        _text(here, "host", "db.example.com")
    with grid.cell():
        st.number_input(
            tell.t("connections.port"), 1, 65535, None, key=_key("port"), placeholder=tell.t("connections.port_usual")
        )
    with grid.cell():
        _text(here, "database", "crm")
    with grid.cell():
        _text(here, "user", "farol_reader")
    st.selectbox(
        tell.t("connections.tls"), TLS, key=_key("tls"), format_func=lambda one: tell.t(f"connections.tls_{one}")
    )
    st.caption(tell.t("connections.role_says"))
    st.code(READER[kind], language="sql")


def _text(here: Here, name: str, example: str) -> None:
    st.text_input(here.tell.t(f"connections.{name}"), key=_key(name), placeholder=example)


def _key(name: str) -> str:
    return f"connection_form_{state.form()}_{name}"


def _given(name: str) -> Any:
    return st.session_state.get(_key(name)) or ""


def _add(here: Here, kind: str) -> None:
    def act() -> Said:
        added = connecting.add(here.loaded.space, _info(kind), state.shared())
        state.clear_form()
        state.open_one(added.name)
        tried = connecting.probe(here.loaded.space, added.name, state.shared())
        return Said(sentence="tried_write" if tried.may_write else "tried", name=added.name, count=tried.tables)

    state.attempt(act)
    outcome = state.said()
    if outcome is not None and outcome.problem is not None and outcome.problem.id in SECRETIVE:
        for field in ("url", "host", "secret"):
            st.session_state.pop(_key(field), None)


def _info(kind: str) -> ConnectionInfo:
    name, secret = str(_given("name")), str(_given("secret"))
    if kind == "link":
        return ConnectionInfo(name, kind, secret=secret, options={"url": str(_given("url"))})
    host, tls = str(_given("host")), str(_given("tls"))
    if "://" in host:
        return from_url(name, host, secret, tls)
    if "@" in host:
        raise DataProblem("host_bad", "A host is a name such as db.example.com, without user, password or path.")
    port = int(_given("port") or 0) or None
    return ConnectionInfo(name, kind, host, port, str(_given("database")), str(_given("user")), secret, {"tls": tls})
