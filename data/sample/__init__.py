"""The sample company: a seeded, believable subscription business with known truths in its data."""

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from data.sample import agreements, growth, invoices, service, subscriptions, use, voice
from data.sample.accounts import accounts as accounts_table
from data.sample.frames import as_arrow
from data.sample.names import COMPANY, SETTINGS
from data.sample.simulate import make_world
from data.sample.truths import NOTHING, TRUTHS, Annotation, Truth, annotations, targets

DEFAULT_END = date(2026, 11, 12)

__all__ = [
    "COMPANY", "DEFAULT_END", "NOTHING", "SETTINGS", "TRUTHS", "Annotation", "Truth", "annotations", "as_arrow",
    "generate", "targets", "write_csv",
]  # fmt: skip


def generate(accounts: int = 300, months: int = 36, seed: int = 7, end: date | None = None) -> dict[str, pd.DataFrame]:
    """Simulate the company and return its canonical tables.

    Args:
        accounts: Customers ever, at least 20; a few test accounts come on top.
        months: Calendar months of data including the last, unfinished one; at least 6.
        seed: The same arguments give the same tables, cell by cell.
        end: Last day of data (12 November 2026 when not given).

    Returns:
        Canonical table name → frame with every canonical column, in schema order. Dates and datetimes
        are datetime64[s], integers Int64, booleans boolean, text object; missing is NaN, NaT or None.

    Raises:
        ValueError: With too few accounts or months.
    """
    if accounts < 20:
        raise ValueError(f"The sample company needs at least 20 accounts, not {accounts}.")
    if months < 6:
        raise ValueError(f"The sample company needs at least 6 months, not {months}.")
    world = make_world(accounts, months, seed, end or DEFAULT_END)
    plans = subscriptions.plan_names(world)
    usage, usage_daily = use.usage(world, plans)
    contacts = service.contacts(world)
    surveys = voice.surveys(world, contacts)
    referrals, channels = growth.referrals(world, surveys)
    return {
        "accounts": accounts_table(world, plans, channels),
        "subscriptions": subscriptions.subscriptions(world),
        "contracts": agreements.contracts(world),
        "renewals": agreements.renewals(world),
        "invoices": invoices.invoices(world),
        "usage": usage,
        "usage_daily": usage_daily,
        "contacts": contacts,
        "contact_totals": service.contact_totals(world, contacts),
        "surveys": surveys,
        "sentiment": voice.sentiment(world),
        "referrals": referrals,
        "costs": growth.costs(world),
        "observations": growth.observations(world),
    }


_WITH_SENTENCES = ("surveys", "sentiment")


def _whole_seconds(table: pa.Table) -> pa.Table:
    types = [pa.timestamp("s") if pa.types.is_timestamp(f.type) else f.type for f in table.schema]
    return table.cast(pa.schema(zip(table.column_names, types, strict=True)))


def write_csv(
    out_dir: str | Path, accounts: int = 300, months: int = 36, seed: int = 7, end: date | None = None
) -> list[Path]:
    """Write the tables of `generate` as UTF-8 CSV files with canonical headers.

    Args:
        out_dir: Folder to write into; made when missing. Files of the same name are replaced.

    Returns:
        One path per table. The same arguments write the same bytes.
    """
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, frame in generate(accounts, months, seed, end).items():
        style = "needed" if name in _WITH_SENTENCES else "none"
        path = folder / f"{name}.csv"
        options = arrow_csv.WriteOptions(quoting_style=style, quoting_header="none")
        arrow_csv.write_csv(_whole_seconds(as_arrow(name, frame)), path, options)
        paths.append(path)
    return paths
