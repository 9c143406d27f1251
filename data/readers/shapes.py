"""What a cell looks like: blank, number, date, time or text. Used to find delimiters and headers."""

import re

_CURRENCY = r"(?:R\$|US\$|[$€£¥]|[A-Z]{3})"
_NUMBER = re.compile(
    rf"^[(+-]?\s*{_CURRENCY}?\s*[+-]?\s*\d[\d.,' \u00a0\u202f]*(?:[eE][+-]?\d+)?\s*(?:%|{_CURRENCY})?\)?-?$"
)
_TIME = re.compile(r"^\d{1,3}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*[aApP]\.?[mM]\.?)?$")
_DATE = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ,]+\d{1,2}:\d{2}.*)?$")
_YEAR = re.compile(r"^(?:19|20)\d\d$")


def shape(cell: str) -> str:
    """One of blank, number, date, time, text."""
    text = cell.strip()
    if not text:
        return "blank"
    if len(text) > 40:
        return "text"
    if _DATE.match(text):
        return "date"
    if _TIME.match(text):
        return "time"
    return "number" if _NUMBER.match(text) else "text"


def is_year(cell: str) -> bool:
    """A bare year, which may head a column as well as fill it."""
    return bool(_YEAR.match(cell.strip()))


_UNIT_WORDS = """
    r$ us$ $ € £ ¥ % # brl usd eur gbp mxn ars clp cop pen uyu utc gmt brt art clt cst est pst
    s sec secs second seconds segundo segundos seg min mins minute minutes minuto minutos h hr hrs hour hours hora horas
    d day days dia dias día días week weeks semana semanas month months mes mês meses mês year years ano anos año años
    ms count qty units unit un und unidades number número numero text texto date data fecha datetime timestamp id
    hh:mm:ss h:mm:ss mm:ss hh:mm dd/mm/yyyy mm/dd/yyyy yyyy-mm-dd dd/mm/aaaa aaaa-mm-dd score pts points pontos puntos
"""
_UNITS = frozenset(_UNIT_WORDS.split())
_BRACKETED = re.compile(r"^[(\[][^()\[\]]{1,24}[)\]]$")


def is_unit(cell: str) -> bool:
    """A unit as written under a header: (days), R$, UTC, %."""
    text = cell.strip()
    return text.casefold() in _UNITS or (bool(_BRACKETED.match(text)) and not any(c.isdigit() for c in text))
