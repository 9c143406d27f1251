"""Where a KPI's numbers come from and what a policy says, in words."""

from math import isfinite
from typing import Any

from data.measures import all_measures
from data.measures.observed import PREFIX
from data.policies import CHOICES
from kpis.explain import explain
from kpis.kpi import Kpi
from ui import loading
from ui.loading import Loaded
from ui.telling import Teller
from ui.text import escaped
from words import catalogue, formats
from workspace.policy_reach import touching


def of(one: Kpi, tell: Teller) -> str:
    """The tables and columns a KPI is computed from."""
    declared = all_measures()
    needs = [need for name in one.measures if name in declared for need in declared[name].needs]
    needs += ["observations"] if any(name.startswith(PREFIX) for name in one.measures) else []
    if not needs:
        return tell.t("definitions.inputs_rows")
    return "; ".join(place(need, tell) for need in dict.fromkeys(needs))


def needed(needs: tuple[str, ...], tell: Teller) -> str:
    """What a KPI waits for."""
    if not needs:
        return tell.t("objective.dark_no_values")
    return tell.t("objective.dark_needs", what="; ".join(place(need, tell) for need in needs))


def place(need: str, tell: Teller) -> str:
    """A table, a column, or either of several, in words."""
    ways = [_way(way, tell) for way in need.split("|")]
    return tell.t("objective.list_or", first=", ".join(ways[:-1]), last=ways[-1]) if len(ways) > 1 else ways[0]


def _way(need: str, tell: Teller) -> str:
    table, _, column = need.partition(".")
    id = f"measures.table_{table}"
    shown = tell.t(id) if catalogue.has(id, tell.locale) else escaped(table)
    if not column:
        return shown
    word = f"import.c_{column}"
    named = tell.t(word) if catalogue.has(word, tell.locale) else column
    return tell.t("objective.column_of", column=named, table=shown)


def today(
    one: Kpi, tell: Teller, period: str, value: tuple[float, float] | None, measures: dict[str, float]
) -> list[str]:
    """The formula with the numbers of the last whole month in it; nothing where there is no value."""
    if value is None or not isfinite(value[0]):
        return []
    known = {name: measures.get(name, float("nan")) for name in one.measures}
    if len(known) == 1 and not isfinite(known[one.measures[0]]):
        known[one.measures[0]] = value[1]
    text = ""
    for part in explain(one, known).parts:
        if part.measure == "gross_margin" and not isfinite(part.value):
            continue
        unit = loading.unit_of(part.measure, one) if part.measure and part.measure != "gross_margin" else "count"
        number = tell.full(part.value, unit) if part.measure else formats.decimal(part.value, 6, tell.locale)
        shown = f"{part.opening}{number}{part.closing}"
        text += f" {part.operator} {shown}" if text else shown
    result = tell.value(value[0], one.unit)
    return [f"**{formats.period(period, tell.locale)}** {escaped(text)} = **{escaped(result)}**"]


def policies_said(one: Kpi, loaded: Loaded, tell: Teller) -> str:
    """The policies behind a KPI's number with their values, as Markdown-safe words; empty when none touches it."""
    chosen = loaded.space.policies
    said = [
        f"{tell.t(f'settings.policy_{name}')}: {escaped(policy_value(name, getattr(chosen, name), tell))}"
        for name in touching(one)
    ]
    return " · ".join(said)


def policy_value(name: str, value: Any, tell: Teller) -> str:
    """The value of a policy in words (plain text)."""
    if name in CHOICES:
        return tell.t(f"settings.choice_{name}_{value}")
    if value is None:
        return tell.t("settings.not_set")
    if name == "gross_margin":
        return formats.percent(float(value), tell.locale)
    if name == "rates":
        return ", ".join(f"{currency} = {rate:g}" for currency, rate in value) or tell.t("settings.not_set")
    return formats.decimal(float(value), 0, tell.locale)
