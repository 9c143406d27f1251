"""The expansion objective."""

from ui import here, objective

objective.show(here.get(), "expansion")
