"""Problems of an import in words: refusals, findings of the checks, tables and columns. Markdown-safe where said."""

from collections.abc import Iterable, Mapping
from typing import Any

from data.problems import DataProblem, Problem
from ui.importing.matching import ColumnRow
from ui.telling import Teller
from ui.text import escaped
from words import catalogue

LINES = 5
SHORT = 24
SCORES = ("nps", "csat", "ces")


def refusal(problem: DataProblem, tell: Teller) -> str:
    """A refusal as a Markdown-safe sentence, in English where the catalogue does not know it."""
    id = f"problems.{problem.id}"
    if not told(id, problem.params, tell):
        return escaped(problem)
    numbers = (int, float)
    params = {k: v if isinstance(v, numbers) else escaped(v) for k, v in problem.params.items()}
    return tell.t(id, **params)


def table(name: str, tell: Teller) -> str:
    """A canonical table in words (plain text), with its label where one file feeds it several times."""
    plain, _, label = name.partition(":")
    id = f"measures.table_{plain}"
    said = tell.t(id) if catalogue.has(id, tell.locale) else plain
    shown = label.upper() if label in SCORES else label.replace("_", " ")
    return tell.t("import.table_labelled", table=said, label=shown) if label else said


def column(name: str, tell: Teller) -> str:
    """A canonical column in words (plain text); its id where there are none."""
    id = f"import.c_{name}"
    return tell.t(id) if catalogue.has(id, tell.locale) else name


def target(target: str, tell: Teller, *, with_table: bool) -> str:
    """A "table.column" in words (plain text), with its table where there are several."""
    name, _, of = target.partition(".")
    return f"{column(of, tell)} · {table(name, tell)}" if with_table else column(of, tell)


def listed(names: Iterable[str], tell: Teller) -> str:
    """Several tables in words."""
    return ", ".join(table(name, tell) for name in names)


def capital(text: str) -> str:
    """The same with a capital at its start."""
    return text[:1].upper() + text[1:]


def finding(problem: Problem, tell: Teller) -> str:
    """What a check found (plain text)."""
    id = f"import.p_{problem.problem}"
    return tell.t(id) if catalogue.has(id, tell.locale) else problem.problem.replace("_", " ").capitalize()


def expected(problem: Problem, tell: Teller) -> str:
    """What was expected instead (plain text): the check's own words in English, else the catalogue's."""
    id = f"import.e_{problem.problem}"
    return tell.t(id, **problem.params) if told(id, problem.params, tell) else problem.expected


def told(id: str, params: Mapping[str, Any], tell: Teller) -> bool:
    """Whether there are words for it that need nothing that is not known."""
    known = catalogue.catalogue(tell.locale)
    return id in known and catalogue.parameters(known[id]) <= {*params}


def lines(problem: Problem) -> str:
    """The first line numbers; the dots say that there are more."""
    shown = [str(example["row"]) for example in problem.examples[:LINES]]
    return ", ".join(shown) + (" …" if problem.count > len(shown) and shown else "")


def found(problem: Problem) -> str:
    """The first different values met (plain text)."""
    values = dict.fromkeys(_short(str(example["value"])) for example in problem.examples if example.get("value"))
    return ", ".join(list(values)[:3])


def _short(value: str) -> str:
    """A value short enough to leave room for what was expected instead."""
    return value if len(value) <= SHORT else value[: SHORT - 1] + "…"


def how(row: ColumnRow, tell: Teller, extras: bool) -> str:
    """How we know what a column is (plain text)."""
    id = "import.how_kept" if row.how == "unused" and extras else f"import.how_{row.how}"
    said = tell.t(id) if catalogue.has(id, tell.locale) else row.how
    others = ", ".join(target(one, tell, with_table=True) for one in row.others)
    return said + (" · " + tell.t("import.also_feeds", what=others) if row.others else "")
