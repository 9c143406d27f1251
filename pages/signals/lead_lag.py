"""What warns, and how early."""

from ui import here
from ui.signals import page

page.show(here.get())
