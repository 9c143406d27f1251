"""Header names and words in English, Portuguese and Spanish, compared without case, accents or punctuation."""

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOTE = re.compile(r"\s*[(\[][^)\]]*[)\]]\s*")
_PREFIX = re.compile(r"^(?:(?:property|hs|custom|cf|dt) )+|^[a-z ]+: ")
_CURRENCY = re.compile(r"(?<=.) (?:usd|eur|brl|gbp|mxn|ars|clp|cop|pen|uyu)$")
_SHORT = {
    "vl": "valor",
    "vlr": "valor",
    "cod": "codigo",
    "cd": "codigo",
    "dt": "data",
    "dta": "data",
    "qt": "quantidade",
    "qtd": "quantidade",
    "qtde": "quantidade",
    "nr": "numero",
    "nro": "numero",
    "sit": "situacao",
    "resp": "responsavel",
    "cli": "cliente",
    "clte": "cliente",
    "amt": "amount",
    "cust": "customer",
    "acct": "account",
    "nbr": "number",
    "imp": "importe",
}
_PERCENTS = frozenset(["pct", "perc", "percent", "percentage", "percentual", "porcentagem", "porcentaje"])
_CODES = ("en", "pt", "es")
_NOT_AN_ID = frozenset(["name", "nome", "nombre", "record", "domain", "requester"])
GENERIC = frozenset(
    [
        "id",
        "code",
        "codigo",
        "name",
        "nome",
        "nombre",
        "date",
        "data",
        "fecha",
        "day",
        "dia",
        "type",
        "tipo",
        "value",
        "valor",
        "status",
        "estado",
        "situacao",
        "total",
        "amount",
        "kind",
        "category",
        "categoria",
        "source",
        "origem",
        "origen",
        "number",
        "month",
        "mes",
        "period",
        "periodo",
        "text",
        "open",
        "state",
        "event",
        "count",
        "response",
        "plan",
    ]
)


@dataclass(frozen=True)
class Known:
    """A known header name: the column it stands for and, in `tag`, how its values are meant.

    Tags: a unit (`minutes`, `cents`, `last_day` …), `monthly`/`annual` (what the amount covers),
    `weak` (only where nothing better is there), `trial_flag`, `answered` (the opposite of abandoned),
    `average` (to multiply by contacts handled).
    """

    column: str
    tag: str | None


@cache
def normalised(text: str) -> str:
    """Lower case words parted by single spaces: `DtCriação (UTC)` becomes `dt criacao utc`."""
    spaced = _CAMEL.sub(" ", text.strip())
    plain = "".join(c for c in unicodedata.normalize("NFKD", spaced) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z0-9]+", plain.lower()))


def says_percent(header: str) -> bool:
    """Whether a header says that its numbers are percentages: `Discount %`, `desconto_pct`, `Porcentaje`."""
    return "%" in header or bool(_PERCENTS & set(normalised(header).split()))


def variants(header: str) -> tuple[str, ...]:
    """The normalised header, then without brackets, spelled out, without a known prefix, without a currency."""
    forms = [normalised(header), normalised(_NOTE.sub(" ", header))]
    forms += [spelled for form in list(forms) for spelled in spelled_out(form)]
    forms += [_PREFIX.sub("", form) for form in list(forms)]
    forms += [_CURRENCY.sub("", form) for form in list(forms)]
    forms.append(normalised(_PREFIX.sub("", header.lower())))
    return tuple(dict.fromkeys(form for form in forms if form))


def spelled_out(form: str) -> list[str]:
    """`vl mensal` as `valor mensal`, `cod cliente` as `codigo cliente` and `codigo do cliente`."""
    written = form.split()
    long = [_SHORT.get(word, word) for word in written]
    if len(long) > 1 and long[0] in ("no", "n"):  # Nº da nota
        long[0] = "numero"
    if len(long) > 1 and long[-1] == "no":  # Invoice No.
        long[-1] = "number"
    return [" ".join(long), f"{long[0]} do {' '.join(long[1:])}"] if long != written else []


def _rows(name: str) -> list[dict[str, str]]:
    with (_HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def synonyms(table: str) -> dict[str, Known]:
    """Known header names of one canonical table, normalised."""
    found: dict[str, Known] = {}
    for row in _rows("synonyms.csv"):
        if row["table"] == table:
            for language in ("en", "pt", "es"):
                for entry in row[language].split("|"):
                    name, _, tag = entry.partition("=")
                    if name.strip():
                        found.setdefault(normalised(name), Known(row["column"], tag or None))
    if any(known.column == "account_id" for known in found.values()):
        for form in _account_ids():
            found.setdefault(form, Known("account_id", None))
    return found


@cache
def _account_ids() -> tuple[str, ...]:
    """What the customer's id is called in any table: several words, none of them a name."""
    rows = [row for row in _rows("synonyms.csv") if row["column"] == "account_id"]
    forms = {normalised(entry.partition("=")[0]) for row in rows for code in _CODES for entry in row[code].split("|")}
    return tuple(sorted(form for form in forms if " " in form and not _NOT_AN_ID & set(form.split())))


@cache
def column_languages(table: str, column: str) -> dict[str, tuple[str, ...]]:
    """The names a column is known by, per language: for documentation and tests."""
    for row in _rows("synonyms.csv"):
        if (row["table"], row["column"]) == (table, column):
            return {code: tuple(e.partition("=")[0] for e in row[code].split("|") if e) for code in ("en", "pt", "es")}
    return {}


@cache
def table_words() -> dict[str, tuple[str, ...]]:
    """Words that name a canonical table in file and sheet names."""
    return {
        row["table"]: tuple(normalised(word) for word in row["words"].split("|")) for row in _rows("table_names.csv")
    }


@cache
def words(domain: str) -> dict[str, str]:
    """Normalised word → canonical value, for a domain such as `contacts.status` or `boolean`."""
    found: dict[str, str] = {}
    for row in _rows("words.csv"):
        if row["domain"] == domain:
            found.setdefault(normalised(row["value"]), row["value"])
            for language in ("en", "pt", "es"):
                for word in row[language].split("|"):
                    found.setdefault(normalised(word), row["value"])
    found.pop("", None)
    return found
