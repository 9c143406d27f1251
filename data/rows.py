"""Quantities that never add up and are computed from rows: quantiles, lives of accounts, narrow panels.

Quantiles and lives are asked where the rows are.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from data.calendar import Period, parse
from data.facts import AnyFacts, Cursor, connect
from data.measures import FAMILIES
from data.measures.contacts import counted, first_response, resolution, solved
from data.measures.elements import DayOf
from data.measures.measure import Context, events, table
from data.measures.recurring import terms
from data.panel import context_for, run
from data.policies import Policies
from data.problems import DataProblem, did_you_mean

SHARES = {"median": "0.5", "p90": "0.9"}
QUANTILES = frozenset(
    f"{name}_{share}" for name in ("first_response_seconds", "time_to_resolution_seconds") for share in SHARES
)

STRETCH = ("account_id", "born_on", "first_on", "started_on", "ended_on")
_NEVER = np.datetime64("9999-12-31", "s")

Where = Mapping[str, Sequence[str]]
EVERYTHING: Where = {}
_PANDAS = {pa.int64(): pd.Int64Dtype(), pa.float64(): pd.Float64Dtype()}


def quantiles(
    connection: Cursor,
    periods: Sequence[Period],
    dims: Sequence[str] = (),
    where: Where = EVERYTHING,
    dimension: str | None = None,
) -> pd.DataFrame:
    """Median and 90th percentile of first response and resolution times, in seconds, per group and period.

    First responses belong to the period the contact was opened in, resolutions to the one it was
    solved in. Between two contacts the value is interpolated on a straight line.

    Args:
        dims: account attributes to group by; contacts without the attribute are a group of their own (None).
        where: values to keep by account attribute; contacts without an account are left out then.
        dimension: a column of contacts (channel, category) to group by as well.

    Returns:
        Columns: dims, the dimension, period (id), then `QUANTILES`; one row per group and period with a
        contact that counts. Missing where no contact of the group was replied to, or solved.
    """
    groups = [*dims, *([dimension] if dimension else [])]
    if not periods:
        return pd.DataFrame(columns=[*groups, "period", *sorted(QUANTILES)])
    context = Context(parse(periods[0].id)[0], tuple(periods), Policies(), periods[-1].closing, frozenset())
    contacts = table("contacts")
    accounts = attributes_of({*dims, *where})
    times = {
        "first_response_seconds": (contacts.c.opened_at, contacts.c.first_response_at.is_not(None), first_response),
        "time_to_resolution_seconds": (contacts.c.solved_at, solved(contacts), resolution),
    }
    parts = []
    for name, (moment, known, seconds) in times.items():
        own = contacts.c[dimension] if dimension else sa.cast(sa.null(), sa.String)
        values = [
            (seconds(contacts) if name == other else sa.cast(sa.null(), sa.Double)).label(other) for other in times
        ]
        columns = [contacts.c.account_id, own.label("own_dimension"), *values]
        parts.append(sa.select(events(context, DayOf(moment), *columns, where=sa.and_(counted(contacts), known))))
    rows = sa.union_all(*parts).subquery()
    keys: list[ColumnElement[Any]] = [accounts.c[dim] for dim in dims]
    keys += [rows.c.own_dimension.label(dimension)] if dimension else []
    shares = [
        sa.func.percentile_cont(sa.literal_column(at)).within_group(rows.c[name]).label(f"{name}_{share}")
        for name in times
        for share, at in SHARES.items()
    ]
    same = accounts.c.account_id == rows.c.account_id
    select = sa.select(*keys, rows.c.no, *shares).join_from(rows, accounts, same, isouter=True)
    found = run(connection, select.where(*among(accounts, where)).group_by(*keys, rows.c.no)).to_pandas()
    found["period"] = found.pop("no").map({no: period.id for no, period in enumerate(periods)})
    quantities = sorted(QUANTILES)  # no moment is finer than a microsecond; engines differ in the last bit beyond
    found[quantities] = found[quantities].astype("float64").round(6)
    found = found.sort_values([*groups, "period"], ignore_index=True)
    return found[[*groups, "period", *sorted(QUANTILES)]]


def stretches(connection: Cursor, policies: Policies | None = None) -> pd.DataFrame:
    """When each account was active: one row per stretch of days without a gap, from which `lives_at` tells lives.

    Returns:
        Columns: account_id, born_on (where life starts), first_on (first active day), started_on, ended_on
        (first day without; missing where open), days as datetime64. Sorted by account and start.
    """
    active = terms(Context("month", (), policies or Policies(), date.max, frozenset())).c
    accounts, subscriptions = table("accounts"), table("subscriptions")
    data_start = sa.select(sa.func.min(subscriptions.c.started_on)).scalar_subquery()
    known_before = sa.and_(accounts.c.created_on < active.first_active_on, active.first_active_on == data_start)
    select = (
        sa.select(
            active.account_id,
            sa.case((known_before, accounts.c.created_on), else_=active.first_active_on).label("born_on"),
            active.first_active_on.label("first_on"),
            active.started_on,
            active.ended_on,
        )
        .join_from(active.account_id.table, accounts, accounts.c.account_id == active.account_id, isouter=True)
        .order_by(active.account_id, active.started_on)
    )
    found = run(connection, select).to_pandas()
    for name in found.columns[1:]:
        found[name] = found[name].astype("datetime64[s]")
    owner = pd.factorize(found["account_id"])[0]
    covered_to = found["ended_on"].fillna(_NEVER).groupby(owner).cummax()
    apart = (owner != np.roll(owner, 1)) | (found["started_on"] > covered_to.shift(1)).to_numpy()
    if len(found):
        apart[0] = True
    stretch = np.cumsum(apart)
    merged = found[apart].reset_index(drop=True)
    ends = covered_to.groupby(stretch).max().to_numpy()
    merged["ended_on"] = pd.Series(ends, dtype="datetime64[s]").where(ends < _NEVER)
    return merged


def lives_at(active: pd.DataFrame, closing: date) -> pd.DataFrame:
    """One life per account that was active on some day up to a closing day, as known then.

    Args:
        active: what `stretches` gives; columns beyond its own (attributes) are passed on.

    Returns:
        Columns: account_id, entry_days (age when the life came into view: 0, or the age at the start of
        the data for accounts that were created before it), exit_days (age when it ended, or at closing),
        event (whether it ended), then the columns passed on. Sorted by account.
    """
    day = np.datetime64(closing, "s")
    begun = active[(active["started_on"] <= day).to_numpy()]
    owner = begun["account_id"].to_numpy(dtype=object)
    last = np.append(owner[1:] != owner[:-1], True)[: len(owner)]  # the last stretch begun says how things stand
    seen = begun[last].reset_index(drop=True)
    born, first = seen["born_on"].to_numpy(), seen["first_on"].to_numpy()
    ended = seen["ended_on"].fillna(_NEVER).to_numpy()
    one_day = np.timedelta64(1, "D")
    lives = {
        "account_id": seen["account_id"],
        "entry_days": (first - born) // one_day,
        "exit_days": (np.minimum(ended, day) - born) // one_day,
        "event": ended <= day,
    }
    return pd.DataFrame(lives).join(seen.drop(columns=list(STRETCH)))


def lifetimes(connection: Cursor, closing: date, policies: Policies | None = None) -> pd.DataFrame:
    """The lives of one closing day, as `lives_at` gives them."""
    return lives_at(stretches(connection, policies), closing)


def narrow_panel(
    facts: AnyFacts,
    family: str,
    dimension: str,
    grain: str,
    policies: Policies | None = None,
    as_of: date | None = None,
) -> pd.DataFrame:
    """Measures of a family that carry a dimension of their own rows, per account, period and its values.

    Families: contacts (channel, category), surveys (journey_stage, touchpoint, channel), costs (segment,
    channel). Rows without a value of the dimension are a group of their own (missing).

    Returns:
        Columns: account_id ('' = company row), period (id), the dimension, then the measures as in the
        panel; unique by the first three, only where there is something. Measures whose tables or columns
        are not loaded are missing.

    Raises:
        DataProblem: there is no such family, or none of its measures carries the dimension.
    """
    policies = policies or Policies()
    one = next((known for known in FAMILIES if known.name == family), None)
    carried = {name for measure in one.measures for name in measure.dimensions} if one else set()
    if one is None or dimension not in carried:
        known = carried or {known.name for known in FAMILIES if any(measure.dimensions for measure in known.measures)}
        wanted = dimension if one else family
        raise DataProblem(
            "breakdown_unknown",
            "{family} cannot be broken down by {dimension}.{hint}",
            family=family,
            dimension=dimension,
            hint=did_you_mean(wanted, known),
        )
    measured = [measure for measure in one.measures if dimension in measure.dimensions]
    names = [measure.name for measure in measured]
    context = context_for(facts, grain, policies, as_of)
    if context is None or not any(context.has(*measure.needs) for measure in measured):
        return pd.DataFrame(columns=["account_id", "period", dimension, *names])
    with connect(facts, context.as_of, policies) as cursor:
        found = run(cursor, one.build(context, dimension)).to_pandas(types_mapper=_PANDAS.get)
    found = found.rename(columns={"dimension": dimension})
    found["period"] = found.pop("no").map({no: period.id for no, period in enumerate(context.periods)})
    for measure in measured:
        if not context.has(*measure.needs):
            found[measure.name] = pd.array([pd.NA] * len(found), "Int64")
    found = found.sort_values(["account_id", "period", dimension], ignore_index=True)
    return found[["account_id", "period", dimension, *names]]


def attributes_of(names: Iterable[str]) -> sa.TableClause:
    """The accounts table with the attributes asked for, extra columns included."""
    return sa.table("accounts", sa.column("account_id"), *(sa.column(name) for name in sorted(names)))


def among(accounts: sa.TableClause, where: Where) -> list[ColumnElement[bool]]:
    """Conditions that keep the accounts with one of the values of each attribute."""
    listed = {name: [values] if isinstance(values, str) else list(values) for name, values in where.items()}
    return [accounts.c[name].in_([sa.literal(v, sa.String) for v in values]) for name, values in listed.items()]
