"""The currency of amounts where no column says it: signs beside the numbers, or a code in the header."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data import schema
from data.checks.findings import Findings
from data.mapping.mapping import TableMapping
from data.readers.numbers import signs_beside
from data.readers.raw import RawTable
from data.readers.typed import flat, mask

_MAIN = ("amount", "recurring_amount", "due_amount", "value", "mrr")
_CODES = frozenset([
    "ARS", "AUD", "BOB", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CRC", "CZK", "DKK", "DOP", "EUR", "GBP",
    "GTQ", "HKD", "HUF", "ILS", "INR", "JPY", "KRW", "MXN", "NOK", "NZD", "PEN", "PLN", "PYG", "RON", "SEK",
    "SGD", "TRY", "TWD", "USD", "UYU", "ZAR",
])  # fmt: skip
SIGNS = {"R$": "BRL", "US$": "USD", "MX$": "MXN", "AR$": "ARS", "A$": "AUD", "C$": "CAD", "€": "EUR", "£": "GBP",
          "₹": "INR", "S/": "PEN", "S/.": "PEN"}  # fmt: skip
_IN_HEADER = re.compile(r"R\$|US\$|MX\$|AR\$|A\$|C\$|€|£|₹")
_LOWER = frozenset(["usd", "eur", "brl", "gbp", "mxn"])
_DOLLARS = frozenset(["ARS", "AUD", "CAD", "CLP", "COP", "DOP", "HKD", "MXN", "NZD", "SGD", "TWD", "USD", "UYU"])


def fill(
    raw: RawTable,
    table: schema.Table,
    body: TableMapping,
    columns: dict[str, pa.Array],
    findings: Findings,
    known: tuple[str, ...] | None,
) -> None:
    """Give amounts the currency that is written beside them or in their header; changes `columns`.

    Where one currency is written, numbers without a sign have it too. A bare `$` is of many currencies: it is only
    remarked. `known` starts with the reporting currency; None when that is not known.
    """
    main = next((name for name in _MAIN if name in body.columns and body.columns[name].headers), None)
    if main is None or "currency" in columns or table.columns[main].unit != "money":
        return
    headers = body.columns[main].headers
    codes, bare = _beside(flat(raw.frame.column(headers[0])))
    found = {code for code in pc.unique(codes).to_pylist() if code}
    named = _in_header(" ".join(headers))
    if not found and named:
        found, codes = {named}, pa.array([named] * findings.count, pa.string())
    elif len(found) == 1 and not bare.any():
        codes = pc.if_else(pc.is_valid(columns[main]), pa.scalar(next(iter(found))), codes)
    reporting = known[0] if known else None
    if bare.any() and reporting and reporting not in _DOLLARS and not named:
        expected = (
            f"a currency; $ alone does not say which, so these count as {reporting}. Give a column or constant currency"
        )
        findings.warn(bare, main, "bare_dollar", expected, lambda _: "$", {"reporting": reporting})
    if not found:
        return
    listed = ", ".join(sorted(found))
    if "currency" not in table.columns:
        others = mask(pc.is_valid(codes)) & ~mask(pc.equal(codes, reporting or ""))
        if reporting:
            expected = f"amounts in {reporting}; {listed} is written beside them, and they are taken as they are"
            findings.warn(
                others,
                main,
                "other_currency",
                expected,
                lambda _: listed,
                {"currencies": listed, "reporting": reporting},
            )
        return
    columns["currency"] = codes
    if not bare.any():
        findings.problems = [
            one for one in findings.problems if (one.column, one.problem) != (main, "several_currencies")
        ]
    if found != {reporting}:
        expected = f"a column of currencies; {listed} is taken from what is written with the amounts"
        findings.assume("currency", "currency_as_written", findings.count, expected, currencies=listed)


def _beside(texts: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """The code of the currency beside each number (missing without one), and where a bare `$` stands."""
    encoded = pc.dictionary_encode(texts)
    signs = signs_beside(encoded.dictionary)
    codes = [SIGNS.get(sign) or (sign if sign in _CODES else None) for sign in signs]
    dollar = np.append(np.array([sign == "$" for sign in signs], dtype=bool), False)
    places = np.asarray(pc.fill_null(encoded.indices, len(signs)))
    return pa.array(codes, pa.string()).take(encoded.indices), dollar[places]


def _in_header(header: str) -> str | None:
    """The one currency a header names, as in `Amount (USD)`, `Valor R$` or `mrr_usd`; None without or with several."""
    found = {SIGNS[sign] for sign in _IN_HEADER.findall(header)}
    for word in re.findall(r"[A-Za-z]+", header):
        if word in _CODES or word in _LOWER:
            found.add(word.upper())
    return found.pop() if len(found) == 1 else None
