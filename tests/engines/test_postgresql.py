"""The same measures on PostgreSQL: equal to the embedded engine in every cell, and missing where it is missing."""

import dataclasses
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pandas as pd
import psycopg
import pyarrow as pa
import pytest
import sqlalchemy as sa

from data import facts as known
from data.calendar import GRAINS
from data.drill import evidence_rows
from data.engines.live import LiveFacts, LiveTable
from data.engines.postgres import PostgresSource
from data.facts import Facts, connect
from data.measures import FAMILIES, health_inputs, observed
from data.panel import build_panel
from data.policies import CHOICES, Policies
from data.problems import DataProblem
from data.rows import narrow_panel, quantiles, stretches
from tests.data.engines import facts
from tests.data.test_panel import AS_OF, RICH
from tests.engines import companies, loading
from tests.services import Server

OWN = observed.family(["m", "onboarding_on_time", "business_reviews_held"])
ALWAYS = (*FAMILIES, OWN)
EVERY = (*ALWAYS, health_inputs.FAMILY)
TODAY = date(2026, 11, 22)
USD = Policies(rates=(("USD", 5.0),))
Source = Callable[..., LiveFacts]


@pytest.fixture
def live(postgres: Server) -> Iterator[Source]:
    """Facts in a fresh database whose own order of texts is not the order of code points."""
    engines = []

    def make(rows: dict[str, pa.Table], there: dict[str, LiveTable] | None = None, **options: object) -> LiveFacts:
        name = f"live_{uuid.uuid4().hex[:10]}"
        locale = "LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8'"
        postgres.execute(f"CREATE DATABASE {name} TEMPLATE template0 {locale}")
        url = postgres.url.set(database=name)
        loading.load(url, rows, "theirs")
        engines.append(sa.create_engine(url))
        source = PostgresSource(engines[-1], name, "theirs", **options)  # type: ignore[arg-type]
        return LiveFacts(source, there or {table: LiveTable(table) for table in rows}, name, TODAY)

    yield make
    for engine in engines:
        engine.dispose()


def rich() -> tuple[Facts, dict[str, pa.Table]]:
    """The small company with a row of everything, in files and as rows."""
    embedded = dataclasses.replace(facts(RICH), imported_on=TODAY)
    return embedded, loading.rows_of(embedded)


def same(embedded: Facts, other: LiveFacts, grain: str, as_of: date | None, policies: Policies = USD) -> int:
    """Cells compared: both panels, exactly."""
    families = EVERY if grain == "month" else ALWAYS
    here, there = (build_panel(one, grain, policies, as_of, families) for one in (embedded, other))
    assert here.periods == there.periods
    assert here.as_of == there.as_of
    pd.testing.assert_frame_equal(here.frame, there.frame, check_exact=True)
    assert len(here.frame)
    return here.frame.size


def test_every_measure_of_a_small_company(live: Source) -> None:
    embedded, rows = rich()
    other = live(rows)
    assert known.observed_span(other) == known.observed_span(embedded)
    assert known.dimensions(other) == known.dimensions(embedded)
    pd.testing.assert_frame_equal(known.attributes(other, ("segment",)), known.attributes(embedded, ("segment",)))
    for name in (
        "contacts",
        "contacts.abandoned",
        "monthly",
        "subscriptions.status",
        "accounts.x_none",
        "usage.user_id",
    ):
        assert known.has_values(other, name) == known.has_values(embedded, name), name
    same(embedded, other, "month", AS_OF)
    same(embedded, other, "half", date(2024, 4, 20))


@pytest.mark.slow
@pytest.mark.parametrize("company", companies.COMPANIES)
def test_every_cell_of_a_whole_company(live: Source, company: str, tmp_path) -> None:
    rows = companies.arrow_tables(company)
    embedded, other = companies.written(rows, tmp_path, TODAY), live(rows)
    for grain in GRAINS:
        for as_of in (None, companies.AS_OF[company]):
            assert same(embedded, other, grain, as_of) > 2000
    for name, choices in CHOICES.items():
        same(embedded, other, "quarter", None, Policies().with_set(name, choices[1]))


@pytest.mark.slow
@pytest.mark.parametrize("company", companies.COMPANIES)
def test_what_never_adds_up_and_the_rows_behind(live: Source, company: str, tmp_path) -> None:
    rows = companies.arrow_tables(company)
    embedded, other = companies.written(rows, tmp_path, TODAY), live(rows)
    periods = build_panel(embedded, "month", families=FAMILIES[:1]).periods
    for ask in (
        lambda cursor: quantiles(cursor, periods, ("segment",), {"channel": ["Inbound", "Partner"]}),
        lambda cursor: stretches(cursor),
        lambda cursor: evidence_rows(cursor, "contacts_opened", periods[len(periods) // 2]),
        lambda cursor: evidence_rows(cursor, "opening_mrr", periods[len(periods) // 2], {"segment": ["SMB"]}),
    ):
        answers = []
        for one in (embedded, other):
            with connect(one) as cursor:
                answers.append(ask(cursor))
        assert len(answers[0])
        pd.testing.assert_frame_equal(*answers, check_exact=True, check_dtype=False)
    for family, dimension in (("contacts", "channel"), ("costs", "segment")):
        here, there = (narrow_panel(one, family, dimension, "month") for one in (embedded, other))
        pd.testing.assert_frame_equal(here, there, check_exact=True)


def test_their_names_words_and_moments_are_mapped(live: Source) -> None:
    clients = pa.table({"Client Id": ["a", "b", "t"], "tier": ["gold", None, None], "testing": [False, None, True]})
    moments = [
        datetime(2024, 3, 1, 2, 30, tzinfo=UTC),
        datetime(2024, 3, 5, tzinfo=UTC),
        datetime(2024, 3, 6, tzinfo=UTC),
    ]
    tickets = pa.table(
        {"no": ["1", "2", "3"], "at": pa.array(moments, pa.timestamp("us", "UTC")), "who": ["a", "b", "t"],
         "state": ["100% DONE", "open", "open"], "amount": [1, 2, 3]}
    )  # fmt: skip
    there = {
        "accounts": LiveTable("clients", {"account_id": "Client Id", "x_tier": "tier", "is_test": "testing"}),
        "contacts": LiveTable(
            "tickets",
            {"contact_id": "no", "opened_at": "at", "account_id": "who", "status": "state"},
            {"status": {"100% DONE": "solved"}},
        ),
    }
    other = live({"clients": clients, "tickets": tickets}, there)
    assert known.dimensions(other) == {"x_tier": ["gold"]}
    with connect(other) as cursor:
        found = cursor.execute("SELECT account_id, status, opened_at FROM contacts ORDER BY contact_id").fetchall()
    # half past two in the morning in London is the evening before in São Paulo, and test accounts are out
    assert found == [("a", "solved", datetime(2024, 2, 29, 23, 30)), ("b", "open", datetime(2024, 3, 4, 21))]
    panel = build_panel(other, "month", as_of=date(2024, 3, 31)).frame
    assert panel[panel["account_id"] == "a"]["contacts_opened"].tolist() == [1, 0]


def test_texts_are_ordered_by_code_point_whatever_the_database_does(live: Source) -> None:
    same_second = [datetime(2024, 3, 1, 9)] * 2
    answers = pa.table(
        {"response_id": ["B1", "a1"], "kind": ["nps", "nps"], "responded_at": same_second, "score": [10.0, 0.0],
         "scale_min": [0.0, 0.0], "scale_max": [10.0, 10.0], "account_id": ["x", "x"], "respondent_id": ["p", "p"]}
    )  # fmt: skip
    panel = build_panel(live({"surveys": answers}), "month").frame  # of two answers at once the greater id is the last
    assert panel[["nps_promoters", "nps_detractors"]].sum().tolist() == [0, 1]


def test_rows_that_an_import_would_reject_are_left_out(live: Source) -> None:
    rows = pa.table(
        {"subscription_id": ["s", "t", "u"], "account_id": ["a", "b", None], "amount": [12.0, 5.0, 7.0],
         "started_on": [date(2024, 1, 1)] * 3, "billing_months": [12.0, 0.0, 1.0]}
    )  # fmt: skip
    panel = build_panel(live({"subscriptions": rows}), "month").frame
    assert panel["closing_mrr"].tolist() == [0, 1_000_000]


@pytest.mark.parametrize(
    ("there", "problem"),
    [
        (LiveTable("nothing"), "live_table_missing"),
        (LiveTable("clients", {"account_id": "id", "name": "names"}), "live_column_absent"),
        (LiveTable("clients"), "live_column_missing"),
        (LiveTable("clients", {"account_id": "id", "created_on": "since"}), "live_column_type"),
        (LiveTable("clients", {"account_id": "id", "seats": "price"}), "live_column_type"),
    ],
)
def test_what_cannot_be_read_without_guessing_is_refused(live: Source, there: LiveTable, problem: str) -> None:
    rows = pa.table({"id": ["a"], "since": ["01/02/2024"], "price": [2.5]})
    with pytest.raises(DataProblem) as refused:
        live({"clients": rows}, {"accounts": there})
    assert refused.value.id == problem


def test_nothing_can_be_written_and_nothing_is_made(live: Source) -> None:
    other = live(rich()[1])
    listed = "SELECT count(*) FROM pg_catalog.pg_class"
    with connect(other) as cursor:
        before = cursor.execute(listed).fetchall()
    build_panel(other, "month", USD, AS_OF, EVERY)
    for text in (
        "DELETE FROM theirs.accounts",
        "WITH gone AS (DELETE FROM theirs.accounts RETURNING 1) SELECT * FROM gone",
        "CREATE TEMP TABLE t (a int)",
        "SELECT set_config('transaction_read_only', 'off', true)",
    ):
        with connect(other) as cursor, pytest.raises(DataProblem) as refused:
            cursor.execute(text)
        assert refused.value.id == "live_failed"
    with connect(other) as cursor:
        assert cursor.execute(listed).fetchall() == before


def test_a_statement_that_takes_too_long_is_ended(live: Source) -> None:
    other = live(rich()[1], timeout_seconds=1)
    with connect(other, AS_OF) as cursor, pytest.raises(DataProblem) as refused:
        cursor.execute("SELECT pg_sleep(30)")
    assert refused.value.id == "live_timeout"


def test_a_database_out_of_reach_says_so_without_its_address() -> None:
    engine = sa.create_engine("postgresql+psycopg://farol:hidden@127.0.0.1:1/none")
    with pytest.raises(DataProblem) as refused:
        LiveFacts(PostgresSource(engine, "one"), {"accounts": LiveTable("accounts")}, "v")
    assert refused.value.id == "live_unreachable"
    assert "hidden" not in str(refused.value)
    assert "127.0.0.1" not in str(refused.value)


def test_a_role_sees_what_it_was_granted(live: Source, postgres: Server) -> None:
    other = live(rich()[1])
    name = other.source.name.split()[1]
    postgres.execute(
        "DROP ROLE IF EXISTS reader",
        "CREATE ROLE reader LOGIN PASSWORD 'r'",
        "GRANT USAGE ON SCHEMA theirs TO reader",
        "GRANT SELECT ON theirs.accounts TO reader",
        database=name,
    )
    engine = sa.create_engine(postgres.url.set(database=name, username="reader", password="r"))
    granted = PostgresSource(engine, name, "theirs")
    assert set(granted.columns()) == {"accounts"}
    assert known.dimensions(LiveFacts(granted, {"accounts": LiveTable("accounts")}, "v")) == {"segment": ["Big", "SMB"]}
    with pytest.raises(psycopg.errors.InsufficientPrivilege), engine.connect() as connection:
        connection.connection.driver_connection.execute("SELECT * FROM theirs.usage")
    engine.dispose()
    postgres.execute("DROP OWNED BY reader", "DROP ROLE reader", database=name)
