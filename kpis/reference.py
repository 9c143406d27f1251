"""The generated KPI reference: `make docs` writes it to docs/kpis.md."""

import sys

from kpis.catalogue import BUILT_IN, KPIS
from kpis.explain import formula_text
from kpis.health import BANDS, presets
from kpis.kpi import OBJECTIVES, Kpi
from kpis.over_accounts import never
from kpis.reasons import REASONS

_UNITS = {
    "ratio": "a fraction",
    "points": "points",
    "money": "the reporting currency",
    "seconds": "seconds",
    "months": "months",
    "count": "a count",
    "times": "times",
    "days": "days",
}
_DIRECTIONS = {"up": "up is good", "down": "down is good", "neither": "neither way is good by itself"}
_INTERVALS = {
    "wilson": "95 % Wilson interval",
    "nps": "95 % interval with the NPS's own variance",
    "given": "95 % interval of the survival curve",
}

_INTRODUCTION = """# KPIs: what every number means

Generated from the formulas in `kpis/` by `make docs`; edit those, not this page. Edges that one line cannot settle are
in [readings.md](readings.md).

## How to read a number
- **A KPI is a formula over summed measures.** Both sides of a ratio are summed over the accounts chosen before they are
  divided; it is never a mean of ratios.
- **A period's closing state is the state on its last day**; its opening is the closing of the period before. A
  customer is *active* on a day when its MRR on that day is above 0. A period not yet over closes on the last day with
  data and is shown as incomplete.
- **No denominator, no number**: where a value cannot be had, a reason stands in its place, never 0.
- **Every number says how sure it is**: proportions of counts carry Wilson's interval, NPS one of its own, and ratios
  of amounts and means one over accounts, in which each account is one case: Wilson's with as many equal accounts as
  the sizes are worth for losses (GRR, revenue churn), the studentised bootstrap for means, both together for NRR. Fewer
  than 30 cases are flagged; under 10 accounts there is none. A total is counted, not estimated, and has none.
- **A change counts** when the interval of the difference leaves out 0 (for what is made of accounts: the same accounts
  in both periods, and more than what is usual from one period to the next). **A target inside the interval** is too
  close to call, not missed.
- **A forecast** goes up to six months and a quarter of the whole months there are, from twelve on: MRR, ARR, ARPA and
  contract value drift on, everything else stays at the mean of a year or a smoothed level, unless a challenger was 5 %
  closer. The band is made of the errors at every earlier month, and the chart says how often it held.
- **Leading or lagging is a label per objective.** The label below is the one at home; a workspace can change it, and
  the same KPI may lead elsewhere.
"""


def render() -> str:
    """The reference as Markdown."""
    sections = [_INTRODUCTION]
    for objective in OBJECTIVES:
        own = [kpi for kpi in KPIS if kpi.objective == objective]
        sections += [f"## {objective.capitalize()}\n", _page_note(objective, own), *(_entry(kpi) for kpi in own)]
    sections += [_health(), _reasons()]
    return "\n".join(sections)


def _page_note(objective: str, own: list[Kpi]) -> str:
    foreign = [kpi.key for place in OBJECTIVES if place == objective for kpi in BUILT_IN.page(place) if kpi not in own]
    shown = ", ".join(f"`{key}`" for key in foreign)
    return f"Leading here from other objectives: {shown}.\n" if foreign else "No KPI of another objective leads here.\n"


def _entry(kpi: Kpi) -> str:
    facts = [kpi.role if kpi.role != "neither" else "neither leading nor lagging", _UNITS[kpi.unit]]
    interval = _INTERVALS[kpi.interval] if kpi.interval else "" if never(kpi) else "95 % interval over accounts"
    facts += [_DIRECTIONS[kpi.direction], *([interval] if interval else [])]
    lines = [
        f"### `{kpi.key}`",
        kpi.says,
        "",
        f"- Formula: `{formula_text(kpi)}`",
        f"- {', '.join(facts)[0].upper()}{', '.join(facts)[1:]}",
        f"- Undefined when: {kpi.undefined}",
        f"- Source: {kpi.source}",
    ]
    return "\n".join([*lines, ""])


def _health() -> str:
    lines = [
        "## Health presets",
        "",
        "Points between breakpoints lie on straight lines and are flat outside; breakpoints of ratios are in percent.",
        "The score is Σ weight × points ÷ Σ weight over the inputs an account has.",
        f"Bands: below {BANDS[0]}, {BANDS[0]} to {BANDS[1] - 1}, {BANDS[1]} and above.",
        "",
        "| preset | input | value | value:points | weight | when missing |",
        "|---|---|---|---|---|---|",
    ]
    for name, inputs in presets().items():
        for one in inputs:
            points = " ".join(f"{value:g}:{score:g}" for value, score in one.breakpoints)
            cells = (name, f"`{one.key}`", one.measure, points, f"{one.weight:g}", one.missing_rule)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _reasons() -> str:
    lines = ["## Why there is no value", "", "| reason | meaning |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{key}` | {meaning} |" for key, meaning in REASONS.items()), ""])


if __name__ == "__main__":
    sys.stdout.write(render())
