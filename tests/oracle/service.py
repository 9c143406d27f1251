"""Service: contacts, waiting, handling, solving, deadlines."""

import pandas as pd

from .context import COMPANY, Context, Piece, piece
from .days import DAY, Period, period_of
from .frames import false, true

NOTHING = ("account_id", "period")


def seconds(later: pd.Series, earlier: pd.Series) -> pd.Series:
    """Seconds between two times."""
    return (later - earlier).dt.total_seconds()


def total_rows(context: Context) -> pd.DataFrame:
    """Daily totals of the telephone system, on the days on which no contact says whether it was abandoned."""
    if not context.has("contact_totals"):
        columns = ["period", "account_id", "offered", "abandoned", "short_abandoned", "handled"]
        return pd.DataFrame(columns=[*columns, "handle_seconds", "queue_seconds", "within_service_level"])
    rows = context.tables["contact_totals"].copy()
    if context.has("contacts"):
        contacts = context.contacts
        told = contacts.loc[true(contacts["abandoned"]) | false(contacts["abandoned"]), "opened_at"].dt.normalize()
        rows = rows[~rows["day"].isin(told)].copy()
    rows["period"] = period_of(rows["day"], context.periods)
    rows["account_id"] = COMPANY
    return rows[rows["period"].notna()]


def both(context: Context, contacts: pd.DataFrame, totals: pd.DataFrame) -> Piece:
    """A piece from contacts (opened in the period) and totals that both have num and den."""
    del context
    parts = [f[["account_id", "period", "num", "den"]] for f in (contacts, totals)]
    filled = [f for f in parts if len(f)] or parts[:1]
    return Piece(pd.concat(filled, ignore_index=True))


def telephone_pieces(context: Context, opened: pd.DataFrame) -> dict[str, Piece]:
    """Abandonment, wait, service level and handle time, from contacts and daily totals."""
    totals = total_rows(context)
    least = context.policies.short_seconds
    short = true(opened["abandoned"]) & (opened["queue_seconds"] < least)
    gave_up, answered = true(opened["abandoned"]), false(opened["abandoned"])
    totals["short"] = totals["short_abandoned"].astype(float).fillna(0) if least > 0 else 0.0
    out = {}

    calls = opened[gave_up | answered].copy()
    calls["num"] = (gave_up & ~short)[calls.index].astype(int)
    calls["den"] = (~short)[calls.index].astype(int)
    known = totals[totals["abandoned"].notna()].copy()
    known["num"], known["den"] = known["abandoned"] - known["short"], known["offered"] - known["short"]
    out["abandonment"] = both(context, calls, known)

    waited = opened[answered & opened["queue_seconds"].notna()].copy()
    waited["num"], waited["den"] = waited["queue_seconds"], 1
    known = totals[totals["queue_seconds"].notna() & totals["handled"].notna()].copy()
    known["num"], known["den"] = known["queue_seconds"], known["handled"]
    out["wait_time"] = both(context, waited, known)

    offered = opened[(gave_up & ~short) | (answered & opened["queue_seconds"].notna())].copy()
    quick = offered["queue_seconds"] <= context.policies.service_level_seconds
    offered["num"], offered["den"] = (false(offered["abandoned"]) & quick).astype(int), 1
    known = totals[totals["within_service_level"].notna()].copy()
    known["num"], known["den"] = known["within_service_level"], known["offered"] - known["short"]
    out["service_level"] = both(context, offered, known)

    parts = opened["talk_seconds"] + opened["hold_seconds"].fillna(0) + opened["wrap_up_seconds"].fillna(0)
    handled = opened.assign(num=opened["handle_seconds"].fillna(parts), den=1)
    handled = handled[handled["num"].notna()]
    known = totals[totals["handle_seconds"].notna() & totals["handled"].notna()].copy()
    known["num"], known["den"] = known["handle_seconds"], known["handled"]
    out["aht"] = both(context, handled, known)
    return out


def overdue_contacts(context: Context, closing: pd.Timestamp) -> pd.DataFrame:
    """Contacts still open at the end of a day whose deadline has passed by then."""
    rows, end = context.contacts, closing + DAY
    solved_by_then = rows["solved"] & (rows["solved_at"] < end)
    late = (rows["sla_due_at"] < end) & (rows["opened_at"] < end) & ~solved_by_then & ~rows["untimed"]
    return rows.loc[late, ["account_id"]].assign(num=1)


def response_times(context: Context) -> pd.DataFrame:
    """Seconds to the first human reply, of contacts opened in the period."""
    rows = context.contacts
    rows = rows[rows["opened_in"].notna() & rows["first_response_at"].notna()]
    rows = rows.assign(period=rows["opened_in"], num=seconds(rows["first_response_at"], rows["opened_at"]), den=1)
    return rows[["account_id", "period", "num", "den"]]


def resolution_times(context: Context) -> pd.DataFrame:
    """Seconds from opening to the last solve, of contacts solved in the period."""
    rows = context.contacts
    rows = rows[rows["solved"] & rows["solved_in"].notna()]
    rows = rows.assign(period=rows["solved_in"], num=seconds(rows["solved_at"], rows["opened_at"]), den=1)
    return rows[["account_id", "period", "num", "den"]]


def contact_pieces(context: Context) -> dict[str, Piece]:
    """Solving, fixing, deadlines and contact rate."""
    rows = context.contacts
    opened = rows[rows["opened_in"].notna()].assign(period=lambda f: f["opened_in"], one=1)
    solved = rows[rows["solved"] & rows["solved_in"].notna()].assign(period=lambda f: f["solved_in"], one=1)
    window = pd.Timedelta(days=context.policies.solve_window_days)
    out = {
        "time_to_resolution": Piece(resolution_times(context)),
        "first_response_time": Piece(response_times(context)),
    }

    timed = opened[~opened["untimed"]]
    in_time = timed["solved"] & (timed["solved_at"] - timed["opened_at"] <= window)
    out["solve_rate"] = piece(timed.assign(num=in_time.astype(int)), "num", "one")

    columns = ["account_id", "period", "num", "den"]
    flow = pd.concat([solved.assign(num=1, den=0)[columns], opened.assign(num=0, den=1)[columns]])
    out["solve_flow"] = Piece(flow)

    first = opened[true(opened["first_contact"]) & (true(opened["fixed"]) | false(opened["fixed"]))]
    out["fcr"] = piece(first.assign(num=true(first["fixed"]).astype(int)), "num", "one")

    told = solved[solved["agent_replies"].notna()]
    once = (told["agent_replies"] <= 1) & (told["reopens"].fillna(0) == 0)
    out["one_touch"] = piece(told.assign(num=once.astype(int)), "num", "one")

    due = rows[~rows["untimed"]].assign(period=period_of(rows["sla_due_at"], context.periods), one=1)
    due = due[due["period"].notna()]
    met = due["solved"] & (due["solved_at"] <= due["sla_due_at"])
    out["sla_met"] = piece(due.assign(num=met.astype(int)), "num", "one")
    out["sla_breach"] = piece(context.at_closings(lambda p: overdue_contacts(context, p.closing)), "num")

    def active(p: Period) -> pd.DataFrame:
        return pd.DataFrame({"account_id": sorted(context.active(p)), "num": 0, "den": 1})

    rate = pd.concat([opened.assign(num=1, den=0)[columns], context.at_closings(active)[columns]])
    out["contact_rate"] = Piece(rate)
    return out | telephone_pieces(context, opened)


def pieces(context: Context) -> dict[str, Piece]:
    """Every service KPI that is a sum; with daily totals only, those that totals carry."""
    if context.has("contacts"):
        return contact_pieces(context)
    if context.has("contact_totals"):
        columns = ["abandoned", "queue_seconds", "talk_seconds", "hold_seconds", "wrap_up_seconds", "handle_seconds"]
        return telephone_pieces(context, pd.DataFrame(columns=[*NOTHING, *columns]))
    return {}
