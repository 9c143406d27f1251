"""Which canonical tables a file feeds, and with which headers: the suggestion people confirm or change."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data import schema
from data.mapping import by_values, forms, telling
from data.mapping.answers import ASKED, kind_by_values, kind_of, parted, scores_in
from data.mapping.forms import months_in
from data.mapping.mapping import Mapping, Match, Source, TableMapping, missing_columns, table_of
from data.mapping.matching import Found, match_headers, repeats
from data.mapping.names import GENERIC, normalised, synonyms, variants
from data.mapping.questions import Question
from data.mapping.recognise import recognised
from data.readers import numbers
from data.readers.raw import RawTable

_NUMBERED = ("contact_id", "invoice_id", "response_id", "renewal_id", "referral_id", "contract_id")
_WEAK = 3.5
_PULSE = frozenset(
    ["health", "health rating", "pulse", "pulso", "salud", "saude", "sentiment", "sentimento", "sentimiento"]
)
_OWN_SUBSCRIPTIONS = ("accounts", "subscriptions", "contracts")
_PHONE = re.compile(r"\b(?:call|calls|ligacao|ligacoes|chamada|chamadas|llamada|llamadas|phone|telefone|telefono)\b")


def suggest(raw: RawTable, tables: list[str] | None = None, accounts: pa.Array | None = None) -> Mapping:
    """Suggest what a table of text feeds.

    Args:
        raw: The table as read.
        tables: Canonical tables to map to; found by best fit when left out.
        accounts: Ids of the accounts the workspace knows; a column that holds them is the account.

    Returns:
        A mapping with matches and confidences. A table whose required columns are not all found is
        still suggested when nothing fits better, with them under `missing`.
    """
    whole = recognised(raw)
    if whole is not None and (not tables or set(tables) <= {table_of(key) for key in whole.tables}):
        return _only(whole, tables) if tables else whole
    known = schema.tables()
    fits = {name: _Fit(raw, table, accounts) for name, table in known.items() if tables is None or name in tables}
    chosen = list(tables) if tables else [max(fits.values(), key=lambda fit: (fit.complete, fit.score)).name]
    best_incomplete = max(fits.values(), key=lambda fit: fit.score)
    if (
        not tables
        and best_incomplete.named
        and not fits[chosen[0]].named
        and best_incomplete.score > fits[chosen[0]].score
    ):
        chosen = [best_incomplete.name]
    if not tables and (kind := telling.by_object(raw)) is not None:
        chosen = [kind]
    months = months_in(raw) if tables is None or "monthly" in tables else {}
    if months and not (len(chosen) == 1 and fits[chosen[0]].complete and chosen[0] not in ("accounts", "monthly")):
        account = fits["monthly"].found.get("account_id") or _first_text(raw, months)
        if account is not None:
            return _wide(raw, months, account, fits)
    foreign = "" if tables else telling.foreign(raw, chosen[0])
    if foreign or (not tables and fits[chosen[0]].score < _WEAK):
        chosen = [] if foreign else _named_and_filled(raw, fits)
    if not tables and chosen in (["accounts"], ["subscriptions"]) and telling.by_object(raw) is None:
        chosen = _customers_with_terms(raw, chosen[0], fits)
    if not tables and chosen == ["contacts"]:
        answers = _answers_within(raw, fits["contacts"])
        if answers:
            fits["surveys"] = answers
            chosen.append("surveys")
    mapped = {name: fits[name].mapping for name in chosen}
    matches = [match for name in chosen for match in fits[name].matches]
    for name, body in list(mapped.items()):
        if lacking := missing_columns(name, body):
            mapped[name], more = by_values.filled(raw, name, body, lacking)
            matches += more
    scores = scores_in(raw) if "surveys" in mapped else {}
    if len(scores) > 1 and "surveys" not in (tables or ()):
        labelled, how = parted(mapped.pop("surveys"), scores, 0.85)
        mapped |= labelled
        matches = [match for match in matches if match.table != "surveys"] + how
    questions = _questions(raw, fits, mapped)
    missing = {name: lacking for name, body in mapped.items() if (lacking := missing_columns(name, body))}
    used = {header for table in mapped.values() for header in table.headers}
    return Mapping(
        mapped,
        tuple(matches),
        tuple(header for header in raw.headers if header not in used),
        missing,
        {name: round(fit.score, 2) for name, fit in fits.items()},
        foreign,
        questions=tuple(questions),
    )


def _named_and_filled(raw: RawTable, fits: dict[str, "_Fit"]) -> list[str]:
    """The table a file is called after, where names and values together give all it needs; else none."""
    named = max((fit for fit in fits.values() if fit.named and fit.found), key=lambda fit: fit.score, default=None)
    if named is None:
        return []
    lacking = missing_columns(named.name, named.mapping)
    body, _ = by_values.filled(raw, named.name, named.mapping, lacking)
    return [] if missing_columns(named.name, body) else [named.name]


def _only(whole: Mapping, tables: list[str]) -> Mapping:
    """A known export, for the tables that were asked for."""
    kept = {key: body for key, body in whole.tables.items() if table_of(key) in tables}
    used = {header for body in kept.values() for header in body.headers}
    every = [*whole.unmapped, *(header for body in whole.tables.values() for header in body.headers)]
    return replace(
        whole,
        tables=kept,
        matches=tuple(match for match in whole.matches if match.table in kept),
        unmapped=tuple(header for header in dict.fromkeys(every) if header not in used),
        missing={key: lacking for key, lacking in whole.missing.items() if key in kept},
        questions=tuple(question for question in whole.questions if table_of(question.table) in tables),
    )


def _questions(raw: RawTable, fits: dict[str, "_Fit"], mapped: dict[str, TableMapping]) -> list[Question]:
    """What to confirm about the tables chosen; sums lines in `mapped` where they are lines."""
    found: list[Question | None] = []
    if "invoices" in mapped:
        lines = forms.summed_lines(raw, "invoices", mapped["invoices"], "invoice_id")
        if lines is not None:
            mapped["invoices"] = lines[0]
            found.append(lines[1])
    for name, body in mapped.items():
        guess = fits[name].found.get("amount") if name in fits else None
        if guess is not None and guess[0].how == "in_cents":
            found.append(forms.whole_numbers(name, "amount", body.columns["amount"]))
        if name == "subscriptions":
            found.append(forms.ends_of_months(raw, name, body))
        if name == "contact_totals" and "day" not in body.columns:
            found.append(forms.first_day())
    if list(mapped) == ["accounts"]:
        found.append(forms.snapshot(raw, mapped["accounts"]))
    return [question for question in found if question is not None]


def _wide(raw: RawTable, months: dict[str, date], account: Found, fits: dict[str, "_Fit"]) -> Mapping:
    """One row for each account and one column for each month."""
    body, matches, question = forms.unpivoted(raw, months, account[1])
    used = body.headers
    return Mapping(
        {"monthly": body},
        (account[0], *matches),
        tuple(header for header in raw.headers if header not in used),
        scores={name: round(fit.score, 2) for name, fit in fits.items()},
        questions=(question,),
    )


def _first_text(raw: RawTable, months: dict[str, date]) -> Found | None:
    """The first column without repeats that is not a month, as the account nobody named."""
    for header in raw.headers:
        if header not in months and raw.sample(header) and not repeats(raw, header):
            return Match("monthly", "account_id", (header,), 0.5, "by_values"), Source((header,)), None
    return None


class _Fit:
    """How one canonical table fits a file: columns found, what can be filled in, and a score."""

    def __init__(self, raw: RawTable, table: schema.Table, accounts: pa.Array | None = None) -> None:
        self.name = table.name
        self.table = table
        self.found: dict[str, Found] = match_headers(raw, table, accounts)
        self.constants: dict[str, Any] = {}
        kind = telling.by_object(raw)
        self.named = telling.named_after(raw, table.name) if kind is None else 1.0 * (kind == table.name)
        self._fill_in(raw)
        self._settle_key(raw)
        self.doubtful = self._says_little(raw)
        self.score = self._score(raw) - 4.0 * self.doubtful

    @property
    def mapping(self) -> TableMapping:
        """The mapping of this table."""
        order = [column for column in self.table.columns if column in self.found]
        return TableMapping({column: self.found[column][1] for column in order}, dict(self.constants))

    @property
    def matches(self) -> list[Match]:
        """Each column found."""
        return [self.found[column][0] for column in self.table.columns if column in self.found]

    @property
    def complete(self) -> bool:
        """Whether all required columns have a source, and more than a day of some account tells that it is this."""
        return not self.doubtful and not missing_columns(self.name, self.mapping)

    def _says_little(self, raw: RawTable) -> bool:
        """Whether whose row it is, and a column called just "date", is all that was found of more columns."""
        real = {column: match.headers for column, (match, _, _) in self.found.items() if match.headers}
        if self.name == "accounts":
            return telling.about_a_day(raw, real)
        rest = [headers for column, headers in real.items() if column != "account_id"]
        used = {header for headers in real.values() for header in headers}
        others = any(header not in used and raw.sample(header) for header in raw.headers)
        return (
            not self.named and others and len(rest) <= 1 and all(normalised(h) in GENERIC for one in rest for h in one)
        )

    def _fill_in(self, raw: RawTable) -> None:
        columns = self.table.columns
        if (
            self.name not in _OWN_SUBSCRIPTIONS
            and "account_id" in columns
            and columns["account_id"].required
            and "account_id" not in self.found
        ):
            self._look_up(raw)
        for column in _NUMBERED:
            if column in columns and column not in self.found and columns[column].required and len(self.found) >= 2:
                self._put(
                    column, Source(row_number_from=f"{normalised(raw.name).replace(' ', '-')[:40]}-"), 0.3, "numbered"
                )
        if self.name == "renewals":
            self._amount_of_renewals(raw)
        if self.name == "sentiment" and "rater" not in self.found and "score" in self.found:
            self._rater(raw)
        if self.name == "subscriptions" and "subscription_id" not in self.found:
            self._make_up_subscriptions(raw)
        if self.name in ("invoices", "subscriptions") and (
            telling.by_object(raw) or "livemode" in {normalised(header) for header in raw.headers}
        ):
            self._in_cents(raw)
        tag = self.found["amount"][2] if "amount" in self.found else None
        if tag in ("monthly", "monthly_cents", "annual") and "billing_months" in columns:
            self.found.pop("billing_months", None)
            self.constants["billing_months"] = 12 if tag == "annual" else 1
        if "recurring_amount" in self.found and self.found["recurring_amount"][2] in ("monthly", "annual"):
            self.found.pop("billing_months", None)
            self.constants["billing_months"] = 12 if self.found["recurring_amount"][2] == "annual" else 1
        counted = next((column for column in ("quantity", "seats") if column in self.found), None)
        if tag == "per_unit" and counted:
            match, source, _ = self.found["amount"]
            self.found["amount"] = (match, replace(source, times=counted), tag)
        if self.name == "surveys" and "kind" not in self.found and "score" in self.found:
            kind = kind_of(self.found["score"][1].headers[0], raw.name)
            if kind:
                self.constants["kind"] = kind
        if self.name == "contacts" and "contact_id" in self.found and "channel" not in self.found:
            key = " ".join(self.found["contact_id"][1].headers)
            if _PHONE.search(normalised(key)):
                self.constants["channel"] = "phone"

    def _amount_of_renewals(self, raw: RawTable) -> None:
        """A column called just "amount" is what is up for renewal, where others tell that these are renewals."""
        telling_apart = [name for name in ("renewal_id", "renewed_amount") if name in self.found]
        if "due_amount" in self.found or not any(self.found[name][0].headers for name in telling_apart):
            return
        used = {header for match, _, _ in self.found.values() for header in match.headers}
        known = synonyms("invoices")
        for header in raw.headers:
            form = normalised(header)
            if header not in used and form in known and known[form].column == "amount" and raw.sample(header):
                self._put("due_amount", Source((header,)), 0.7, "guessed")
                return

    def _rater(self, raw: RawTable) -> None:
        """How an account feels, beside the name of who looks after it: that person's rating."""
        known = synonyms("accounts")
        header = self.found["score"][1].headers[0]
        top = pc.max(numbers.to_numbers(pa.array(raw.sample(header), pa.string())).values).as_py()
        if top is None or top > 10:
            return  # a computed score of 0 to 100 is nobody's rating
        if normalised(header) in _PULSE and any(
            form in known and known[form].column == "csm" for header in raw.headers for form in variants(header)
        ):
            self.constants["rater"] = "csm"

    def _settle_key(self, raw: RawTable) -> None:
        """In a file named after the table, a column called just "id" without repeats is its key."""
        key = self.table.key[0] if self.table.key else ""
        match, source, tag = self.found.get(key, (None, None, None))
        if match is None or source is None or not self.named or not source.headers or match.confidence >= 0.8:
            return
        if normalised(source.headers[0]) == "id" and not repeats(raw, source.headers[0]):
            self.found[key] = (replace(match, confidence=0.85, how="name_and_values"), source, tag)

    def _make_up_subscriptions(self, raw: RawTable) -> None:
        """A list of customers with what they pay: the customer, with the product where it comes twice, is the key."""
        if not {"account_id", "started_on", "amount"} <= set(self.found):
            return
        headers = self.found["account_id"][1].headers
        start = self.found["started_on"][1].headers
        if "product" in self.found and _repeat_together(raw, (*headers, *start)):
            headers = (*headers, *self.found["product"][1].headers)
        self._put("subscription_id", Source(headers), 0.85, "made_up")

    def of_customers(self, raw: RawTable, accounts: "_Fit") -> None:
        """Take the account from a list of customers, whose code may be called just "code" or "id"."""
        match, source, _ = accounts.found["account_id"]
        if source.headers and not repeats(raw, source.headers[0]):
            self._put("account_id", source, match.confidence, match.how)
            if "subscription_id" not in self.found:
                self._make_up_subscriptions(raw)

    def _in_cents(self, raw: RawTable) -> None:
        """Tables as a payment service keeps them (with `livemode`) count in the smallest unit of a currency."""
        if "amount" not in self.found or self.found["amount"][1].unit is not None:
            return
        match, source, tag = self.found["amount"]
        texts = [text for header in source.headers for text in raw.sample(header)]
        if texts and all(text.strip().lstrip("-").isdigit() for text in texts):
            self.found["amount"] = (replace(match, confidence=0.75, how="in_cents"), replace(source, unit="cents"), tag)

    def _look_up(self, raw: RawTable) -> None:
        names = {
            form for form, known in synonyms("subscriptions").items() if known.column == "subscription_id"
        } - GENERIC
        for header in raw.headers:
            if set(variants(header)) & names:
                self._put("account_id", Source((header,), lookup="subscriptions"), 0.6, "lookup")
                return

    def _put(self, column: str, source: Source, confidence: float, how: str) -> None:
        self.found[column] = (Match(self.name, column, source.headers, confidence, how), source, None)

    def _score(self, raw: RawTable) -> float:
        score = 0.0
        for column, (match, _, _) in self.found.items():
            distinctive = sum(column in other.columns for other in schema.tables().values()) == 1
            score += match.confidence * (2.0 if distinctive else 1.0) * (match.how not in ("numbered", "made_up"))
        required = self.table.required
        real = [c for c in required if c in self.found and self.found[c][0].how not in ("numbered", "made_up")]
        score += 3.0 * len(real) / len(required)
        score -= 2.0 * len(missing_columns(self.name, self.mapping))
        score += 5.0 * self.named
        if (
            "account_id" not in self.table.columns
            and "referrer_account_id" not in self.table.columns
            and telling.has_account(raw)
        ):
            score -= 3.0
        key = self.table.key[0] if len(self.table.key) == 1 else None
        if key in self.found and self.found[key][1].headers and repeats(raw, self.found[key][1].headers[0]):
            lines = key == "invoice_id" and forms.summed_lines(raw, self.name, self.mapping, key) is not None
            score -= 0.0 if lines else 4.0
        if key in self.found and self.found[key][1].headers and not self.named:
            score -= 3.0 * (normalised(self.found[key][1].headers[0]) in GENERIC)
        return score


def _customers_with_terms(raw: RawTable, chosen: str, fits: dict[str, "_Fit"]) -> list[str]:
    """Both tables where one list names customers and says since when they pay how much; else the one chosen."""
    accounts, terms = fits.get("accounts"), fits.get("subscriptions")
    if accounts is None or terms is None or not {"account_id", "name"} <= set(accounts.found):
        return [chosen]
    if chosen == "accounts" and "account_id" not in terms.found:
        terms.of_customers(raw, accounts)
    same = terms.found.get("account_id")
    paid = same is not None and {"started_on", "amount"} <= set(terms.found) and terms.complete
    if not paid or same is None or same[1].headers != accounts.found["account_id"][1].headers:
        return [chosen]
    return ["subscriptions", "accounts"]


def _repeat_together(raw: RawTable, headers: tuple[str, ...]) -> bool:
    """Whether several columns together hold the same values twice, judged on the first rows."""
    rows = raw.frame.select(list(headers)).slice(0, 20_000)
    return rows.group_by(list(headers)).aggregate([]).num_rows < rows.num_rows


def _answers_within(raw: RawTable, contacts: _Fit) -> _Fit | None:
    """The survey answers inside a list of contacts, when there is a column of ratings."""
    fit = _Fit(raw, schema.tables()["surveys"])
    asked = fit.found.get("score") or fit.found.get("label")
    if asked is None or not raw.sample(asked[1].headers[0]) or not ASKED.search(normalised(asked[1].headers[0])):
        return None
    column = asked[0].column
    fit.found = {column: asked}
    for target, source in (("response_id", "contact_id"), ("account_id", "account_id"), ("channel", "channel")):
        if source in contacts.found:
            _, origin, _ = contacts.found[source]
            fit._put(target, origin, contacts.found[source][0].confidence, "guessed")
    when = "solved_at" if _always_there(raw, contacts, "solved_at") else "opened_at"
    if when in contacts.found:
        fit._put("responded_at", contacts.found[when][1], contacts.found[when][0].confidence, "guessed")
    fit.constants = {"kind": kind_of(asked[1].headers[0], raw.name) or kind_by_values(raw, asked[1].headers[0])}
    if "channel" in contacts.constants:
        fit.constants["channel"] = contacts.constants["channel"]
    return fit if fit.complete else None


def _always_there(raw: RawTable, fit: _Fit, column: str) -> bool:
    if column not in fit.found or fit.found[column][1].after:
        return False
    values = raw.frame.column(fit.found[column][1].headers[0]).slice(0, 5000)
    return all(text is not None and text.strip() for text in values.to_pylist())
