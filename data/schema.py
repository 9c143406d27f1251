"""The canonical tables: the one place that knows columns.

Everything else is derived from here: engine views, import checks, mapping suggestions, template
files and the documentation page. A table may carry extra columns; they are kept under their own
name and can be used as segments.

Two names in a table's metadata matter to the rest of `data`: `key`, the columns that identify a
row (for upsert and duplicate checks), and `observed`, the dates that say how far the data reach
(plans such as due dates never do).
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, get_args

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


def column(meaning: str, example: Any, *, key: bool = False, required: bool = False, unit: str | None = None) -> Any:
    """Declare a column: what it means, an example, whether a row must have it, and its unit."""
    required = required or key
    sa_type: Any = (
        {"sa_type": sa.DateTime} if isinstance(example, datetime) else {}
    )  # wall-clock time of the workspace's zone
    extra = {"json_schema_extra": {"example": example, "unit": unit, "required": required}}
    if key:
        return Field(primary_key=True, description=meaning, schema_extra=extra, **sa_type)
    return Field(default=None, nullable=not required, description=meaning, schema_extra=extra, **sa_type)


def row_number() -> Any:
    """The surrogate key of a table without a natural one, numbered by Farol when rows are committed."""
    return Field(default=None, primary_key=True, sa_type=sa.BigInteger, description="Row number given by Farol.")


class Accounts(SQLModel, table=True):
    """Customers, one row each, with the attributes that screens can break numbers down by."""

    account_id: str = column("The customer's id in your systems", "C-1042", key=True)
    name: str | None = column("Customer name", "Porto Química")
    created_on: date | None = column("Day the customer was created or signed up", date(2024, 3, 1))
    segment: str | None = column("Segment or size class", "SMB")
    plan: str | None = column("Plan the customer is on", "Pro")
    industry: str | None = column("Industry", "Retail")
    country: str | None = column("Country", "BR")
    region: str | None = column("State or region", "SP")
    csm: str | None = column("Customer success manager in charge", "Ana")
    channel: str | None = column("Channel that brought the customer", "Inbound")
    currency: str | None = column("Currency the customer is billed in", "BRL")
    seats: int | None = column("Seats or licences paid for", 25)
    parent_account_id: str | None = column("Id of the parent customer", "C-1000")
    is_test: bool | None = column("True for test accounts; they are left out everywhere", False)


class Subscriptions(SQLModel, table=True):
    """Recurring subscriptions, one row per stretch of constant terms."""

    subscription_id: str = column("Subscription id", "S-77", key=True)
    started_on: date = column("First day of these terms", date(2024, 3, 1), key=True)
    account_id: str = column("Customer id", "C-1042", required=True)
    amount: float = column(
        "Total per billing period, after quantity, before discount, net of tax", 1200.0, required=True, unit="money"
    )
    ended_on: date | None = column("First day without these terms; empty while open", date(2025, 3, 1))
    product: str | None = column("Product; empty means the one product", "Core")
    plan: str | None = column("Plan", "Pro")
    notice_days: int | None = column("Days of notice before the end", 30, unit="days")
    billing_months: float | None = column("Months in a billing period; empty means 1", 12, unit="months")
    quantity: float | None = column("Quantity billed", 10)
    seats: int | None = column("Seats or licences included", 10)
    discount: float | None = column("Discount per billing period, same unit as amount", 100.0, unit="money")
    discount_kind: str | None = column("permanent or temporary", "permanent")
    currency: str | None = column("Currency", "BRL")
    status: str | None = column("Status of this stretch: active, paused, trial, free or unpaid", "active")
    is_metered: bool | None = column("True for usage-priced amounts", False)
    cancelled_on: date | None = column("Day of the notice or decision to leave", date(2025, 1, 20))
    cancel_reason: str | None = column("Reason given", "Changed supplier")
    voluntary: bool | None = column("False when the customer did not choose to leave (failed payment)", True)


class Contracts(SQLModel, table=True):
    """Signed contracts with their full term."""

    contract_id: str = column("Contract id", "K-9", key=True)
    account_id: str = column("Customer id", "C-1042", required=True)
    starts_on: date = column("First day of the term", date(2024, 3, 1), required=True)
    recurring_amount: float = column("Amount per billing period, net of tax", 100000.0, required=True, unit="money")
    billing_months: float = column("Months in a billing period", 12, required=True, unit="months")
    term_months: float = column("Length of the term", 36, required=True, unit="months")
    one_off_fees: float | None = column("Set-up and other one-off fees", 30000.0, unit="money")
    signed_on: date | None = column("Day of signature", date(2024, 2, 10))
    currency: str | None = column("Currency", "BRL")


class ChurnEvents(SQLModel, table=True):
    """Departures as the company records them itself."""

    __tablename__ = "churn_events"
    row_id: int | None = row_number()
    account_id: str = column("Customer id", "C-1042", required=True)
    event_on: date = column("Day of the departure", date(2025, 3, 1), required=True)
    reason: str | None = column("Reason", "Budget")
    voluntary: bool | None = column("False when the customer did not choose to leave", True)


class Renewals(SQLModel, table=True):
    """Renewals that came or will come due."""

    renewal_id: str = column("Renewal id", "R-5", key=True)
    account_id: str = column("Customer id", "C-1042", required=True)
    due_on: date = column("Day the renewal is due", date(2025, 3, 1), required=True)
    due_amount: float = column("Amount up for renewal", 12000.0, required=True, unit="money")
    outcome: str | None = column("renewed, churned or pending", "renewed")
    decided_on: date | None = column("Day of the decision", date(2025, 2, 15))
    renewed_amount: float | None = column("Amount renewed", 11000.0, unit="money")
    currency: str | None = column("Currency", "BRL")


class Invoices(SQLModel, table=True):
    """Invoices, credit notes and orders."""

    invoice_id: str = column("Invoice or order id", "F-2024-001", key=True)
    account_id: str = column("Customer id", "C-1042", required=True)
    issued_on: date = column("Day of issue", date(2024, 3, 1), required=True)
    amount: float = column(
        "Amount net of tax; credit notes negative or kind credit", 1200.0, required=True, unit="money"
    )
    due_on: date | None = column("Due date", date(2024, 3, 31))
    paid_on: date | None = column("Day of payment", date(2024, 3, 20))
    status: str | None = column("open, paid or void", "paid")
    kind: str | None = column("recurring, one_off or credit", "recurring")
    currency: str | None = column("Currency", "BRL")


class Usage(SQLModel, table=True):
    """Product use, one row per user, day and feature (or any finer event)."""

    row_id: int | None = row_number()
    account_id: str = column("Customer id", "C-1042", required=True)
    used_on: date = column("Day of use", date(2024, 3, 5), required=True)
    user_id: str | None = column("User id", "ana@porto.example")
    feature: str | None = column("Feature used", "reports")
    events: int | None = column("Number of events; empty means 1", 3)


class UsageDaily(SQLModel, table=True):
    """Daily totals of product use per customer."""

    __tablename__ = "usage_daily"
    account_id: str = column("Customer id", "C-1042", key=True)
    used_on: date = column("Day", date(2024, 3, 5), key=True)
    active_users: int | None = column("Users active that day", 12)
    seats: int | None = column("Seats or licences that day", 25)
    events: int | None = column("Events that day", 340)
    features_used: int | None = column("Features used that day", 6)
    features_available: int | None = column("Features the customer may use", 20)


class Contacts(SQLModel, table=True):
    """Tickets, calls and chats."""

    contact_id: str = column("Contact, ticket or call id", "T-881", key=True)
    opened_at: datetime = column("When it was opened", datetime(2024, 3, 5, 9, 30), required=True)
    account_id: str | None = column("Customer id", "C-1042")
    channel: str | None = column("phone, email, chat …", "phone")
    category: str | None = column("Subject or category", "Billing")
    status: str | None = column("open, pending or solved", "solved")
    first_response_at: datetime | None = column("First reply from a person", datetime(2024, 3, 5, 10, 2))
    solved_at: datetime | None = column("Last time it was solved", datetime(2024, 3, 6, 15, 0))
    reopens: int | None = column("Times reopened", 0)
    agent_replies: int | None = column("Replies from the team", 1)
    handle_seconds: float | None = column("Talk, hold and wrap-up together", 224, unit="seconds")
    talk_seconds: float | None = column("Talk time", 155, unit="seconds")
    hold_seconds: float | None = column("Hold time", 23, unit="seconds")
    wrap_up_seconds: float | None = column("Wrap-up time", 46, unit="seconds")
    queue_seconds: float | None = column("Time waited in the queue", 12, unit="seconds")
    abandoned: bool | None = column("True when the person gave up before being answered", False)
    first_contact: bool | None = column("True for the first contact about an issue", True)
    fixed: bool | None = column("True when this contact fixed the issue", True)
    sla_due_at: datetime | None = column("Deadline", datetime(2024, 3, 7, 9, 30))
    is_spam: bool | None = column("True for spam", False)
    merged_into: str | None = column("Id of the contact it was merged into", "T-880")


class ContactTotals(SQLModel, table=True):
    """Daily figures of a telephone or chat system."""

    __tablename__ = "contact_totals"
    row_id: int | None = row_number()
    day: date = column("Day", date(2024, 3, 5), required=True)
    offered: int = column("Contacts that arrived", 412, required=True)
    channel: str | None = column("phone, chat …", "phone")
    abandoned: int | None = column("Contacts that gave up in the queue", 21)
    short_abandoned: int | None = column("Of those, the ones that gave up within a few seconds", 6)
    handled: int | None = column("Contacts answered", 391)
    handle_seconds: float | None = column("Handle time of the answered contacts, summed", 87584, unit="seconds")
    queue_seconds: float | None = column("Queue time of the answered contacts, summed", 9800, unit="seconds")
    within_service_level: int | None = column("Answered within the service level", 350)


class Surveys(SQLModel, table=True):
    """Survey answers: NPS, CSAT, CES, employee NPS."""

    response_id: str = column("Answer id", "A-31", key=True)
    kind: str = column("nps, csat, ces, enps or other", "nps", required=True)
    responded_at: datetime = column("When it was answered", datetime(2024, 3, 9, 11, 0), required=True)
    score: float | None = column("Score; empty when the answer is a word", 9)
    label: str | None = column("Answer in words, when there is no score", "Satisfied")
    scale_min: float | None = column("Lowest score of the scale", 0)
    scale_max: float | None = column("Highest score of the scale", 10)
    higher_is_better: bool | None = column("False when a low score is good (some effort scales)", True)
    account_id: str | None = column("Customer id", "C-1042")
    respondent_id: str | None = column("Person who answered", "ana@porto.example")
    is_transactional: bool | None = column("True when asked after an interaction", False)
    journey_stage: str | None = column("Stage of the customer journey", "Onboarding")
    touchpoint: str | None = column("Touchpoint", "Support")
    channel: str | None = column("Channel", "email")
    comment: str | None = column("Comment", "Quick answer, thanks")


class Sentiment(SQLModel, table=True):
    """How the relationship feels, rated by the customer or by the CSM."""

    row_id: int | None = row_number()
    account_id: str = column("Customer id", "C-1042", required=True)
    rated_on: date = column("Day of the rating", date(2024, 3, 9), required=True)
    rater: str = column("customer or csm", "csm", required=True)
    score: float = column("Rating", 4, required=True)
    scale_min: float = column("Lowest rating of the scale", 1, required=True)
    scale_max: float = column("Highest rating of the scale", 5, required=True)
    note: str | None = column("Note", "Champion is leaving")


class Referrals(SQLModel, table=True):
    """Referrals made by customers."""

    referral_id: str = column("Referral id", "I-12", key=True)
    referrer_account_id: str = column("Customer who referred", "C-1042", required=True)
    referred_on: date = column("Day of the referral", date(2024, 3, 9), required=True)
    referred_account_id: str | None = column("Customer who came of it", "C-1107")
    status: str | None = column("open, won or lost", "won")
    won_on: date | None = column("Day it was won", date(2024, 4, 2))
    value: float | None = column("Value of the referral", 900.0, unit="money")
    reward_cost: float | None = column("Cost of the reward given", 100.0, unit="money")
    rewarded_on: date | None = column("Day of the reward", date(2024, 4, 10))
    currency: str | None = column("Currency", "BRL")


class Costs(SQLModel, table=True):
    """Costs of winning and serving customers."""

    row_id: int | None = row_number()
    spent_on: date = column("Day of the cost", date(2024, 3, 1), required=True)
    amount: float = column("Amount, net of tax", 18000.0, required=True, unit="money")
    kind: str = column("sales, marketing, cs, cogs or other", "marketing", required=True)
    channel: str | None = column("Acquisition channel it was spent on", "Inbound")
    segment: str | None = column("Segment it was spent on", "SMB")
    currency: str | None = column("Currency", "BRL")


class FxRates(SQLModel, table=True):
    """Exchange rates for invoices and costs."""

    __tablename__ = "fx_rates"
    currency: str = column("Currency", "USD", key=True)
    valid_from: date = column("First day of the rate", date(2024, 3, 1), key=True)
    rate: float = column("Units of the reporting currency for one unit", 5.12, required=True)


class Observations(SQLModel, table=True):
    """Any metric of the company's own."""

    row_id: int | None = row_number()
    metric: str = column("Name of the metric", "onboarding_done", required=True)
    observed_on: date = column("Day", date(2024, 3, 1), required=True)
    numerator: float = column("Value, or the upper part of a ratio", 12, required=True)
    denominator: float | None = column("Lower part of a ratio", 20)
    account_id: str | None = column("Customer id", "C-1042")


class Monthly(SQLModel, table=True):
    """One row per account and month, for teams whose only export looks like that."""

    account_id: str = column("Customer id", "C-1042", key=True)
    month: date = column("First day of the month", date(2024, 3, 1), key=True)
    mrr: float | None = column("MRR at the end of the month", 1200.0, unit="money")


@dataclass(frozen=True)
class Column:
    """One column of a canonical table. `type` is one of str, date, datetime, float, int, bool."""

    name: str
    type: type
    required: bool
    meaning: str
    example: Any
    unit: str | None


@dataclass(frozen=True)
class Table:
    """One canonical table. `key` identifies a row; `observed` are the dates that move the as-of date."""

    name: str
    model: type[SQLModel]
    key: tuple[str, ...]
    observed: tuple[str, ...]
    meaning: str
    columns: dict[str, Column]

    @property
    def sql(self) -> sa.Table:
        """The SQLAlchemy table that measures are written on."""
        return self.model.__table__  # type: ignore[attr-defined]

    @property
    def required(self) -> tuple[str, ...]:
        """Columns without which a row is rejected."""
        return tuple(c.name for c in self.columns.values() if c.required)


_OBSERVED: dict[type[SQLModel], tuple[str, ...]] = {
    Accounts: ("created_on",),
    Subscriptions: ("started_on", "ended_on", "cancelled_on"),
    Contracts: ("starts_on", "signed_on"),
    ChurnEvents: ("event_on",),
    Renewals: ("decided_on",),
    Invoices: ("issued_on", "paid_on"),
    Usage: ("used_on",),
    UsageDaily: ("used_on",),
    Contacts: ("opened_at", "first_response_at", "solved_at"),
    ContactTotals: ("day",),
    Surveys: ("responded_at",),
    Sentiment: ("rated_on",),
    Referrals: ("referred_on", "won_on", "rewarded_on"),
    Costs: ("spent_on",),
    FxRates: (),
    Observations: ("observed_on",),
    Monthly: ("month",),
}


def _table(model: type[SQLModel], observed: tuple[str, ...]) -> Table:
    sql: sa.Table = model.__table__  # type: ignore[attr-defined]
    columns = {}
    for name, field in model.model_fields.items():
        if name == "row_id":
            continue
        kind = next(a for a in (*get_args(field.annotation), field.annotation) if a is not type(None))
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        columns[name] = Column(
            name,
            kind,
            bool(extra.get("required")),
            field.description or "",
            extra.get("example"),
            extra.get("unit"),  # type: ignore[arg-type]
        )
    key = tuple(c.name for c in sql.primary_key.columns if c.name != "row_id")
    return Table(sql.name, model, key, observed, (model.__doc__ or "").strip(), columns)


@cache
def tables() -> dict[str, Table]:
    """All canonical tables by name, in the order people meet them."""
    return {t.name: t for t in (_table(m, o) for m, o in _OBSERVED.items())}
