"""The page of what is stored."""

from ui import here
from ui.reference import data

data.show(here.get())
