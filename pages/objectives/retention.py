"""The retention objective."""

from ui import here, objective

objective.show(here.get(), "retention")
