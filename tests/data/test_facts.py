"""Facts as the engine sees them: typed, cut at the as-of day, without test accounts, locked down."""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.facts import TYPES, Facts, connect, dimensions, has_values, observed_span
from data.panel import build_panel
from data.policies import CHOICES, Policies
from data.problems import DataProblem
from data.schema import tables
from tests.data.engines import facts

D = date


def rows(given, sql, as_of=None):
    with connect(given, as_of) as cursor:
        return cursor.execute(sql).fetchall()


def test_every_canonical_table_is_there_with_its_types():
    given = facts({"accounts": [{"account_id": "a"}]})
    for table in tables().values():
        types = {name: kind for name, kind, *_ in rows(given, f"DESCRIBE {table.name}")}
        assert {column.name: TYPES[column.type] for column in table.columns.values()}.items() <= types.items()
    assert rows(given, "SELECT count(*) FROM usage") == [(0,)]
    assert given.tables() == ("accounts",)


def test_files_of_a_table_are_one_table_by_name():
    folder = Path(tempfile.mkdtemp())
    pq.write_table(pa.table({"account_id": ["a"], "x_tier": ["gold"]}), folder / "1.parquet")
    pq.write_table(pa.table({"segment": ["SMB"], "account_id": ["b"]}), folder / "2's.parquet")
    given = Facts({"accounts": (str(folder / "1.parquet"), str(folder / "2's.parquet"))}, "two")
    found = rows(given, "SELECT account_id, segment, x_tier FROM accounts ORDER BY 1")
    assert found == [("a", None, "gold"), ("b", "SMB", None)]
    assert dimensions(given) == {"segment": ["SMB"], "x_tier": ["gold"]}


def test_test_accounts_and_their_rows_are_out():
    given = facts(
        {
            "accounts": [
                {"account_id": "a", "is_test": False},
                {"account_id": "t", "is_test": True},
                {"account_id": "n"},
            ],
            "usage": [{"account_id": "t", "used_on": D(2025, 1, 1)}, {"account_id": "a", "used_on": D(2024, 1, 1)}],
            "contacts": [{"contact_id": "1", "opened_at": datetime(2024, 1, 2, 3)}],
            "referrals": [{"referral_id": "r", "referrer_account_id": "t", "referred_on": D(2024, 1, 1)}],
        }
    )
    assert rows(given, "SELECT account_id FROM accounts ORDER BY 1") == [("a",), ("n",)]
    assert rows(given, "SELECT count(*) FROM usage") == [(1,)]
    assert rows(given, "SELECT count(*) FROM contacts") == [(1,)]
    assert rows(given, "SELECT count(*) FROM referrals") == [(0,)]
    assert observed_span(given) == (D(2024, 1, 1), D(2024, 1, 2))


def test_the_as_of_day_is_the_latest_observed_and_plans_never_move_it():
    given = facts(
        {
            "subscriptions": [
                {"subscription_id": "s", "account_id": "a", "started_on": D(2024, 3, 5), "ended_on": D(2026, 1, 1),
                 "amount": 1.0}
            ],
            "renewals": [{"renewal_id": "r", "account_id": "a", "due_on": D(2024, 12, 1), "due_amount": 1.0}],
            "accounts": [{"account_id": "a", "created_on": D(2024, 1, 1)}],
            "surveys": [{"response_id": "x", "kind": "nps", "responded_at": datetime(2024, 6, 1, 23, 59)}],
        },
        imported_on=D(2024, 9, 1),
    )  # fmt: skip
    assert observed_span(given) == (D(2024, 3, 5), D(2024, 6, 1))


def test_nothing_observed():
    assert observed_span(facts({})) == (None, None)
    assert dimensions(facts({})) == {}


def test_rows_and_later_facts_after_the_as_of_day_are_not_seen():
    given = facts(
        {
            "contacts": [
                {"contact_id": "1", "opened_at": datetime(2024, 1, 1, 9), "solved_at": datetime(2024, 2, 1, 9),
                 "first_response_at": datetime(2024, 1, 31, 23), "status": "solved"},
                {"contact_id": "2", "opened_at": datetime(2024, 2, 1, 0)},
            ],
            "invoices": [{"invoice_id": "i", "account_id": "a", "issued_on": D(2024, 1, 1), "amount": 1.0,
                          "paid_on": D(2024, 2, 1), "status": "paid", "due_on": D(2024, 5, 1)}],
            "renewals": [{"renewal_id": "r", "account_id": "a", "due_on": D(2024, 5, 1), "due_amount": 1.0,
                          "decided_on": D(2024, 3, 1), "outcome": "renewed"}],
            "referrals": [{"referral_id": "r", "referrer_account_id": "a", "referred_on": D(2024, 1, 1),
                           "won_on": D(2024, 3, 1), "status": "won"}],
            "subscriptions": [{"subscription_id": "s", "account_id": "a", "started_on": D(2024, 1, 1), "amount": 1.0,
                               "ended_on": D(2024, 2, 1), "cancelled_on": D(2024, 1, 31)}],
        }
    )  # fmt: skip
    day = D(2024, 1, 31)
    assert rows(given, "SELECT contact_id, status, solved_at, first_response_at FROM contacts", day) == [
        ("1", "open", None, datetime(2024, 1, 31, 23))
    ]
    assert rows(given, "SELECT status, paid_on, due_on FROM invoices", day) == [("open", None, D(2024, 5, 1))]
    assert rows(given, "SELECT outcome, decided_on FROM renewals", day) == [("pending", None)]
    assert rows(given, "SELECT status, won_on FROM referrals", day) == [("open", None)]
    assert rows(given, "SELECT ended_on, cancelled_on FROM subscriptions", day) == [(None, D(2024, 1, 31))]
    assert rows(given, "SELECT outcome FROM renewals", D(2024, 3, 1)) == [("renewed",)]


def test_known_values():
    given = facts(
        {"contacts": [{"contact_id": "1", "opened_at": datetime(2024, 1, 1), "abandoned": False}], "usage": []}
    )
    assert has_values(given, "contacts")
    assert has_values(given, "contacts.abandoned")
    assert not has_values(given, "contacts.fixed")
    assert not has_values(given, "usage")
    assert not has_values(given, "surveys.score")
    assert not has_values(given, "nothing.like_it")


def test_monthly_rows_stand_in_for_subscriptions():
    months = [{"account_id": "a", "month": D(2024, m, 1), "mrr": mrr} for m, mrr in ((1, 10.0), (2, 12.0), (3, None))]
    given = facts({"monthly": [*months, {"account_id": "b", "month": D(2024, 3, 1), "mrr": 5.0}]})
    assert observed_span(given) == (D(2024, 1, 1), D(2024, 3, 31))
    frame = build_panel(given, "month").frame
    mine = frame[frame["account_id"] == "a"]
    assert mine["closing_mrr"].tolist() == [10_000_000, 12_000_000, 0]
    assert mine["churned_mrr"].tolist() == [0, 0, 12_000_000]
    assert mine["upsell_mrr"].tolist() == [0, 2_000_000, 0]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')", "COPY (SELECT 1) TO '/tmp/farol-out.csv'",
        "ATTACH '/tmp/farol.duckdb'",
        "SET memory_limit = '9GB'", "SET enable_external_access = true", "INSTALL httpfs", "LOAD httpfs",
        "SELECT * FROM read_parquet('http://localhost/x.parquet')",
    ],
)  # fmt: skip
def test_the_engine_is_locked_down(sql):
    with connect(facts({"accounts": [{"account_id": "a"}]})) as cursor, pytest.raises(duckdb.Error):
        cursor.execute(sql)


def test_twelve_threads_get_the_answer_of_one():
    given = facts({"usage": [{"account_id": f"a{n % 97}", "used_on": D(2024, 1, 1 + n % 31)} for n in range(5000)]})
    question = (
        "SELECT account_id, count(*), count(DISTINCT used_on) FROM usage WHERE account_id > '{}' GROUP BY 1 ORDER BY 1"
    )
    asked = [question.format(f"a{n % 12}") for n in range(240)]
    alone = {sql: rows(given, sql) for sql in set(asked)}
    with ThreadPoolExecutor(12) as pool:
        for sql, answer in zip(asked, pool.map(lambda sql: rows(given, sql), asked), strict=True):
            assert answer == alone[sql]


def test_policies_are_set_by_text():
    policies = (
        Policies().with_set("short_seconds", "0").with_set("rates", "usd=5.1, EUR=5.6").with_set("gross_margin", "0.8")
    )
    assert (policies.short_seconds, policies.gross_margin) == (0, 0.8)
    assert policies.rates == (("EUR", 5.6), ("USD", 5.1))
    assert policies.with_set("gross_margin", "").gross_margin is None
    for name, choices in CHOICES.items():
        assert getattr(Policies(), name) == choices[0]
        assert getattr(Policies().with_set(name, choices[1]), name) == choices[1]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("netting", "customer"), ("short_seconds", "five"), ("short_seconds", "-1"), ("short_seconds", "1.5"),
        ("gross_margin", "80"), ("rates", "USD"), ("rates", "USD=-1"), ("currency", ""), ("csat_ten_point_cut", "7"),
    ],
)  # fmt: skip
def test_a_value_that_is_none_is_refused(name, text):
    with pytest.raises(DataProblem, match="expected"):
        Policies().with_set(name, text)


def test_an_unknown_policy_is_named():
    with pytest.raises(DataProblem, match="short_seconds"):
        Policies().with_set("short_second", "1")


def test_engines_leave_no_folders_behind():
    script = (
        "import tempfile, sys; from pathlib import Path\n"
        "import pyarrow as pa, pyarrow.parquet as pq\n"
        "from data.facts import Facts, connect\n"
        "path = Path(sys.argv[1]) / 'a.parquet'\n"
        "pq.write_table(pa.table({'account_id': ['a']}), path)\n"
        "for number in range(12):\n"
        "    with connect(Facts({'accounts': (str(path),)}, str(number))) as cursor:\n"
        "        cursor.execute('SELECT * FROM accounts').fetchall()\n"
        "print(len([one for one in Path(tempfile.gettempdir()).iterdir() if one.name.startswith('farol-')]))\n"
    )
    home = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory() as folder:
        kept = {"TMPDIR": folder, "PYTHONPATH": str(home), "PATH": os.environ["PATH"]}
        done = subprocess.run(
            [sys.executable, "-c", script, folder], env=kept, capture_output=True, text=True, cwd=home
        )
        assert done.stdout.strip() == "1", done.stderr  # one for the process, whatever it opens
        assert [one.name for one in Path(folder).iterdir()] == ["a.parquet"]
