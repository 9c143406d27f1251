"""Ids of accounts that differ by case, blanks or leading zeros only: one customer written in two ways, most likely."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.checks.findings import Findings
from data.readers.typed import flat, mask


def unknown(ids: pa.Array, column: str, findings: Findings, accounts: pa.Array, show: Callable[[int], Any]) -> None:
    """Warn of ids that no account has: with the account that is nearly written so, where there is one."""
    known = accounts.cast(ids.type)
    rows = ~mask(pc.is_in(ids, value_set=known, skip_nulls=True)) & mask(pc.is_valid(ids))
    if not rows.any():
        return
    strange = pc.unique(ids.filter(pa.array(rows)))
    places = pc.index_in(folded(strange), value_set=folded(known), skip_nulls=True)
    near = dict(zip(strange.to_pylist(), flat(known).take(places).to_pylist(), strict=True))
    close = rows & mask(pc.is_in(ids, value_set=strange.filter(pc.is_valid(places)), skip_nulls=True))
    expected = "an account of the accounts table; these differ from one by case, blanks or leading zeros only"

    def pair(row: int) -> str:
        return f"{ids[row].as_py()} → {near[ids[row].as_py()]}"

    findings.warn(close, column, "unknown_account_near", expected, pair)
    findings.warn(rows & ~close, column, "unknown_account", "an account of the accounts table", show)


def twins(ids: pa.Array, findings: Findings, accounts: pa.Array | None) -> None:
    """Warn of accounts whose ids differ from one another, or from one that is known, in such a way only."""
    there = pc.unique(ids.drop_null())
    known = there if accounts is None else pc.unique(pa.concat_arrays([there, flat(accounts).cast(there.type)]))
    forms = folded(known)
    encoded = pc.dictionary_encode(forms)
    sizes = np.bincount(np.asarray(encoded.indices), minlength=len(encoded.dictionary))
    several = sizes > 1
    if not several.any():
        return
    members = known.filter(pa.array(several[np.asarray(encoded.indices)]))
    rows = mask(pc.is_in(ids, value_set=members, skip_nulls=True))
    alike: dict[str, list[str]] = {}
    for one, form in zip(members.to_pylist(), folded(members).to_pylist(), strict=True):
        alike.setdefault(form, []).append(one)
    named = {one: " / ".join(group) for group in alike.values() for one in group}
    expected = (
        "ids that differ by more than case, blanks or leading zeros; each of these counts as an account of its own"
    )
    findings.warn(rows, "account_id", "accounts_alike", expected, lambda row: named[ids[row].as_py()])


def folded(ids: pa.Array) -> pa.Array:
    """Ids in lower case, without blanks and without zeros before a number."""
    plain = pc.replace_substring_regex(pc.utf8_lower(flat(ids)), r"\s+", "")
    return pc.replace_substring_regex(plain, r"(^|[^0-9])0+([0-9])", r"\1\2")
