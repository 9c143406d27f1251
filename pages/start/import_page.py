"""The import page."""

from ui import here
from ui.importing import page

page.show(here.get())
