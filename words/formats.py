"""How numbers, money, spans of time, months and dates are written, per language.

A value comes with its unit (`ratio` is a fraction, `seconds` are seconds, `money` is in the
reporting currency); a missing value is written as a dash. The minus is U+2212 and what belongs
together is joined by a non-breaking space.
"""

from datetime import date
from functools import cache
from math import isfinite
from typing import Any

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, get_currency_symbol

MINUS, NBSP, DASH = "−", "\u00a0", "–"
_THOUSANDS = {"en": ("k", "M", "B"), "pt_BR": ("mil", "mi", "bi"), "es": ("mil", "M", "mil M")}
_MONTHS = {"en": ("mo", "mo"), "pt_BR": ("mês", "meses"), "es": ("mes", "meses")}
_DAYS = {"en": ("day", "days"), "pt_BR": ("dia", "dias"), "es": ("día", "días")}
_POINTS = {"en": ("pt", "pts"), "pt_BR": ("p.p.", "p.p."), "es": ("p. p.", "p. p.")}
SPANS = (("s", 1), ("min", 60), ("h", 3600), ("d", 86400))


def value(number: Any, unit: str, locale: str, currency: str = "BRL") -> str:
    """A value as people read it: 102.3%, R$ 1.90M, 4.8 h, 33 mo, 2.1, 46.6."""
    if not _known(number):
        return DASH
    number = float(number)
    if unit == "ratio":
        return percent(number, locale)
    if unit == "money":
        return money(number, locale, currency)
    if unit == "seconds":
        return span(number, locale)
    if unit == "months":
        return _counted(number, _MONTHS[locale], locale)
    if unit == "days":
        return _counted(number, _DAYS[locale], locale)
    if unit == "times":
        return decimal(number, 2 if abs(number) < 1 else 1, locale)
    if unit == "count":
        return (
            compact(number, locale) if abs(number) >= 1e6 else decimal(number, 0 if abs(number) >= 100 else 1, locale)
        )
    return decimal(number, 1, locale)


def full(number: Any, unit: str, locale: str, currency: str = "BRL") -> str:
    """The same without shortening, for formulas and tables: R$ 1,887,190, 0.717%."""
    if not _known(number):
        return DASH
    number = float(number)
    if unit == "money":
        digits = 0 if abs(number) >= 1000 else 2
        return _money_text(decimal(abs(number), digits, locale, keep=True), number, locale, currency)
    if unit == "count":
        return decimal(number, 1 if abs(number) >= 1 else 4, locale)
    return value(number, unit, locale, currency)


def change(difference: Any, unit: str, locale: str, currency: str = "BRL") -> str:
    """A signed difference: +2.1 pts, −R$ 755, +0.4; a difference that shows as nothing is written without a sign."""
    if not _known(difference):
        return DASH
    size = abs(float(difference))
    if unit == "ratio":
        digits = 2 if size < 0.01 else 1
        number = decimal(size * 100, digits, locale)
        one, many = _POINTS[locale]
        shown = f"{number}{NBSP}{one if number == '1' else many}"
    else:
        shown, number = value(size, unit, locale, currency), value(size, unit, locale, currency)
    if not any(c in "123456789" for c in number):
        return shown
    return ("+" if difference > 0 else MINUS) + shown


def relative(share: float, locale: str) -> str:
    """A signed relative change: +18%."""
    return ("+" if share > 0 else MINUS if share < 0 else "") + percent(
        abs(share), locale, digits=0 if abs(share) >= 0.1 else 1
    )


def decimal(number: float, digits: int, locale: str, *, keep: bool = False) -> str:
    """A plain number with at most `digits` decimals (exactly so many with `keep`); never "58.0"."""
    pattern = "#,##0" + ("." + ("0" if keep else "#") * digits if digits else "")
    return format_decimal(round(number, digits) + 0.0, pattern, locale=locale).replace("-", MINUS)


def percent(fraction: float, locale: str, digits: int | None = None) -> str:
    """A fraction as a percentage: two decimals under 1 %, one above, none when they are zero."""
    hundred = fraction * 100
    if digits is None:
        digits = 2 if 0 < abs(round(hundred, 2)) < 1 else 1
    shown = decimal(hundred, digits, locale, keep=digits == 2)
    return shown + (f"{NBSP}%" if locale == "es" else "%")


def money(amount: float, locale: str, currency: str = "BRL") -> str:
    """Compact money: R$ 1.90M, R$ 84.3k, R$ 755 (pt: R$ 1,90 mi, R$ 84,3 mil)."""
    return _money_text(_short(abs(amount), locale, 2), amount, locale, currency)


def compact(number: float, locale: str) -> str:
    """A shortened plain number: 1.9M."""
    return (MINUS if number < 0 else "") + _short(abs(number), locale, 1)


def span(seconds: float, locale: str, unit: str | None = None) -> str:
    """A span of time in the unit that reads best: 48 s, 3 min 44 s, 4.8 h, 2.3 days."""
    size, sign = abs(seconds), MINUS if seconds < 0 else ""
    if unit is None and 120 <= size < 3600 and round(size) % 60:
        minutes, rest = divmod(round(size), 60)
        return f"{sign}{minutes}{NBSP}min{NBSP}{rest}{NBSP}s"
    unit = unit or span_unit(size)
    number = size / dict(SPANS)[unit]
    shown = decimal(number, 0 if unit == "s" and size >= 10 else 1, locale)
    if unit == "d":
        one, many = _DAYS[locale]
        return f"{sign}{shown}{NBSP}{one if shown == '1' else many}"
    return f"{sign}{shown}{NBSP}{unit}"


def span_unit(seconds: float) -> str:
    """The unit in which spans of this size read best: s, min, h or d."""
    size = abs(seconds)
    return "s" if size < 120 else "min" if size < 3600 else "h" if size < 48 * 3600 else "d"


def month(day: date, locale: str, *, short: bool = False) -> str:
    """October 2026, or Oct 2026."""
    if short:
        return _sentence(f"{format_date(day, 'LLL', locale=locale)} {day.year}".replace(".", ""))
    return _sentence(format_skeleton("yMMMM", day, locale=locale))


def day(value: date, locale: str, *, year: bool = False) -> str:
    """12 Nov, or 12 Nov 2026."""
    pattern = {"en": "d MMM", "pt_BR": "d 'de' MMM", "es": "d MMM"}[locale]
    tail = {"en": " y", "pt_BR": " 'de' y", "es": " y"}[locale] if year else ""
    return str(format_date(value, pattern + tail, locale=locale)).replace(" ", NBSP)


def period(id: str, locale: str, *, short: bool = False) -> str:
    """The name of a period: October 2026, Q4 2026, second half of 2026, week 50 of 2026, 2026."""
    year, _, part = id.partition("-")
    if not part:
        return year
    if part[0] == "Q":
        long = {"en": "Q{0} {1}", "pt_BR": "{0}º trimestre de {1}", "es": "{0}.º trimestre de {1}"}
        brief = {"en": "Q{0} {1}", "pt_BR": "{0}º tri {1}", "es": "T{0} {1}"}
        return (brief if short else long)[locale].format(part[1], year)
    if part[0] == "H":
        long = {"en": "Half {0} of {1}", "pt_BR": "{0}º semestre de {1}", "es": "{0}.º semestre de {1}"}
        brief = {"en": "H{0} {1}", "pt_BR": "{0}º sem {1}", "es": "S{0} {1}"}
        return (brief if short else long)[locale].format(part[1], year)
    if part[0] == "W":
        long = {"en": "Week {0} of {1}", "pt_BR": "Semana {0} de {1}", "es": "Semana {0} de {1}"}
        return (long[locale].format(int(part[1:]), year)) if not short else f"{part[1:]}/{year}"
    return month(date(int(year), int(part), 1), locale, short=short)


def period_in_sentence(id: str, locale: str, *, year: bool = False) -> str:
    """The name of a period inside a sentence: October, outubro, Q4 2026."""
    number, _, part = id.partition("-")
    if part.isdigit() and not year:
        return str(format_date(date(int(number), int(part), 1), "LLLL", locale=locale))
    shown = period(id, locale)
    proper = locale == "en" and part.isdigit()
    return shown if proper or part[:1] not in ("H", "W", *"0123456789") else shown[:1].lower() + shown[1:]


@cache
def d3_number(locale: str) -> dict[str, Any]:
    """The number locale that chart axes use."""
    decimal_mark, group = (".", ",") if locale == "en" else (",", ".")
    return {"decimal": decimal_mark, "thousands": group, "grouping": [3], "currency": ["", ""], "minus": MINUS}


@cache
def d3_time(locale: str) -> dict[str, Any]:
    """The time locale that chart axes use: names of months and days."""
    months = [date(2024, m, 1) for m in range(1, 13)]
    days = [date(2024, 9, 1 + d) for d in range(7)]  # 1 September 2024 was a Sunday

    def names(dates: list[date], pattern: str) -> list[str]:
        return [str(format_date(d, pattern, locale=locale)).replace(".", "") for d in dates]

    return {
        "dateTime": "%x, %X",
        "date": "%d/%m/%Y",
        "time": "%H:%M:%S",
        "periods": ["AM", "PM"],
        "days": names(days, "EEEE"),
        "shortDays": names(days, "EEE"),
        "months": names(months, "LLLL"),
        "shortMonths": names(months, "LLL"),
    }


def axis_suffixes(locale: str) -> dict[str, str]:
    """What stands for thousands, millions and billions on an axis: {"k": " mil", "M": " mi", "G": " bi"}."""
    gap = "" if locale == "en" else NBSP
    return dict(zip("kMG", (gap + word for word in _THOUSANDS[locale]), strict=True))


def currency_sign(currency: str, locale: str) -> str:
    """The sign of a currency: R$ in every language, $ for the dollar of one's own."""
    return "R$" if currency == "BRL" else get_currency_symbol(currency, locale)


def _short(size: float, locale: str, digits: int) -> str:
    gap = "" if locale == "en" else NBSP
    for power, word, places in ((1e9, 2, digits), (1e6, 1, digits), (1e3, 0, 1)):
        if size >= power * 0.9995 if power > 1e3 else size >= power:
            scaled = size / power
            places = 0 if scaled >= 99.95 and word == 0 else 1 if scaled >= 99.995 else places
            return decimal(scaled, places, locale, keep=word > 0 and places == 2) + gap + _THOUSANDS[locale][word]
    return decimal(size, 0 if size >= 100 else 2, locale, keep=0 < size < 100 and size != int(size))


def _money_text(shown: str, amount: float, locale: str, currency: str) -> str:
    sign = currency_sign(currency, locale)
    minus = MINUS if amount < 0 and any(c in "123456789" for c in shown) else ""
    if locale == "es" and currency == "EUR":
        return f"{minus}{shown}{NBSP}{sign}"
    gap = "" if locale == "en" and len(sign) == 1 else NBSP
    return f"{minus}{sign}{gap}{shown}"


def _counted(number: float, forms: tuple[str, str], locale: str) -> str:
    shown = decimal(number, 0 if abs(number) >= 20 else 1, locale)
    return f"{shown}{NBSP}{forms[0] if shown == '1' else forms[1]}"


def _sentence(shown: Any) -> str:
    shown = str(shown)
    return shown[0].upper() + shown[1:]


def _known(number: Any) -> bool:
    try:
        return number is not None and isfinite(float(number))
    except (TypeError, ValueError):
        return False
