"""The settings page."""

import streamlit as st

from ui import here

st.title(here.get().tell.t("shell.settings"), anchor=False)
