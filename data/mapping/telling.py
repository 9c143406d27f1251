"""What a file tells beyond the names of its columns: what it is called, the kind of its rows, what it must not be."""

import re
from collections.abc import Iterable

import pyarrow as pa

from data.mapping.names import normalised, synonyms, table_words, variants
from data.readers import dates, numbers
from data.readers.raw import RawTable

_OPPORTUNITIES = frozenset(
    [
        "deal id",
        "deal name",
        "deal pipeline id",
        "deal pipeline stage id",
        "deal stage",
        "dealname",
        "dealstage",
        "etapa da oportunidade",
        "etapa do negocio",
        "forecast category",
        "is won",
        "opportunity id",
        "opportunity name",
        "probability",
        "probabilidade",
        "probabilidad",
        "stage name",
    ]
)
_OPPORTUNITY_FILES = re.compile(r"\b(?:opportunit(?:y|ies)|oportunidades?|deals?)\b")
_PRICES = frozenset(
    ["aggregate usage", "interval length", "interval unit", "interval count", "trial length", "tiers mode"]
)
_OBJECTS = {
    "charge": "invoices",
    "customer": "accounts",
    "invoice": "invoices",
    "payment intent": "invoices",
    "subscription": "subscriptions",
}
_THIN = frozenset(["account_id", "csm", "currency", "is_test"])
_NAMED_CUSTOMERS = re.compile(
    r"\b(?:accounts?|customers?|clients?|compan(?:y|ies)|organizations?|clientes?|contas?|empresas?|cuentas?)\b"
)


def foreign(raw: RawTable, chosen: str) -> str:
    """What the file lists when it is nothing Farol holds: sales opportunities or a list of prices; else ""."""
    forms = {form for header in raw.headers for form in variants(header)}
    telling = len(forms & _OPPORTUNITIES)
    if telling >= 2 or ((telling or chosen != "renewals") and _OPPORTUNITY_FILES.search(normalised(raw.name))):
        return "opportunities"
    if len(forms & _PRICES) >= 2 and not has_account(raw) and not forms & {"subscription id", "start date"}:
        return "prices"
    return ""


def named_after(raw: RawTable, table: str) -> float:
    """1 when the file or sheet is called like the table, 0.8 by another word for it, else 0."""
    stem = re.sub(
        r"(?:\.(?:csv|tsv|txt|xlsx?|xlsm|xlsb|ods|parquet|jsonl?|ndjson|gz|zip))+\b", "", raw.name, flags=re.IGNORECASE
    )
    name = normalised(stem)
    if name.replace(" ", "_") == table or name.replace(" ", "_").endswith(f"_{table}"):
        others = [
            other
            for other in table_words()
            if other != table and name.replace(" ", "_").endswith(other) and len(other) > len(table)
        ]
        return 0.0 if others else 1.0
    lengths = {
        other: max((len(word) for word in words if re.search(rf"\b{word}\b", name)), default=0)
        for other, words in table_words().items()
    }
    return 0.8 if lengths[table] and lengths[table] == max(lengths.values()) else 0.0


def by_object(raw: RawTable) -> str | None:
    """The table of rows as a payment service keeps them, which say in `object` what each is; None without that."""
    header = next((header for header in raw.headers if normalised(header) == "object"), None)
    kinds = {normalised(text) for text in raw.sample(header)} if header is not None else set()
    return _OBJECTS.get(kinds.pop()) if len(kinds) == 1 else None


def about_a_day(raw: RawTable, found: Iterable[str]) -> bool:
    """Whether rows that name an account and hardly more are about a day: something happened then, this is no account.

    `found` are the columns of `accounts` that have a header. A file called after customers is taken at its word.
    """
    if not set(found) <= _THIN or _NAMED_CUSTOMERS.search(normalised(raw.name)):
        return False
    return any(_days(raw, header) for header in raw.headers)


def _days(raw: RawTable, header: str) -> bool:
    texts = pa.array(raw.sample(header), pa.string())
    if not len(texts) or not numbers.to_numbers(texts).bad.all():
        return False
    return float(dates.to_datetimes(texts).bad.mean()) < 0.1


def has_account(raw: RawTable) -> bool:
    names = {form for form, known in synonyms("subscriptions").items() if known.column == "account_id"}
    return any(set(variants(header)) & names for header in raw.headers)
