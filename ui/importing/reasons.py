"""Rows set aside as a file to take home: their line, why, and their cells, in the reader's language."""

import re
from collections.abc import Sequence

import pandas as pd

from data.checks.kept_out import REASON_COLUMNS
from data.importing import Prepared
from ui.importing import wording
from ui.telling import Teller
from words import catalogue

_ONE = re.compile(r"(?:(?P<column>[a-z_]+): )?(?P<expected>.*?) \[(?P<id>[a-z_]+)\](?:; |$)", re.DOTALL)


def frame(rows: Sequence[Prepared], tell: Teller) -> pd.DataFrame:
    """All rows set aside of one file; each comes once for each table that it cannot feed."""
    parts = [one.rejected.to_pandas() for one in rows if one.rejected.num_rows]
    whole = pd.concat(parts, ignore_index=True)
    said = {text: in_words(str(text), tell) for text in whole[REASON_COLUMNS[1]].unique()}
    whole[REASON_COLUMNS[1]] = whole[REASON_COLUMNS[1]].map(said)
    return whole


def in_words(reason: str, tell: Teller) -> str:
    """A reason in the language of the reader; what the catalogue has no words for stays as it is."""
    if tell.locale == catalogue.DEFAULT:
        return reason
    return _ONE.sub(lambda found: _said(found, tell), reason).removesuffix("; ")


def _said(found: re.Match[str], tell: Teller) -> str:
    problem, expected = f"import.p_{found['id']}", f"import.e_{found['id']}"
    if not catalogue.has(problem, tell.locale):
        return found[0]
    said = tell.t(problem)
    if catalogue.has(expected, tell.locale) and not catalogue.parameters(catalogue.catalogue(tell.locale)[expected]):
        said += f" ({tell.t(expected)})"
    return (f"{wording.column(found['column'], tell)}: " if found["column"] else "") + f"{said}; "
