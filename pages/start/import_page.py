"""The import page."""

import streamlit as st

from ui import here

st.title(here.get().tell.t("shell.import"), anchor=False)
