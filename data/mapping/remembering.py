"""Mappings of a workspace found again for the next file of the same source, by its headers."""

import hashlib
import json
from collections.abc import Mapping as Pairs
from typing import Any

from data.mapping.mapping import Mapping, table_of
from data.problems import DataProblem
from data.readers.raw import RawTable

_PREFIX = "columns:"
_MOST_KEPT = 200  # headers of a signature: the smallest digests stand for all, so keys of a database stay short
_ALIKE, _HALF_ALIKE = 0.7, 0.5


def signature(raw: RawTable) -> str:
    """A name for files with these headers, whatever their order, under which a mapping is remembered."""
    return _PREFIX + "".join(sorted(_digests(raw.headers))[:_MOST_KEPT])


def remembered(raw: RawTable, mappings: Pairs[str, Pairs[str, Any]]) -> Mapping | None:
    """The mapping of the workspace that was made for files like this one.

    Args:
        raw: The file as read.
        mappings: Mapping files by the `signature` of the file they were made for.

    Returns:
        The mapping with headers spelled as in this file, or None. The very same headers come first, in any order;
        else the source whose headers are most alike (seven in ten or more), as after a column was added, as long
        as every header the mapping reads is still there.
    """
    own = signature(raw)
    for exact in (own, _signature_in_order(raw)):
        if exact in mappings and (found := _bound(raw, mappings[exact])) is not None:
            return found
    mine = _parts(own)
    likeness = {other: _alike(mine, _parts(other)) for other in mappings if other.startswith(_PREFIX)}
    for other in sorted(likeness, key=lambda one: (-likeness[one], one)):
        if likeness[other] < _ALIKE:
            return None
        if (found := _bound(raw, mappings[other])) is not None:
            return found
    return None


def outgrown(raw: RawTable, mappings: Pairs[str, Pairs[str, Any]]) -> tuple[set[str], tuple[str, ...]] | None:
    """The mapping of the source most like this file that reads headers which are not here.

    Returns:
        The tables it feeds and those headers; None when no source is like it (half of the headers or more).
    """
    mine = _parts(signature(raw))
    likeness = {other: _alike(mine, _parts(other)) for other in mappings if other.startswith(_PREFIX)}
    best = max(sorted(likeness), key=lambda one: likeness[one], default=None)
    if best is None or likeness[best] < _HALF_ALIKE:
        return None
    try:
        mapping = Mapping.from_json(dict(mappings[best]))
    except DataProblem:
        return None
    here = {" ".join(header.casefold().split()) for header in raw.headers}
    read = dict.fromkeys(header for body in mapping.tables.values() for header in body.headers)
    gone = tuple(header for header in read if " ".join(header.casefold().split()) not in here)
    return (set(map(table_of, mapping.tables)), gone) if gone else None


def _signature_in_order(raw: RawTable) -> str:
    """The signature of the first releases, which knew the order of headers."""
    return "headers:" + hashlib.sha256(json.dumps(raw.headers).encode()).hexdigest()[:24]


def _digests(headers: list[str]) -> set[str]:
    forms = {" ".join(header.casefold().split()) for header in headers}
    return {hashlib.sha256(form.encode()).hexdigest()[:8] for form in forms}


def _parts(signed: str) -> frozenset[str]:
    digests = signed.removeprefix(_PREFIX)
    return frozenset(digests[i : i + 8] for i in range(0, len(digests), 8))


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0


def _bound(raw: RawTable, body: Pairs[str, Any]) -> Mapping | None:
    """None where the mapping reads a header that is not here, or was made by another version."""
    try:
        return Mapping.from_json(dict(body)).bound(raw.headers, raw.name)
    except DataProblem:
        return None
