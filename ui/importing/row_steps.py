"""What a mapping does to the rows of a file before its columns are read, and what a known export is, in words."""

from collections.abc import Iterable

from data.mapping.exports import exports
from data.mapping.mapping import Mapping, table_of
from data.mapping.steps import LatestBy, Only, Split, Step, SumBy, Unpivot
from ui.importing import wording
from ui.telling import Teller
from ui.text import escaped

SHOWN = 5


def recognised(mapping: Mapping, tell: Teller) -> tuple[str, str]:
    """The name of the export recognised as a whole and what to know about it; both empty where there is none."""
    export = exports().get(mapping.known)
    return ("", "") if export is None else (export.name, export.notes.get(tell.locale) or export.notes.get("en", ""))


def sentences(mapping: Mapping, tell: Teller) -> list[str]:
    """One Markdown-safe sentence for each step, with its table where there are several; none twice."""
    several = len({table_of(name) for name in mapping.tables}) > 1
    found: dict[str, list[str]] = {}
    for name, body in mapping.tables.items():
        for step in body.rows:
            found.setdefault(sentence(step, tell), []).append(name)
    everywhere = len(mapping.tables)
    return [
        said if not several or len(names) == everywhere else f"{escaped(wording.listed(names, tell))}: {said}"
        for said, names in found.items()
    ]


def sentence(step: Step, tell: Teller) -> str:
    """What one step does."""
    if isinstance(step, Only):
        id = "import.step_without" if step.inverted else "import.step_only"
        parts = [
            tell.t(f"{id}_part", header=_bold([header]), values=_values(values, tell)) for header, values in step.values
        ]
        return tell.t(id, what="; ".join(parts))
    if isinstance(step, SumBy):
        return tell.t("import.step_sum_by", keys=_bold(step.keys), sums=_bold(step.sums))
    if isinstance(step, LatestBy):
        return tell.t("import.step_latest_by", keys=_bold(step.keys), order=_bold([step.order]))
    if isinstance(step, Unpivot):
        first, last = _bold(step.columns[:1]), _bold(step.columns[-1:])
        return tell.t("import.step_unpivot", n=len(step.columns), first=first, last=last)
    if isinstance(step, Split):
        return tell.t("import.step_split", header=_bold([step.header]), sign=escaped(step.by))
    raise TypeError(f"no words for {step!r}")


def _bold(headers: Iterable[str]) -> str:
    return ", ".join(f"**{escaped(header)}**" for header in headers)


def _values(values: tuple[str, ...], tell: Teller) -> str:
    said = [escaped(value) or tell.t("import.blank") for value in values[:SHOWN]]
    return ", ".join(said) + (" …" if len(values) > SHOWN else "")
