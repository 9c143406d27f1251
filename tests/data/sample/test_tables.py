"""The tables are canonical, valid, and the same every time."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from data.sample import DEFAULT_END, annotations, as_arrow, generate, targets, write_csv
from data.sample.frames import ARROW
from data.schema import tables

DTYPES = {"date": "datetime64[s]", "datetime": "datetime64[s]", "int": "Int64", "float": "float64", "bool": "boolean"}
EXPECTED = {
    "accounts", "subscriptions", "contracts", "renewals", "invoices", "usage", "usage_daily", "contacts",
    "contact_totals", "surveys", "sentiment", "referrals", "costs", "observations",
}  # fmt: skip
ORDERED = {
    "subscriptions": (("started_on", "ended_on"), ("started_on", "cancelled_on"), ("cancelled_on", "ended_on")),
    "contracts": (("signed_on", "starts_on"),),
    "invoices": (("issued_on", "due_on"), ("issued_on", "paid_on")),
    "contacts": (("opened_at", "first_response_at"), ("first_response_at", "solved_at"), ("opened_at", "sla_due_at")),
    "referrals": (("referred_on", "won_on"), ("won_on", "rewarded_on")),
}


def test_all_tables_are_there(company: dict[str, pd.DataFrame]) -> None:
    assert set(company) == EXPECTED
    assert len(company["accounts"]) == 302
    assert not any(frame.empty for frame in company.values())


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_columns_follow_the_schema(company: dict[str, pd.DataFrame], name: str) -> None:
    frame, table = company[name], tables()[name]
    assert list(frame.columns) == list(table.columns)
    for column in table.columns.values():
        assert frame[column.name].dtype == DTYPES.get(column.type.__name__, "object"), column.name
    arrow = as_arrow(name, frame)
    assert [f.type for f in arrow.schema] == [ARROW[c.type.__name__] for c in table.columns.values()]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_required_values_and_keys(company: dict[str, pd.DataFrame], name: str) -> None:
    frame, table = company[name], tables()[name]
    assert not frame[list(table.required)].isna().to_numpy().any()
    if table.key:
        assert not frame.duplicated(list(table.key)).any()


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_nothing_happens_after_the_end(company: dict[str, pd.DataFrame], name: str) -> None:
    """Any later ended_on or paid_on would move the as-of date as the calendar moves on."""
    after = pd.Timestamp(DEFAULT_END) + pd.Timedelta(days=1)
    for column in tables()[name].observed:
        assert not (company[name][column] >= after).any(), column


@pytest.mark.parametrize("name", sorted(ORDERED))
def test_dates_in_order(company: dict[str, pd.DataFrame], name: str) -> None:
    for first, second in ORDERED[name]:
        assert not (company[name][first] > company[name][second]).any(), (first, second)


def test_references_exist(company: dict[str, pd.DataFrame]) -> None:
    known = set(company["accounts"]["account_id"])
    for name, frame in company.items():
        for column in {"account_id", "referrer_account_id", "referred_account_id", "parent_account_id"} & set(frame):
            assert set(frame[column].dropna()) <= known, (name, column)
    contacts = company["contacts"]
    assert set(contacts["merged_into"].dropna()) <= set(contacts["contact_id"])


def test_stretches_of_a_subscription_do_not_overlap(company: dict[str, pd.DataFrame]) -> None:
    rows = company["subscriptions"].sort_values(["subscription_id", "started_on"])
    following = rows.groupby("subscription_id")["started_on"].shift(-1)
    has_next = following.notna()
    assert rows.loc[has_next, "ended_on"].notna().all()
    assert (rows.loc[has_next, "ended_on"] <= following[has_next]).all()
    assert (rows["amount"] > rows["discount"].fillna(0)).all()
    assert not (rows["started_on"] == rows["ended_on"]).any()


def test_survey_answers_lie_on_their_scales(company: dict[str, pd.DataFrame]) -> None:
    for name in ("surveys", "sentiment"):
        frame = company[name]
        assert frame["score"].between(frame["scale_min"], frame["scale_max"]).all()


def test_believable_imperfections(company: dict[str, pd.DataFrame]) -> None:
    contacts, surveys = company["contacts"], company["surveys"]
    assert company["accounts"]["is_test"].sum() == 2
    assert contacts["is_spam"].sum() > 10
    assert contacts["merged_into"].notna().sum() > 10
    assert 0.01 < contacts["account_id"].isna().mean() < 0.06
    assert surveys.loc[surveys["kind"] == "nps", "respondent_id"].isna().sum() > 20
    assert {"trial", "paused", "unpaid"} <= set(company["subscriptions"]["status"])
    assert {"open", "paid", "void"} <= set(company["invoices"]["status"])
    assert {"recurring", "one_off", "credit"} <= set(company["invoices"]["kind"])
    assert {"renewed", "churned", "pending"} == set(company["renewals"]["outcome"])


def test_usage_stays_small(company: dict[str, pd.DataFrame]) -> None:
    assert len(company["usage"]) + len(company["usage_daily"]) < 400_000


def test_user_rows_add_up_to_daily_totals(company: dict[str, pd.DataFrame]) -> None:
    by_user = company["usage"].groupby(["account_id", "used_on"])
    daily = company["usage_daily"].set_index(["account_id", "used_on"])
    users = by_user["user_id"].nunique()
    assert (daily.loc[users.index, "active_users"] == users).all()
    assert (daily.loc[users.index, "events"] == by_user["events"].sum()).all()
    assert (daily.loc[users.index, "features_used"] == by_user["feature"].nunique()).all()


def test_calls_are_counted_once(company: dict[str, pd.DataFrame]) -> None:
    """Daily totals end where single calls begin."""
    single = company["contacts"].loc[company["contacts"]["abandoned"].notna(), "opened_at"].min()
    assert company["contact_totals"]["day"].max() < single


def test_same_arguments_same_bytes(tmp_path: Path) -> None:
    first = write_csv(tmp_path / "a", accounts=40, months=12)
    second = write_csv(tmp_path / "b", accounts=40, months=12)
    other = write_csv(tmp_path / "c", accounts=40, months=12, seed=8)
    assert [p.name for p in first] == [f"{name}.csv" for name in generate(40, 12)]
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    assert all(a.read_bytes() != b.read_bytes() for a, b in zip(first, other, strict=True))


def test_csv_headers_and_values(tmp_path: Path) -> None:
    for path in write_csv(tmp_path, accounts=30, months=8):
        frame = pd.read_csv(path)
        table = tables()[path.stem]
        assert list(frame.columns) == list(table.columns)
        assert not frame[list(table.required)].isna().to_numpy().any()


@pytest.mark.parametrize(
    ("accounts", "months", "seed", "end"),
    [(20, 6, 1, date(2026, 11, 12)), (25, 14, 3, date(2024, 2, 29)), (60, 24, 5, date(2025, 1, 1)), (21, 60, 2, None)],
)
def test_other_sizes_are_valid(accounts: int, months: int, seed: int, end: date | None) -> None:
    made = generate(accounts, months, seed, end)
    after = pd.Timestamp(end or DEFAULT_END) + pd.Timedelta(days=1)
    for name, frame in made.items():
        table = tables()[name]
        assert not frame[list(table.required)].isna().to_numpy().any(), name
        assert not table.key or not frame.duplicated(list(table.key)).any(), name
        for column in table.observed:
            assert not (frame[column] >= after).any(), (name, column)
        for first, second in ORDERED.get(name, ()):
            assert not (frame[first] > frame[second]).any(), (name, first, second)


@pytest.mark.parametrize(("accounts", "months"), [(19, 36), (300, 5)])
def test_too_small_is_refused(accounts: int, months: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        generate(accounts, months)


def test_targets_and_annotations() -> None:
    assert targets()["mrr"] == 1_880_000
    assert targets(600)["mrr"] == 3_760_000
    notes = annotations()
    assert [n.day for n in notes] == sorted(n.day for n in notes)
    assert all(set(n.text) == {"en", "pt_BR", "es"} and n.day <= DEFAULT_END for n in notes)
