"""Known exports: declarations of what well-known products write, kept as data in `known/*.json`.

A declaration names headers by expressions: `"Organization | Requester domain"` is the first of them that the file
has (and fills, where only one is filled), `"/started at \\(.+\\)/"` any header that matches, in lower case. Headers are
compared without case, accents or punctuation, so `AccountId`, `account_id` and `Account ID` are the same one.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from data.mapping.names import normalised

_FOLDER = Path(__file__).parent / "known"
_PREFIX = re.compile(r"^[A-Za-z ]+: ")


@dataclass(frozen=True)
class Export:
    """One known export.

    Attributes:
        id: Stable key, such as `stripe_payments`.
        product: The product that writes it.
        name: What people call it.
        headers: Expressions; the file must have all of them.
        some: Expressions of which at least `least` must be there.
        least: See `some`.
        without: Expressions of which none may be there.
        values: Header expression → pattern that most of its values must match, where it has values.
        tables: The mapping it gives, in the form of a mapping file with expressions for headers. Beside the fields of
            a mapping file a table may have `given` (left out where this header is not filled), `cents` (whole cents
            unless the currency has none; names the header of the currency) and `blank_is_none` (a header of `minus`
            whose blanks mean that there is nothing to take off).
        refused: Why it feeds nothing, an id of `data.mapping.refusals`; else "".
        questions: What to confirm, each an id with options as in `data.mapping.questions`.
        notes: What to know about it, by language.
        sure: How sure, 0 to 1.
    """

    id: str
    product: str
    name: str
    headers: tuple[str, ...]
    some: tuple[str, ...]
    least: int
    without: tuple[str, ...]
    values: tuple[tuple[str, str], ...]
    tables: dict[str, dict[str, Any]]
    refused: str
    questions: tuple[dict[str, Any], ...]
    notes: dict[str, str]
    sure: float

    def match(self, headers: "Headers") -> int:
        """How many of its distinctive headers a file has; 0 where it is not this export."""
        if not all(headers.find(one) for one in self.headers) or any(headers.find(one) for one in self.without):
            return 0
        met = sum(bool(headers.find(one)) for one in self.some)
        return len(self.headers) + met if met >= self.least else 0


class Headers:
    """The headers of one file, to be found by expressions."""

    def __init__(self, headers: Iterable[str]) -> None:
        self._all = list(headers)
        self._by_form: dict[str, str] = {}
        for header in self._all:
            self._by_form.setdefault(normalised(header), header)
        for header in self._all:  # "Account: Account Name" is known as "Account Name" too
            self._by_form.setdefault(normalised(_PREFIX.sub("", header)), header)

    def find(self, expression: str) -> tuple[str, ...]:
        """The headers an expression stands for, in the order it names them; empty where the file has none."""
        found: list[str] = []
        for part in _parts(expression):
            if part.startswith("/") and part.endswith("/"):
                found += [header for header in self._all if re.search(part[1:-1], header.lower())]
            elif (header := self._by_form.get(normalised(part))) is not None:
                found.append(header)
        return tuple(dict.fromkeys(found))


def _parts(expression: str) -> list[str]:
    if expression.startswith("/") and expression.endswith("/"):
        return [expression]
    return [part.strip() for part in expression.split(" | ")]


@cache
def exports() -> dict[str, Export]:
    """Every known export by id, as declared."""
    found: dict[str, Export] = {}
    for path in sorted(_FOLDER.glob("*.json")):
        declared = json.loads(path.read_text(encoding="utf-8"))
        for one in declared["exports"]:
            some = one.get("some", {})
            export = Export(
                one["id"],
                declared["product"],
                one["name"],
                tuple(one["headers"]),
                tuple(some.get("of", ())),
                int(some.get("least", 0)),
                tuple(one.get("without", ())),
                tuple(one.get("values", {}).items()),
                one.get("tables", {}),
                one.get("refused", ""),
                tuple(one.get("questions", ())),
                one.get("notes", {}),
                float(one.get("sure", 0.97)),
            )
            if export.id in found:
                raise ValueError(f"known export {export.id!r} is declared twice")
            found[export.id] = export
    return found
