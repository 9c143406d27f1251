"""From mapped text to typed, checked rows: nothing dropped, guessed or turned into 0 silently."""

from data.checks.applying import Checked, apply
from data.checks.known import Known

__all__ = ["Checked", "Known", "apply"]
