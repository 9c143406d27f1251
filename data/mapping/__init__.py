"""From headers to canonical columns: names in three languages, suggestions, and the mapping file."""

from data.mapping.mapping import Mapping, Match, Source, TableMapping
from data.mapping.suggest import suggest

__all__ = ["Mapping", "Match", "Source", "TableMapping", "suggest"]
