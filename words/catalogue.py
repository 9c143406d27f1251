"""The catalogue: a sentence id and its parameters → a sentence in a language.

Ids are `area.key`; the words live in `words/<locale>/<area>.json`. An entry is a string with named
parameters in braces, or, where a count decides the form, an object with the plural categories of
the language ("one", "other", …) chosen by the parameter `n`; "zero", where there is one, says none. Numbers
among the parameters are written the way the language writes them; texts go in as they are (screens escape them).
KPI names and explanations come from `words/kpis.csv`; those of a company's own KPIs are in force where
`call_own` has been called, in that thread.
"""

import csv
import json
import os
import string
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from babel import Locale
from babel.numbers import format_decimal

Own = Mapping[str, tuple[str, str]]  # key → name and explanation, as plain words

LANGUAGES = {"en": "English", "pt_BR": "Português (Brasil)", "es": "Español"}
DEFAULT = "en"
_HOME = Path(__file__).parent
_OWN: ContextVar[Own] = ContextVar("own", default=MappingProxyType({}))


class UnknownWords(KeyError):
    """An id that no catalogue holds: a mistake in the program, said loudly."""


def text(id: str, locale: str = DEFAULT, /, **params: Any) -> str:
    """The sentence `id` in `locale`; raises `UnknownWords` for an id that does not exist."""
    try:
        entry = catalogue(locale)[id]
    except KeyError as error:
        raise UnknownWords(f"No words for {id!r} in {locale!r}.") from error
    if isinstance(entry, dict):
        n = params.get("n", 0)
        form = "zero" if n == 0 and "zero" in entry else _plural(locale, n)
        entry = entry.get(form, entry["other"])
    return entry.format(**{k: _written(v, locale) for k, v in params.items()}) if params else entry.format()


def has(id: str, locale: str = DEFAULT) -> bool:
    """Whether the catalogue of `locale` knows `id`."""
    return id in catalogue(locale)


def call_own(names: Own) -> None:
    """From now on in this thread, what a company has named itself goes by these names, in every language."""
    _OWN.set(names)


def own_name(key: str) -> str:
    """What the company calls a KPI or a metric of its own; empty for all others."""
    return _OWN.get().get(key, ("", ""))[0]


def name(key: str, locale: str = DEFAULT) -> str:
    """The name of a KPI; its key with spaces where nothing knows it."""
    return own_name(key) or _kpis().get(key, {}).get(locale) or key.replace("_", " ")


def short(key: str, locale: str = DEFAULT) -> str:
    """The name of a KPI without what stands in brackets; what a company has named itself stays whole."""
    return own_name(key) or name(key, locale).partition(" (")[0]


def explain(key: str, locale: str = DEFAULT) -> str:
    """One line that says what a KPI is; empty where nobody has said."""
    return _OWN.get().get(key, ("", ""))[1] or _kpis().get(key, {}).get(f"explain_{locale}", "")


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
