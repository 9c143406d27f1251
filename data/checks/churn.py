"""Two truths about churn: what subscriptions, departures and a mark on the accounts say, and whether they agree."""

from collections.abc import Iterable, Mapping
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from data.mapping.names import normalised, words
from data.problems import Problem
from data.readers.typed import flat

AGREED, FEWEST = 0.8, 5
_MARKS = (
    "churn", "churned", "churn flag", "is churned", "has churned", "churn status", "churned flag", "is churn", "left",
    "cancelled", "canceled", "is cancelled", "cancelou", "cancelado", "cancelada", "baja", "abandono", "churn label",
)  # fmt: skip
_STATUS = ("status", "account status", "customer status", "situacao", "estado", "status do cliente", "client status")
_GONE = {
    "churned", "churn", "cancelled", "canceled", "lost", "left", "former", "former customer", "ex cliente", "cancelado",
    "cancelada", "perdido", "perdida", "baja", "de baja", "encerrado", "encerrada", "terminated",
}  # fmt: skip


def marked(accounts: pa.Table) -> set[str] | None:
    """Accounts that a column of the accounts table calls churned; None where no column says so.

    Looks at extra columns (`x_…`) called like churn, whose values are yes or no, and at status columns.
    """
    truth = words("boolean")
    for name in accounts.column_names:
        plain = normalised(name.removeprefix("x_")) if name.startswith("x_") else ""
        if plain not in _MARKS and plain not in _STATUS:
            continue
        encoded = pc.dictionary_encode(flat(accounts[name]).cast(pa.string()))
        texts = [normalised(text) for text in encoded.dictionary.to_pylist()]
        gone = [text in _GONE or (plain in _MARKS and truth.get(text) == "true") for text in texts]
        known = [one or (plain in _MARKS and truth.get(text) == "false") for text, one in zip(texts, gone, strict=True)]
        if not texts or (plain in _MARKS and not all(known)) or (plain in _STATUS and not any(gone)):
            continue
        rows = pc.fill_null(pa.array(gone, pa.bool_()).take(encoded.indices), False)
        return set(flat(accounts["account_id"]).filter(rows).to_pylist())
    return None


def ended(subscriptions: pa.Table) -> set[str]:
    """Accounts all of whose subscriptions have an end that has come: none runs on the last day the rows know."""
    ids = flat(subscriptions["account_id"])
    if "ended_on" not in subscriptions.column_names:
        return set()
    ends, starts = flat(subscriptions["ended_on"]), flat(subscriptions["started_on"])
    last = _last_known(ends, starts)
    if last is None:
        return set()
    over = pc.fill_null(pc.less_equal(ends, pa.scalar(last).cast(ends.type)), False)
    running = set(ids.filter(pc.invert(over)).to_pylist())
    return set(ids.to_pylist()) - running


def _last_known(ends: pa.Array, starts: pa.Array) -> date | None:
    """The last start, or a later end within a month of it: an end beyond that is a plan."""
    latest: date | None = pc.max(starts).as_py()
    if latest is None:
        return None
    return max([latest, *(day for day in ends.drop_null().to_pylist() if 0 < (day - latest).days <= 31)])


def departed(events: pa.Table) -> set[str]:
    """Accounts with a departure."""
    return set(flat(events["account_id"]).to_pylist()) - {None}


def disagreement(said: Mapping[str, set[str] | None], known: Iterable[str] | None = None) -> Problem | None:
    """How far the ideas of churn agree, as a remark where they do not.

    Args:
        said: Churned accounts by `subscriptions`, `events` and `marks`; None where a source is absent.
        known: The accounts there are; others are not compared.

    Returns:
        None with fewer than two sources, or where four of five accounts that any calls churned are so in all.
    """
    there = None if known is None else set(known)
    sources = {
        name: accounts if there is None else accounts & there for name, accounts in said.items() if accounts is not None
    }
    if len(sources) < 2:
        return None
    either = set.union(*sources.values())
    all_agree = set.intersection(*sources.values())
    apart = len(either) - len(all_agree)
    if apart < FEWEST or len(all_agree) >= AGREED * len(either):
        return None
    names = {"subscriptions": "ended subscriptions", "events": "churn events", "marks": "the mark on the account"}
    counts = ", ".join(f"{names[name]}: {len(accounts)}" for name, accounts in sources.items())
    params = {name: len(sources[name]) if name in sources else "–" for name in names} | {"agree": len(all_agree)}
    expected = (
        f"one idea of who left. Accounts by {counts}; all agree on {len(all_agree)}. KPIs of churned customers follow "
        "the subscriptions"
    )
    return Problem(None, "churn_disagrees", apart, expected, [], "warning", params)
