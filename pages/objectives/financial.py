"""The financial objective."""

from ui import here, objective

objective.show(here.get(), "financial")
