"""The reduction of the benchmark without the measures: straight DuckDB SQL, and plain pandas.

Both know what the measures cannot: that this company has one currency, no discounts, no trials, no
daily totals and one seat count per account.
"""

from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
import pandas as pd

from data.calendar import Period

KEYS = ["account_id", "no"]
MOVES = [
    "opening_accounts", "closing_accounts", "lost_accounts", "new_accounts", "reactivated_accounts",
    "opening_mrr", "closing_mrr", "new_mrr", "reactivation_mrr", "upsell_mrr", "cross_sell_mrr",
    "price_uplift_mrr", "contraction_mrr", "churned_mrr",
]  # fmt: skip
USE = [
    "adoption_users", "adoption_seats", "seat_limit_accounts", "seat_known_accounts", "features_used",
    "features_available", "active_days", "working_days", "user_days", "user_day_slots",
]  # fmt: skip

SQL = """
WITH cal AS (SELECT * FROM calendar),
terms AS (
    SELECT account_id, first_value(product) OVER (PARTITION BY subscription_id ORDER BY started_on) AS line, started_on,
        ended_on, CAST(round(amount * 1e6) AS BIGINT) AS mrr, plan, quantity,
        min(started_on) OVER (PARTITION BY account_id) AS first_on
    FROM read_parquet('{subscriptions}')
),
states AS (
    SELECT c.no, t.account_id, t.line, sum(t.mrr) AS mrr, count(*) AS held, min(t.plan) AS p1, max(t.plan) AS p2,
        sum(t.quantity) AS quantity, min(t.first_on) AS first_on
    FROM terms t JOIN cal c ON t.started_on <= c.closes_on AND (t.ended_on IS NULL OR t.ended_on > c.closes_on)
    GROUP BY ALL
),
lines AS (
    SELECT coalesce(n.no, o.no + 1) AS no, coalesce(n.account_id, o.account_id) AS account_id,
        coalesce(o.mrr, 0) AS opening, coalesce(n.mrr, 0) AS closing, coalesce(o.held, 0) AS o_held,
        coalesce(n.held, 0) AS n_held,
        o.held = n.held AND o.quantity = n.quantity AND least(o.p1, n.p1) = greatest(o.p2, n.p2) AS same,
        coalesce(n.first_on, o.first_on) AS first_on
    FROM states n FULL JOIN states o ON o.no + 1 = n.no AND o.account_id = n.account_id AND o.line = n.line
    WHERE coalesce(n.no, o.no + 1) < {periods}
),
moves AS (
    SELECT no, account_id, sum(opening) AS opening, sum(closing) AS closing,
        sum(o_held) > 0 AS was, sum(n_held) > 0 AS now,
        sum(CASE WHEN o_held > 0 AND closing > opening AND same IS NOT TRUE THEN closing - opening ELSE 0 END) AS up,
        sum(CASE WHEN o_held > 0 AND closing > opening AND same THEN closing - opening ELSE 0 END) AS uplift,
        sum(CASE WHEN o_held = 0 THEN closing ELSE 0 END) AS cross_sell,
        sum(CASE WHEN closing < opening THEN opening - closing ELSE 0 END) AS down, min(first_on) AS first_on
    FROM lines GROUP BY ALL
),
used AS (
    SELECT DISTINCT c.no, u.account_id, u.user_id, u.used_on
    FROM read_parquet('{usage}') u JOIN cal c ON c.starts_on = date_trunc('month', u.used_on)
),
people AS (
    SELECT no, account_id, count(*) AS users, sum(days) AS user_days
    FROM (SELECT no, account_id, user_id, count(*) AS days FROM used GROUP BY ALL) GROUP BY ALL
),
days AS (SELECT no, account_id, count(DISTINCT used_on) AS days FROM used GROUP BY ALL),
features AS (
    SELECT c.no, u.account_id, count(DISTINCT u.feature) AS features
    FROM read_parquet('{usage}') u JOIN cal c ON c.starts_on = date_trunc('month', u.used_on) GROUP BY ALL
),
ever AS (
    SELECT c.no, count(*) AS features
    FROM (SELECT min(used_on) AS first_on FROM read_parquet('{usage}') GROUP BY feature) f
    JOIN cal c ON f.first_on <= c.closes_on GROUP BY ALL
)
SELECT a.account_id, c.no,
    coalesce(m.was, false)::BIGINT AS opening_accounts, coalesce(m.now, false)::BIGINT AS closing_accounts,
    coalesce(m.was AND NOT m.now, false)::BIGINT AS lost_accounts,
    coalesce(m.now AND NOT m.was AND m.first_on > c.opens_on, false)::BIGINT AS new_accounts,
    coalesce(m.now AND NOT m.was AND m.first_on <= c.opens_on, false)::BIGINT AS reactivated_accounts,
    coalesce(m.opening, 0)::BIGINT AS opening_mrr, coalesce(m.closing, 0)::BIGINT AS closing_mrr,
    (CASE WHEN m.now AND NOT m.was AND m.first_on > c.opens_on THEN m.closing ELSE 0 END)::BIGINT AS new_mrr,
    (CASE WHEN m.now AND NOT m.was AND m.first_on <= c.opens_on THEN m.closing ELSE 0 END)::BIGINT AS reactivation_mrr,
    (CASE WHEN m.was AND m.now THEN m.up ELSE 0 END)::BIGINT AS upsell_mrr,
    (CASE WHEN m.was AND m.now THEN m.cross_sell ELSE 0 END)::BIGINT AS cross_sell_mrr,
    (CASE WHEN m.was AND m.now THEN m.uplift ELSE 0 END)::BIGINT AS price_uplift_mrr,
    (CASE WHEN m.was AND m.now THEN m.down ELSE 0 END)::BIGINT AS contraction_mrr,
    (CASE WHEN m.was AND NOT m.now THEN m.opening ELSE 0 END)::BIGINT AS churned_mrr,
    (CASE WHEN m.now THEN coalesce(p.users, 0) ELSE 0 END)::BIGINT AS adoption_users,
    (CASE WHEN m.now THEN a.seats ELSE 0 END)::BIGINT AS adoption_seats,
    (CASE WHEN m.now AND coalesce(p.users, 0) * 10 >= a.seats * 9 THEN 1 ELSE 0 END)::BIGINT AS seat_limit_accounts,
    coalesce(m.now, false)::BIGINT AS seat_known_accounts,
    (CASE WHEN m.now THEN coalesce(f.features, 0) ELSE 0 END)::BIGINT AS features_used,
    (CASE WHEN m.now THEN e.features ELSE 0 END)::BIGINT AS features_available,
    (CASE WHEN m.now THEN coalesce(d.days, 0) ELSE 0 END)::BIGINT AS active_days,
    (CASE WHEN m.now THEN c.working_days ELSE 0 END)::BIGINT AS working_days,
    coalesce(p.user_days, 0)::BIGINT AS user_days, coalesce(p.users * c.days, 0)::BIGINT AS user_day_slots
FROM read_parquet('{accounts}') a CROSS JOIN cal c
LEFT JOIN moves m ON m.account_id = a.account_id AND m.no = c.no
LEFT JOIN people p ON p.account_id = a.account_id AND p.no = c.no
LEFT JOIN days d ON d.account_id = a.account_id AND d.no = c.no
LEFT JOIN features f ON f.account_id = a.account_id AND f.no = c.no
LEFT JOIN ever e ON e.no = c.no
ORDER BY a.account_id, c.no
"""


def calendar(periods: Sequence[Period]) -> pd.DataFrame:
    """The periods as a table."""
    return pd.DataFrame(
        {
            "no": range(len(periods)),
            "starts_on": pd.to_datetime([p.start for p in periods]),
            "opens_on": pd.to_datetime([p.opening for p in periods]),
            "closes_on": pd.to_datetime([p.closing for p in periods]),
            "days": [p.days for p in periods],
            "working_days": [p.working_days for p in periods],
        }
    )


def in_sql(files: Mapping[str, Sequence[str]], periods: Sequence[Period]) -> pd.DataFrame:
    """The reduction in one DuckDB query."""
    with duckdb.connect() as connection:
        connection.register("calendar", calendar(periods))
        text = SQL.format(periods=len(periods), **{name: paths[0] for name, paths in files.items()})
        return connection.sql(text).to_arrow_table().to_pandas()


def in_pandas(files: Mapping[str, Sequence[str]], periods: Sequence[Period]) -> pd.DataFrame:
    """The reduction in pandas."""
    cal = calendar(periods)
    accounts = pd.read_parquet(files["accounts"][0], columns=["account_id", "seats"])
    frame = accounts.merge(cal, how="cross").merge(_moves(files, cal), on=KEYS, how="left")
    for part in _use(files, cal):
        frame = frame.merge(part, on=KEYS, how="left")
    numbers = frame.select_dtypes("number").columns
    frame[numbers] = frame[numbers].fillna(0).astype("int64")
    now = frame["closing_accounts"] == 1
    frame["adoption_users"] = frame["users"].where(now, 0)
    frame["adoption_seats"] = frame["seats"].where(now, 0)
    frame["seat_limit_accounts"] = (now & (frame["users"] * 10 >= frame["seats"] * 9)).astype("int64")
    frame["seat_known_accounts"] = now.astype("int64")
    for name, source in (("features_used", "features"), ("features_available", "ever"), ("active_days", "used_days")):
        frame[name] = frame[source].where(now, 0)
    frame["working_days"] = frame["working_days"].where(now, 0)
    frame["user_day_slots"] = frame["users"] * frame["days"]
    return frame.sort_values(KEYS, ignore_index=True)[[*KEYS, *MOVES, *USE]]


def _moves(files: Mapping[str, Sequence[str]], cal: pd.DataFrame) -> pd.DataFrame:
    rows = pd.read_parquet(files["subscriptions"][0])
    for name in ("started_on", "ended_on"):
        rows[name] = pd.to_datetime(rows[name])
    rows["mrr"] = np.round(rows["amount"] * 1e6).astype("int64")
    rows["line"] = rows.sort_values("started_on").groupby("subscription_id")["product"].transform("first")
    first_on = rows.groupby("account_id")["started_on"].min()
    states = []
    for no, day in zip(cal["no"], cal["closes_on"], strict=True):
        held = rows[(rows["started_on"] <= day) & (rows["ended_on"].isna() | (rows["ended_on"] > day))]
        lines = held.groupby(["account_id", "line"]).agg(
            mrr=("mrr", "sum"),
            held=("mrr", "size"),
            p1=("plan", "min"),
            p2=("plan", "max"),
            quantity=("quantity", "sum"),
        )
        states.append(lines.assign(no=no))
    now = pd.concat(states).reset_index()
    was = now.assign(no=now["no"] + 1)
    lines = now.merge(was[was["no"] < len(cal)], on=["no", "account_id", "line"], how="outer", suffixes=("", "_o"))
    known = lines["held_o"].notna() & lines["held"].notna()
    same = known & (lines["held"] == lines["held_o"]) & (lines["quantity"] == lines["quantity_o"])
    same &= (lines["p1"] == lines["p2"]) & (lines["p1"] == lines["p1_o"]) & (lines["p2"] == lines["p2_o"])
    lines[["mrr", "mrr_o", "held", "held_o"]] = lines[["mrr", "mrr_o", "held", "held_o"]].fillna(0).astype("int64")
    change = lines["mrr"] - lines["mrr_o"]
    grew = (lines["held_o"] > 0) & (change > 0)
    lines = lines.assign(
        up=change.where(grew & ~same, 0), uplift=change.where(grew & same, 0),
        cross=lines["mrr"].where(lines["held_o"] == 0, 0), down=(-change).clip(lower=0),
    )  # fmt: skip
    names = ["mrr_o", "mrr", "held_o", "held", "up", "uplift", "cross", "down"]
    m = lines.groupby(KEYS)[names].sum().reset_index()
    is_new = m["account_id"].map(first_on) > m["no"].map(cal.set_index("no")["opens_on"])
    had, has = m["held_o"] > 0, m["held"] > 0
    values = {
        "opening_accounts": had, "closing_accounts": has, "lost_accounts": had & ~has,
        "new_accounts": ~had & has & is_new,
        "reactivated_accounts": ~had & has & ~is_new, "opening_mrr": m["mrr_o"], "closing_mrr": m["mrr"],
        "new_mrr": m["mrr"].where(~had & is_new, 0), "reactivation_mrr": m["mrr"].where(~had & ~is_new, 0),
        "upsell_mrr": m["up"].where(had & has, 0), "cross_sell_mrr": m["cross"].where(had & has, 0),
        "price_uplift_mrr": m["uplift"].where(had & has, 0), "contraction_mrr": m["down"].where(had & has, 0),
        "churned_mrr": m["mrr_o"].where(~has, 0),
    }  # fmt: skip
    return m[KEYS].assign(**{name: value.astype("int64") for name, value in values.items()})


def _use(files: Mapping[str, Sequence[str]], cal: pd.DataFrame) -> list[pd.DataFrame]:
    rows = pd.read_parquet(files["usage"][0], columns=["account_id", "used_on", "user_id", "feature"])
    rows["used_on"] = pd.to_datetime(rows["used_on"])
    months = rows["used_on"].dt.year * 12 + rows["used_on"].dt.month
    rows["no"] = months - (cal["starts_on"][0].year * 12 + cal["starts_on"][0].month)
    used = rows[[*KEYS, "user_id", "used_on"]].drop_duplicates()
    by_user = used.groupby([*KEYS, "user_id"]).size().reset_index(name="per_user")
    people = by_user.groupby(KEYS)["per_user"].agg(users="size", user_days="sum").reset_index()
    days = used[[*KEYS, "used_on"]].drop_duplicates().groupby(KEYS).size().reset_index(name="used_days")
    features = rows[[*KEYS, "feature"]].drop_duplicates().groupby(KEYS).size().reset_index(name="features")
    first_on = rows.groupby("feature")["used_on"].min()
    ever = pd.DataFrame({"no": cal["no"], "ever": [int((first_on <= day).sum()) for day in cal["closes_on"]]})
    accounts = pd.DataFrame({"account_id": rows["account_id"].unique()}).merge(ever, how="cross")
    return [people, days, features, accounts]
