"""A known export recognised as a whole: its declaration turned into a mapping of the file at hand."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data import schema
from data.mapping.exports import Export, Headers, exports
from data.mapping.mapping import Mapping, Match, missing_columns, table_of
from data.mapping.matching import match_headers
from data.mapping.names import normalised
from data.mapping.questions import Question
from data.readers import dates
from data.readers.durations import looks_like_clock
from data.readers.raw import RawTable

WITHOUT_CENTS = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"]
)  # currencies that payment services count whole
_MOST = 0.9
_SURE_NAME = 0.9
_OWN = ("given", "cents", "blank_is_none")
_COUNTED = ("seconds", "minutes", "hours", "days")


def recognised(raw: RawTable) -> Mapping | None:
    """The mapping of a known export, or None where the file is none; the most particular one wins.

    The mapping names the export in `known`; what it lists and no table holds is in `foreign`.
    """
    headers = Headers(raw.headers)
    scored = [(score, one) for one in exports().values() if (score := one.match(headers))]
    for _, export in sorted(scored, key=lambda pair: -pair[0]):
        if not _values_fit(raw, headers, export):
            continue
        if export.refused:
            return Mapping({}, unmapped=tuple(raw.headers), foreign=export.refused, known=export.id)
        return _Resolver(raw, headers, export).mapping()
    return None


def _values_fit(raw: RawTable, headers: Headers, export: Export) -> bool:
    for expression, pattern in export.values:
        for header in headers.find(expression)[:1]:
            texts = pa.array(raw.sample(header), pa.string())
            if len(texts) and pc.mean(pc.match_substring_regex(texts, pattern).cast(pa.float64())).as_py() < _MOST:
                return False
    return True


class _Resolver:
    """The declaration of one export, with the headers and values of one file."""

    def __init__(self, raw: RawTable, headers: Headers, export: Export) -> None:
        self._raw = raw
        self._headers = headers
        self._export = export
        self._blanks: dict[str, int] = {}

    def mapping(self) -> Mapping:
        """The mapping, with its matches and questions."""
        bodies: dict[str, dict[str, Any]] = {}
        for name, declared in self._export.tables.items():
            if "given" in declared and not self._has_values(declared["given"]):
                continue
            bodies |= self._parted(name, declared, self._body(name, declared))
        own = self._own_columns(bodies)
        found = Mapping.from_json({"tables": bodies})
        used = {header for body in found.tables.values() for header in body.headers}
        matches = [
            own.get((name, column)) or Match(name, column, source.headers, self._export.sure, "known_export")
            for name, body in found.tables.items()
            for column, source in body.columns.items()
            if source.headers
        ]
        return Mapping(
            found.tables,
            tuple(matches),
            tuple(header for header in self._raw.headers if header not in used),
            {name: lacking for name, body in found.tables.items() if (lacking := missing_columns(name, body))},
            {table_of(name): 10.0 for name in found.tables},
            known=self._export.id,
            questions=tuple(self._questions(bodies)),
        )

    def _own_columns(self, bodies: dict[str, dict[str, Any]]) -> dict[tuple[str, str], Match]:
        """Columns people added to a list of accounts themselves (segment, plan, tier), where the name is sure."""
        if "accounts" not in bodies:
            return {}
        found = Mapping.from_json({"tables": bodies})
        used = {header for body in found.tables.values() for header in body.headers}
        fed = {*bodies["accounts"]["columns"], *bodies["accounts"].get("constants", {})}
        own = {}
        for column, (match, source, _) in match_headers(self._raw, schema.tables()["accounts"]).items():
            if column not in fed and not used & set(match.headers) and match.confidence >= _SURE_NAME:
                bodies["accounts"]["columns"][column] = source.to_json()
                own["accounts", column] = match
        return own

    def _body(self, name: str, declared: dict[str, Any]) -> dict[str, Any]:
        steps = [step for given in declared.get("rows", ()) if (step := self._step(given))]
        required = schema.tables()[table_of(name)].required
        columns: dict[str, Any] = {}
        for column, given in declared["columns"].items():
            source = self._source(given, column in required)
            if source is not None:
                columns[column] = source
        for column, source in list(columns.items()):
            if isinstance(source, dict) and source.get("after", column) != column and source["after"] not in columns:
                del columns[column]
            elif isinstance(source, dict) and source.get("times", column) != column and source["times"] not in columns:
                columns[column] = _less(source, "times")  # nothing to multiply with: the amount stands for all
        body: dict[str, Any] = {"columns": columns}
        if "period" in declared and "billing_months" not in columns:
            body |= self._period(declared["period"], columns)
        if steps:
            body["rows"] = steps
        constants = body.get("constants", {}) | {
            column: value for column, value in declared.get("constants", {}).items() if column not in columns
        }
        return body | ({"constants": constants} if constants else {})

    def _period(self, declared: dict[str, str], columns: dict[str, Any]) -> dict[str, Any]:
        """The months of a billing period, from its first and last day: one for all rows, or one for each plan."""
        names = [self._first(declared[key]) for key in ("from", "to", "by")]
        if None in names[:2]:
            return {}
        months = periods(self._raw, *names)  # type: ignore[arg-type]
        if len({*months.values()}) == 1:
            return {"constants": {"billing_months": next(iter(months.values()))}}
        if months and names[2]:
            columns["billing_months"] = {"from": names[2], "values": months}
        return {}

    def _step(self, given: dict[str, Any]) -> dict[str, Any] | None:
        """A step with headers of the file; None where it looks at one the file does not have."""
        if "only" in given or "without" in given:
            kind = "only" if "only" in given else "without"
            found = {self._first(expression): values for expression, values in given[kind].items()}
            return {kind: found} if None not in found else None
        found_step: dict[str, Any] = {}
        for key, value in given.items():
            if key in ("by", "name", "value"):
                found_step[key] = value
            elif isinstance(value, list):
                headers = [header for one in value if (header := self._first(one))]
                if len(headers) < len(value):
                    return None
                found_step[key] = headers
            else:
                found_step[key] = self._first(value)
                if found_step[key] is None:
                    return None
        return found_step

    def _source(self, given: Any, required: bool) -> Any:
        """A source with headers of the file; None where it has none of them."""
        if isinstance(given, dict) and "first" in given:
            found = [source for one in given["first"] if (source := self._source(one, required)) is not None]
            return min(found, key=self._blanks_of, default=None)
        expressions = given.get("from", []) if isinstance(given, dict) else given
        listed = expressions if isinstance(expressions, list) else [expressions]
        headers = [header for one in listed if (header := self._first(one, required))]
        more = {key: value for key, value in given.items() if key != "from"} if isinstance(given, dict) else {}
        if not headers and "row_number_from" not in more:
            return None
        if "minus" in more and (taken := self._first(more.pop("minus"))) is not None:
            more["minus"] = taken
        if more.get("as") in _COUNTED and self._clock(headers[0]):
            more["as"] = "duration"
        if more.get("as") == "interval_months" and len(headers) < len(listed):
            del more["as"]  # only the interval is there: its words say the months
        shown: Any = headers[0] if len(headers) == 1 else headers
        if not more:
            return shown
        return ({"from": shown} if headers else {}) | more

    def _blanks_of(self, source: Any) -> float:
        found = source.get("from") if isinstance(source, dict) else source
        return float("inf") if found is None else self._blank(found[0] if isinstance(found, list) else found)

    def _first(self, expression: str, required: bool = False) -> str | None:
        """The header of an expression: the first with values; for a required column the one with fewest blanks."""
        headers = self._headers.find(expression)
        if len(headers) < 2:
            return headers[0] if headers else None
        if required:
            return min(headers, key=self._blank)
        return next((header for header in headers if self._raw.sample(header)), headers[0])

    def _blank(self, header: str) -> int:
        if header not in self._blanks:
            texts = pc.utf8_trim_whitespace(pc.fill_null(self._raw.frame.column(header), ""))
            self._blanks[header] = pc.sum(pc.equal(texts, "").cast(pa.int64())).as_py() or 0
        return self._blanks[header]

    def _has_values(self, expression: str) -> bool:
        found = self._headers.find(expression)
        return bool(found) and (not self._raw.frame.num_rows or any(self._raw.sample(header) for header in found))

    def _clock(self, header: str) -> bool:
        texts = self._raw.sample(header)
        return bool(texts) and looks_like_clock(pa.array(texts, pa.string()))

    def _parted(self, name: str, declared: dict[str, Any], body: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The table, in two parts where its rows must be read in two manners."""
        bodies = {name: body}
        if "cents" in declared:
            bodies = self._by_cents(name, body, declared)
        if "blank_is_none" in declared:
            taken = self._first(declared["blank_is_none"])
            if taken is not None and self._blank(taken):
                bodies = {
                    key: part
                    for one, given in bodies.items()
                    for key, part in self._by_blank(one, given, taken).items()
                }
        return bodies

    def _by_cents(self, name: str, body: dict[str, Any], declared: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Amounts of currencies without cents are not divided."""
        header = self._first(declared["cents"])
        spelled = [] if header is None else _distinct(self._raw.frame.column(header))
        whole = [text for text in spelled if normalised(text) in WITHOUT_CENTS]
        if header is None or not whole:
            return {name: body}
        undivided = body | {"columns": {column: _undivided(source) for column, source in body["columns"].items()}}
        if len(whole) == len(spelled):
            return {name: undivided}
        return {
            name: _with_step(body, {"without": {header: whole}}),
            _labelled(name, "whole"): _with_step(undivided, {"only": {header: whole}}),
        }

    def _by_blank(self, name: str, body: dict[str, Any], taken: str) -> dict[str, dict[str, Any]]:
        plain = {column: _without_minus(source, taken) for column, source in body["columns"].items()}
        if self._blank(taken) == self._raw.frame.num_rows:
            return {name: body | {"columns": plain}}
        return {
            name: _with_step(body, {"without": {taken: [""]}}),
            _labelled(name, "untaxed"): _with_step(body | {"columns": plain}, {"only": {taken: [""]}}),
        }

    def _questions(self, bodies: dict[str, Any]) -> Iterable[Question]:
        """The declared questions, where what they ask about is there."""
        for declared in self._export.questions:
            needed = {key: self._first(expression) for key, expression in declared.get("params", {}).items()}
            table = declared["table"]
            standing = [key for key in bodies if table_of(key) == table] or [table]
            if None in needed.values() or not self._asked(declared):
                continue
            for key in standing:
                options = {
                    option: {"tables": {key: self._patch(patch)}} if patch else {}
                    for option, patch in declared["options"].items()
                }
                yield Question(
                    declared["id"],
                    key,
                    options,
                    declared.get("default", ""),
                    declared.get("kind", "choice"),
                    needed,
                    declared.get("sure", 0.7),
                )

    def _asked(self, declared: dict[str, Any]) -> bool:
        """Whether the values make it a question: `unless` names a header and the one value that settles it."""
        for expression, settled in declared.get("unless", {}).items():
            header = self._first(expression)
            if header is None or all(text.strip() in settled for text in self._raw.sample(header)):
                return False
        return True

    def _patch(self, patch: dict[str, Any]) -> dict[str, Any]:
        found = dict(patch)
        if "columns" in patch:
            columns = {
                column: None if source is None else self._source(source, True)
                for column, source in patch["columns"].items()
            }
            found["columns"] = columns
        if "rows" in patch:
            found["rows"] = [step for one in patch["rows"] if (step := self._step(one))]
        return found


def periods(raw: RawTable, start: str, end: str, by: str | None) -> dict[str, int]:
    """Months between two columns of days, for each text in a third one.

    Only whole months count (a trial of a week says nothing). Texts whose rows disagree are left out, so their rows
    will be rejected as long as nobody says what holds for them.
    """
    first, last = (dates.to_dates(raw.frame.column(header).combine_chunks()).values for header in (start, end))
    keys = raw.frame.column(by).to_pylist() if by else [""] * raw.frame.num_rows
    found: dict[str, set[int]] = {}
    for key, one, other in zip(keys, first.to_pylist(), last.to_pylist(), strict=True):
        months = _whole_months(one, other) if one and other else 0
        if months:
            found.setdefault((key or "").strip(), set()).add(months)
    return {key: next(iter(months)) for key, months in found.items() if len(months) == 1}


def _whole_months(first: date, last: date) -> int:
    months = (last.year - first.year) * 12 + last.month - first.month
    same_day = first.day == last.day or ((last + timedelta(1)).day == 1 and first.day > last.day)
    return months if same_day and months > 0 else 0


def _distinct(column: pa.ChunkedArray) -> list[str]:
    texts = pc.unique(pc.utf8_trim_whitespace(pc.fill_null(column, ""))).to_pylist()
    return sorted(text for text in texts if text)


def _undivided(source: Any) -> Any:
    if not isinstance(source, dict) or source.get("as") != "cents":
        return source
    return _less(source, "as")


def _without_minus(source: Any, taken: str) -> Any:
    if not isinstance(source, dict) or source.get("minus") != taken:
        return source
    return _less(source, "minus")


def _less(source: dict[str, Any], field: str) -> Any:
    rest = {key: value for key, value in source.items() if key != field}
    return rest["from"] if list(rest) == ["from"] else rest


def _with_step(body: dict[str, Any], step: dict[str, Any]) -> dict[str, Any]:
    return body | {"rows": [*body.get("rows", []), step]}


def _labelled(name: str, label: str) -> str:
    return f"{name}-{label}" if ":" in name else f"{name}:{label}"
