"""The connections page."""

from ui import here
from ui.connecting import page

page.show(here.get())
