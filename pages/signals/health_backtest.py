"""Would the health score have told."""

from ui import here
from ui.signals import score_page

score_page.show(here.get())
