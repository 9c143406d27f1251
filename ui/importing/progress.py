"""How far reading and checking have come: a bar that says what is done, for what takes longer than a moment."""

import time

import streamlit as st

from ui.here import Here
from ui.text import escaped

PATIENCE = 0.7  # seconds before anything is shown
PAUSE = 0.15  # seconds between two words
PHASES = ("opening", "reading", "keeping", "checking")


class Bar:
    """One bar, there only while it is needed."""

    def __init__(self, here: Here) -> None:
        """Keep a place for it."""
        self._tell, self._place = here.tell, st.empty()
        self._begun = time.monotonic()
        self._said = 0.0

    def read(self, file: str, phase: str, share: float) -> None:
        """Hear of a file that is being read."""
        known = phase if phase in PHASES else "reading"
        self._show(self._tell.t(f"import.phase_{known}", file=escaped(file)), share)

    def checked(self, phase: str, share: float) -> None:
        """Hear of rows that are being checked."""
        self._show(self._tell.t("import.phase_checking"), share)

    def gone(self) -> None:
        """Take it away."""
        self._place.empty()

    def _show(self, text: str, share: float) -> None:
        now = time.monotonic()
        if now - self._begun > PATIENCE and now - self._said > PAUSE:
            self._said = now
            self._place.progress(min(1.0, max(0.0, share)), text=text)
