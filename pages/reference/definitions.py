"""The definitions page."""

import streamlit as st

from ui import here

st.title(here.get().tell.t("shell.definitions"), anchor=False)
