"""The catalogue: a sentence id and its parameters → a sentence in a language.

Ids are `area.key`; the words live in `words/<locale>/<area>.json`. An entry is a string with named
parameters in braces, or, where a count decides the form, an object with the plural categories of
the language ("one", "other", …) chosen by the parameter `n`. Numbers among the parameters are
written the way the language writes them; texts go in as they are (screens escape them).
KPI names and explanations come from `words/kpis.csv`.
"""

import csv
import json
import os
import string
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.numbers import format_decimal

LANGUAGES = {"en": "English", "pt_BR": "Português (Brasil)", "es": "Español"}
DEFAULT = "en"
_HOME = Path(__file__).parent


class UnknownWords(KeyError):
    """An id that no catalogue holds: a mistake in the program, said loudly."""


def text(id: str, locale: str = DEFAULT, /, **params: Any) -> str:
    """The sentence `id` in `locale`; raises `UnknownWords` for an id that does not exist."""
    try:
        entry = catalogue(locale)[id]
    except KeyError as error:
        raise UnknownWords(f"No words for {id!r} in {locale!r}.") from error
    if isinstance(entry, dict):
        entry = entry.get(_plural(locale, params.get("n", 0)), entry["other"])
    return entry.format(**{k: _written(v, locale) for k, v in params.items()}) if params else entry.format()


def has(id: str, locale: str = DEFAULT) -> bool:
    """Whether the catalogue of `locale` knows `id`."""
    return id in catalogue(locale)


def name(key: str, locale: str = DEFAULT) -> str:
    """The name of a KPI; its key with spaces where the table does not know it (a KPI of the company's own)."""
    return _kpis().get(key, {}).get(locale) or key.replace("_", " ")


def explain(key: str, locale: str = DEFAULT) -> str:
    """One line that says what a KPI is; empty where the table does not know it."""
    return _kpis().get(key, {}).get(f"explain_{locale}", "")


@cache
def catalogue(locale: str) -> dict[str, Any]:
    """All entries of one language by `area.key`."""
    files = sorted((_HOME / locale).glob("*.json"))
    return {f"{f.stem}.{k}": v for f in files for k, v in json.loads(f.read_text(encoding="utf-8")).items()}


def parameters(entry: Any) -> set[str]:
    """Names of the parameters an entry takes, in any of its plural forms."""
    forms = entry.values() if isinstance(entry, dict) else [entry]
    return {field for form in forms for _, field, _, _ in string.Formatter().parse(form) if field}


def _plural(locale: str, n: Any) -> str:
    return Locale.parse(locale).plural_form(abs(n)) if isinstance(n, int | float) else "other"


def _written(value: Any, locale: str) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return format_decimal(value, locale=locale).replace("-", "−")
    return value


@cache
def _kpis() -> dict[str, dict[str, str]]:
    with (_HOME / "kpis.csv").open(encoding="utf-8", newline="") as lines:
        return {row["key"]: row for row in csv.DictReader(lines)}


def terminal_locale() -> str:
    """The language of the terminal, from its locale settings, else English."""
    for setting in ("FAROL_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        asked = os.environ.get(setting, "")
        for locale in LANGUAGES:
            if asked[:2].lower() == locale[:2]:
                return locale
    return DEFAULT
