"""What the evidence engine does where the truth is known: tables for docs/evidence.md and for the slow tests.

`python -m bench.evidence_tables` runs every simulation and writes the tables into the page; the same
functions are asserted by tests/kpis/evidence/test_evidence_simulated.py. Seeds are fixed.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np

from bench.evidence_accounts import NOTHING, company
from bench.evidence_series import (
    UNRELATED,
    World,
    coincident,
    leading,
    reverse,
    shared_outlier,
    transfer_function,
)
from kpis.evidence.accounts import account_evidence
from kpis.evidence.grades import grade
from kpis.evidence.preparing import Series
from kpis.evidence.result import Evidence
from kpis.evidence.series import series_evidence

PAGE = Path(__file__).parent.parent / "docs" / "evidence.md"
DRAWS = 999  # permutations in simulations; the product uses 9,999


@dataclass(frozen=True)
class Row:
    """One figure: what it is, what came out of how many runs, and what was promised."""

    name: str
    value: float
    runs: int
    rule: str = ""  # "at most", "at least", "between" or nothing
    limit: float = float("nan")
    upper: float = float("nan")

    @property
    def met(self) -> bool:
        """Whether the figure keeps what was promised."""
        return {
            "": True,
            "at most": self.value <= self.limit,
            "at least": self.value >= self.limit,
            "between": self.limit <= self.value <= self.upper,
        }[self.rule]

    @property
    def error(self) -> float:
        """Monte-Carlo standard error of a share."""
        return sqrt(max(self.value * (1 - self.value), 0.0) / self.runs)

    def line(self) -> str:
        """The row as a line of a Markdown table."""
        promised = {"": "–", "between": f"{self.limit:g}–{self.upper:g}"}.get(self.rule, f"{self.rule} {self.limit:g}")
        return f"| {self.name} | {self.value:.3f} | ± {self.error:.3f} | {self.runs:,} | {promised} |"


def share(found: list[Evidence], test: Callable[[Evidence], bool]) -> float:
    """Share of results that pass a test; 0 when there are none."""
    return float(np.mean([test(one) for one in found])) if found else 0.0


def significant(one: Evidence) -> bool:
    return one.p <= 0.05


def pairs(world: World, months: int, count: int, seed: int) -> list[Evidence]:
    """Independent pairs of one world, tested."""
    random = np.random.default_rng([seed, months])
    series: dict[str, Series] = {}
    for number in range(count):
        x, y = world(random, months)
        series |= {f"x{number}": Series(f"x{number}", x), f"y{number}": Series(f"y{number}", y)}
    names = [(f"x{number}", f"y{number}") for number in range(count)]
    found = series_evidence(names, series, first_month=3, draws=DRAWS)
    return [found[one] for one in names if found[one].refusal is None]


def series_size(count: int = 600) -> list[Row]:
    """Unrelated series called a link: every world and length, and the mean over worlds."""
    rows = []
    for months in (24, 36, 60):
        values = []
        for number, (name, world) in enumerate(UNRELATED.items()):
            found = pairs(world, months, count, number)
            values.append(share(found, significant))
            rows.append(Row(f"{name}, {months} months", values[-1], len(found), "at most", 0.10))
        rows.append(Row(f"mean, {months} months", float(np.mean(values)), count * len(values), "at most", 0.075))
    return rows


def series_direction(count: int = 400) -> list[Row]:
    """Mirrors, reversed pairs and a shared freak month, called "leads"."""
    rows = []
    for name, world in (("same month", coincident), ("reversed", reverse)):
        for months in (24, 36, 60):
            found = pairs(world, months, count, 71)
            leads = share(found, lambda one: one.tag == "leads")
            rows.append(Row(f"{name}, {months} months", leads, len(found), "at most", 0.05))
    for months in (36, 60):
        found = pairs(shared_outlier, months, count, 72)
        rows.append(Row(f"shared freak month, {months} months", share(found, significant), len(found), "at most", 0.20))
    return rows


def series_power(count: int = 300) -> list[Row]:
    """True leads found, and with which lag."""
    rows = []
    for months, beta, lag in ((36, 0.8, 2), (60, 0.6, 2), (60, 0.6, 4)):
        found = pairs(lambda random, n, b=beta, k=lag: leading(random, n, b, k), months, count, 73)  # type: ignore[misc]
        name = f"{months} months, β = {beta}, lead {lag}"
        called = [one for one in found if significant(one) and one.tag == "leads"]
        rows.append(Row(f"found: {name}", len(called) / len(found), len(found), "at least", 0.85))
        exact = share(called, lambda one, k=lag: one.lead_months == k)  # type: ignore[misc]
        rows.append(Row(f"right lag: {name}", exact, len(called), "at least", 0.93))
    found = pairs(transfer_function, 150, 50, 74)
    exact = share(found, lambda one: one.tag == "leads" and one.lead_months == 3)
    rows.append(Row("Box–Jenkins structure, 150 months, lead 3", exact, len(found), "at least", 0.95))
    return rows


def whole_company(companies: int = 40) -> list[Row]:
    """Fifteen indicators × ten outcomes, four true pairs: the false share among those graded likely or strong."""
    false_share, power = [], []
    true = {(f"x{number}", f"y{number}") for number in range(4)}
    for seed in range(companies):
        random = np.random.default_rng([75, seed])
        series = {f"x{number}": Series(f"x{number}", random.standard_normal(60).cumsum()) for number in range(15)}
        series |= {f"y{number}": Series(f"y{number}", random.standard_normal(60).cumsum()) for number in range(10)}
        for number in range(4):
            x, y = leading(random, 60, 0.8, 2)
            series |= {f"x{number}": Series(f"x{number}", x), f"y{number}": Series(f"y{number}", y)}
        names = [(f"x{one}", f"y{other}") for one in range(15) for other in range(10)]
        found = series_evidence(names, series, first_month=3, draws=9_999)
        graded = grade(found.values(), dict.fromkeys(names, 0))
        called = {(one.leading, one.lagging) for one in graded if one.grade in ("likely", "strong")}
        false_share.append(len(called - true) / max(len(called), 1))
        power.append(len(called & true) / 4)
    return [
        Row("false share among pairs graded likely or strong", float(np.mean(false_share)), companies, "at most", 0.10),
        Row("true pairs found", float(np.mean(power)), companies * 4),
    ]


def companies(world: str, accounts: int, count: int, indicators: int = 1, **given: float) -> list[list[Evidence]]:
    """Simulated companies, each with the results of its indicators."""
    answers = []
    for seed in range(count):
        one = company(world, accounts, seed, indicators, **given)  # type: ignore[arg-type]
        answers.append(list(account_evidence(one.history, one.outcome, one.indicators).values()))
    return answers


def account_size(count: int = 50) -> list[Row]:
    """Indicators that say nothing, in companies where something else moves both: called a link."""
    rows = []
    for world in NOTHING:
        for accounts in (200, 500):
            found = [one for answer in companies(world, accounts, count, 5) for one in answer if one.refusal is None]
            rows.append(Row(f"{world}, {accounts} accounts", share(found, significant), len(found), "at most", 0.10))
    for world, hazard in (("null", 0.01), ("segment, mostly zero", 0.01), ("recurrent, loyal buyers", 0.006)):
        few = companies(world, 90, 2 * count, 5, hazard=hazard, months=30)
        found = [one for answer in few for one in answer if one.refusal is None]
        events = np.mean([one.n for one in found])
        name = f"{world}, 90 accounts, {events:.0f} events (permuted)"
        rows.append(Row(name, share(found, significant), len(found), "at most", 0.10))
    return rows


def account_power(count: int = 150) -> list[Row]:
    """Warnings found with the right lead; traits told from warnings."""
    warned = [one for answer in companies("warned", 200, count, beta=0.7, hazard=0.012) for one in answer]
    found = [one for one in warned if significant(one)]
    traits = [one for answer in companies("static", 200, count, beta=0.8) for one in answer]
    return [
        Row("warning, β = 0.7, 200 accounts: found", len(found) / len(warned), len(warned), "at least", 0.80),
        Row("right lead", share(found, lambda one: one.lead_months == 3), len(found), "at least", 0.85),
        Row("trait: level stands out", share(traits, significant), len(traits), "at least", 0.90),
        Row("trait: change stands out", share(traits, lambda one: one.change_p <= 0.05), len(traits), "at most", 0.10),
    ]


def account_leaks(count: int = 60) -> list[Row]:
    """Indicators that fall once the account is leaving, and honest ones, flagged."""

    def flagged(one: Evidence) -> bool:
        return one.tag == "already_leaving"

    rows = []
    for lead in (1, 2, 3):
        found = [one for answer in companies("leak", 200, count, lead=lead) for one in answer]
        name = f"falls in the last {lead} month{'s' * (lead > 1)}: flagged"
        rows.append(Row(name, share(found, flagged), len(found), "at least", 0.95))
    honest = [one for answer in companies("warned", 200, 2 * count, beta=0.7, hazard=0.012) for one in answer]
    nothing = [one for answer in companies("null", 200, count // 2, 5) for one in answer]
    rows.append(Row("honest warning: flagged", share(honest, flagged), len(honest), "at most", 0.03))
    rows.append(Row("nothing there: flagged", share(nothing, flagged), len(nothing), "at most", 0.03))
    return rows


def account_coverage(count: int = 150) -> list[Row]:
    """95 % intervals of the AUC that hold the true one, from 100 events on; the truth from 40,000 accounts."""
    rows = []
    for world, beta, accounts in (("warned", 0.7, 400), ("static", 0.8, 400), ("segment, mostly zero", 0.0, 400)):
        large = [one for seed in (1, 2) for one in _large(world, beta, seed)]
        truth = np.mean([[lead.estimate for lead in one.by_lead] for one in large], axis=0)
        held = []
        for (one,) in companies(world, accounts, count, beta=beta):
            held += [lead.low <= truth[place] <= lead.high for place, lead in enumerate(one.by_lead) if lead.n >= 100]
        rows.append(
            Row(f"{world}: intervals that hold the truth", float(np.mean(held)), len(held), "between", 0.90, 0.98)
        )
    return rows


def _large(world: str, beta: float, seed: int) -> list[Evidence]:
    one = company(world, 20_000, seed + 900, 1, beta=beta)
    return list(account_evidence(one.history, one.outcome, one.indicators).values())


TABLES: dict[str, tuple[str, Callable[[], list[Row]]]] = {
    "series-size": ("Unrelated company series that come out as linked (p ≤ .05)", series_size),
    "series-direction": ("Mirrors, reversed pairs and freak months", series_direction),
    "series-power": ("True leads of company series", series_power),
    "whole-company": ("A whole company: 150 pairs, 4 of them true", whole_company),
    "account-size": ("Account indicators that say nothing, found (p ≤ .05)", account_size),
    "account-power": ("True account warnings, and traits", account_power),
    "account-leaks": ("Leaks", account_leaks),
    "account-coverage": ("Coverage of the 95 % interval", account_coverage),
}


def table(name: str) -> str:
    """One table in Markdown."""
    title, rows = TABLES[name]
    lines = [row.line() for row in rows()]
    return "\n".join([f"**{title}**", "", "| | came out | error | runs | promised |", "|---|---|---|---|---|", *lines])


def main() -> None:
    """Run the tables asked for; write them into the page unless told to print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(TABLES)}; none: all")
    parser.add_argument("--print", action="store_true", help="print instead of writing the page")
    given = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    for name in given.names or TABLES:
        start = time.perf_counter()
        text = table(name)
        print(f"{text}\n\n{name}: {time.perf_counter() - start:.0f} s\n", flush=True)
        opening, closing = f"<!-- table {name} -->", f"<!-- end {name} -->"
        if opening in page:
            head, rest = page.split(opening, 1)
            page = f"{head}{opening}\n{text}\n{closing}{rest.split(closing, 1)[1]}"
    if not given.print:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
