"""The quality objective."""

from ui import here, objective

objective.show(here.get(), "quality")
