"""The overview of all four objectives."""

from ui import here, overview

overview.show(here.get())
