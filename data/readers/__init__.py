"""From a file to tables of text: encodings, delimiters, sheets, header rows and footers.

Everything arrives as text; `data.checks` gives it types. `read` takes and returns plain picklable
values and touches nothing else, so it may run in a process of its own.
"""

from data.readers.raw import Assumed, RawTable
from data.readers.reading import read

__all__ = ["Assumed", "RawTable", "read"]
