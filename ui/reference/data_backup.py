"""Taking a backup and bringing one back, on the page of stored data."""

from pathlib import Path

import streamlit as st

from ui import link
from ui.here import Here
from ui.reference.data_saying import tried
from ui.text import escaped
from words import formats

MEGABYTE = 1024 * 1024
BROWSER_MB = 300  # what a browser may be asked to carry


def show(here: Here) -> None:
    """Both cards."""
    grid = st.grid(columns=2, min_column_width=300, gap="small")
    with grid.cell(), st.container(border=True, key="data_backup_card", gap="small", height="stretch"):
        _backup(here)
    with grid.cell(), st.container(border=True, key="data_restore_card", gap="small", height="stretch"):
        _restore(here)


def _backup(here: Here) -> None:
    tell, space = here.tell, here.loaded.space
    key = f"data_backup_{space.id}"
    st.markdown(f"##### {tell.t('data.backup_title')}", anchors=False)
    st.caption(tell.t("data.backup_says"))

    def make() -> str:
        before = st.session_state.pop(key, None)
        if before is not None:
            Path(before).unlink(missing_ok=True)
        out = space.store.staging(".zip")
        space.store.backup(out, [space.id])
        st.session_state[key] = str(out)
        return ""

    st.button(tell.t("data.backup_make"), icon=":material/archive:", key="data_backup_make", on_click=tried(make))
    path = Path(st.session_state.get(key, ""))
    if not st.session_state.get(key) or not path.is_file():
        return
    size = path.stat().st_size / MEGABYTE
    said = f"{formats.decimal(size, 1, here.locale)} MB"
    if size > BROWSER_MB:
        command = f"`python cli.py backup backup.zip --workspace {space.id}`"
        st.markdown(tell.t("data.backup_large", size=said, command=command))
        return
    st.download_button(
        tell.t("data.backup_get", size=said),
        path.read_bytes,
        file_name=f"farol-{space.id}.zip",
        mime="application/zip",
        icon=":material/download:",
        type="primary",
        key="data_backup_get",
        on_click="ignore",
    )


def _restore(here: Here) -> None:
    tell, space = here.tell, here.loaded.space
    st.markdown(f"##### {tell.t('data.restore_title')}", anchors=False)
    st.caption(tell.t("data.restore_says"))
    sent = st.file_uploader(tell.t("data.restore_file"), type=["zip"], key="data_restore_file")
    name = st.text_input(tell.t("data.restore_name"), key="data_restore_name", max_chars=100)
    if sent is None:
        return

    def staged() -> Path:
        path = space.store.staging(".zip")
        path.write_bytes(sent.getvalue())
        return path

    def bring() -> str:
        path = staged()
        try:
            found = space.store.restore(path, None, name.strip() or None)
        finally:
            path.unlink(missing_ok=True)
        link.change(workspace=found[0].id)
        said = [tell.t("data.restored", name=escaped(one.name)) for one in found]
        said += [tell.t("data.restored_new_key")] if any(one.new_key for one in found) else []
        return " ".join(said)

    def mend() -> str:
        path = staged()
        try:
            count = space.store.mend(path)
        finally:
            path.unlink(missing_ok=True)
        return tell.t("data.mended", n=count) if count else tell.t("data.mended_none")

    with st.container(horizontal=True, gap="xsmall"):
        st.button(tell.t("data.restore"), icon=":material/unarchive:", key="data_restore", on_click=tried(bring))
        if space.trouble is not None or st.session_state.get("data_mend_shown"):
            st.button(
                tell.t("data.mend"), icon=":material/healing:", type="primary", key="data_mend", on_click=tried(mend)
            )
