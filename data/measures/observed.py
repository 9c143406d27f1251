# ruff: noqa: S608 (only constants of this module go into the question)
"""Metrics of the company's own: what the rows of `observations` add up to, metric by metric.

Each metric has six measures per account and period: the sum of its values; for ratios the sums of the upper and of
the lower parts of the rows that have both; how many rows it has; its latest value; 1 for an account that has any.
An account without a row in a period has no value: missing is never 0. Values are read to six decimals. The measures
are built for the metrics that are asked for.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from data.facts import AnyFacts, has_values
from data.measures.elements import total
from data.measures.lines import SCALED, Lines, exact, owner
from data.measures.measure import MILLION, Context, Family, Measure, events, table

NAME = "observed"
PREFIX = "observed_"
MOST = 50  # metrics that are read; where there are more, those with fewest rows are not
LARGEST = 1e12  # values beyond it are no numbers of a business: left out, and counted where metrics are listed
_PLAIN = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TAKEN = re.compile(r".*_(upper|of|rows|last|accounts|[0-9a-f]{6})")


@dataclass(frozen=True)
class Metric:
    """A metric that the data hold.

    Attributes:
        name: as the data spell it.
        rows: how many rows it has.
        lower: how many of them have a lower part.
        owned: how many of them name an account.
        too_large: how many are beyond `LARGEST` and are not read.
        first: the first day.
        last: the last day.
    """

    name: str
    rows: int
    lower: int
    owned: int
    too_large: int
    first: date
    last: date

    @property
    def measure(self) -> str:
        """The measure of its summed values."""
        return measure_of(self.name)


def measure_of(metric: str) -> str:
    """The measure of a metric's summed values: the same for the same name whatever else there is.

    Names that are not plain lower-case letters, or that could be taken for another measure, carry a mark of their own.
    """
    if _PLAIN.fullmatch(metric) and not _TAKEN.fullmatch(metric):
        return PREFIX + metric
    letters = unicodedata.normalize("NFKD", metric).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", letters).strip("_")[:32].strip("_") or "metric"
    return f"{PREFIX}{slug}_{hashlib.sha256(metric.encode()).hexdigest()[:6]}"


def metrics(facts: AnyFacts) -> tuple[Metric, ...]:
    """The metrics of some facts, those with most rows first; at most one more than `MOST`."""
    if not has_values(facts, "observations"):
        return ()
    beyond = f"abs(numerator) > {LARGEST:.0f} OR abs(coalesce(denominator, 0)) > {LARGEST:.0f}"
    huge = f"sum(CASE WHEN {beyond} THEN 1 ELSE 0 END)"
    question = (
        "SELECT metric, count(*) AS held, count(denominator) AS lower_parts, count(account_id) AS owned, "
        f"{huge} AS huge, min(observed_on) AS first_on, max(observed_on) AS last_on FROM observations "
        f"WHERE metric IS NOT NULL GROUP BY metric ORDER BY count(*) DESC, metric LIMIT {MOST + 1}"
    )
    (rows,) = facts.answers([question])
    return tuple(
        Metric(str(name), int(n), int(lower), int(own), int(big), *days) for name, n, lower, own, big, *days in rows
    )


def family(names: Iterable[str]) -> Family:
    """The measures of some metrics, by their names in the data."""
    wanted = tuple(dict.fromkeys(names))
    measures = tuple(measure for name in wanted for measure in _measures(name))
    return Family(NAME, measures, lambda context: _summed(context, wanted), absent_is_zero=False)


def _measures(metric: str) -> tuple[Measure, ...]:
    name, needs = measure_of(metric), ("observations",)

    def one(suffix: str, meaning: str, kind: str, unit: str) -> Measure:
        return Measure(name + suffix, f"{metric}: {meaning}", kind, unit, needs, company_row=True)

    return (
        one("", "values added up", "event", "points"),
        one("_upper", "values with a lower part, added up", "event", "points"),
        one("_of", "lower parts added up", "event", "points"),
        one("_rows", "rows", "event", "count"),
        one("_last", "latest value of each account", "stock", "points"),
        one("_accounts", "accounts with a value", "distinct", "count"),
    )


def _rows(context: Context, names: Sequence[str]) -> sa.Subquery:
    """The rows of some metrics with their period; values in millionths; `place` is 1 for an account's latest row."""
    o = table("observations").c
    sound = sa.and_(sa.func.abs(o.numerator) <= LARGEST, sa.func.abs(sa.func.coalesce(o.denominator, 0.0)) <= LARGEST)
    columns = [
        sa.cast(o.row_id, sa.String).label("id"),
        o.row_id.label("row_id"),
        owner(o.account_id),
        *(o.metric, o.numerator, o.denominator),
    ]
    wanted = o.metric.in_([sa.literal(name, sa.String) for name in names])
    rows = events(context, o.observed_on, *columns, where=sa.and_(wanted, sound))
    latest_first = sa.func.row_number().over(
        partition_by=[rows.c.account_id, rows.c.no, rows.c.metric],
        order_by=[rows.c.event_day.desc(), rows.c.row_id.desc()],
    )
    return sa.select(*rows.c, latest_first.label("place")).subquery()


def _adds(rows: sa.Subquery, metric: str) -> dict[str, Any]:
    """What a row adds to each measure of a metric: missing where it adds nothing."""
    name, same = measure_of(metric), rows.c.metric == metric
    one = sa.literal_column("1", sa.Integer)
    latest = sa.and_(same, rows.c.place == 1)
    return {
        name: sa.case((same, exact(rows.c.numerator))),
        f"{name}_upper": sa.case((sa.and_(same, rows.c.denominator.is_not(None)), exact(rows.c.numerator))),
        f"{name}_of": sa.case((same, exact(rows.c.denominator))),
        f"{name}_rows": sa.case((same, one)),
        f"{name}_last": sa.case((latest, exact(rows.c.numerator))),
        f"{name}_accounts": sa.case((latest, one)),
    }


def _summed(context: Context, names: Sequence[str]) -> sa.Select[Any]:
    rows = _rows(context, names)
    keys = (rows.c.account_id, rows.c.no)
    units = {measure.name: measure.unit for name in names for measure in _measures(name)}
    sums = [
        (sa.cast(total(value), sa.Double) / sa.literal_column(f"{MILLION}.0", sa.Double)).label(measure)
        if units[measure] in SCALED
        else total(value).label(measure)
        for name in names
        for measure, value in _adds(rows, name).items()
    ]
    return sa.select(*keys, *sums).group_by(*keys)


def lines(context: Context, metric: str) -> Lines:
    """The rows of one metric with what each adds, for the list behind a number."""
    rows = _rows(context, (metric,))
    adds = {name: sa.func.coalesce(value, 0).label(name) for name, value in _adds(rows, metric).items()}
    shown = [column for column in rows.c if column.name not in ("event_day", "row_id", "place")]
    return Lines(
        "observations", sa.select(*shown, rows.c.event_day.label("day"), *adds.values()).subquery(), tuple(adds)
    )
