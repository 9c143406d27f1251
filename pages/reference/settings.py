"""The settings page."""

from ui import here
from ui.reference import settings

settings.show(here.get())
