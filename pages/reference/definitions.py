"""The definitions page."""

from ui import here
from ui.reference import definitions

definitions.show(here.get())
