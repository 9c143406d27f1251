"""The panels of the import page: lines, questions, row steps, counts, reasons, private columns, mapping files."""

import json
from datetime import date

import pandas as pd
import pyarrow as pa
import pytest

from data.importing import prepare
from data.mapping import Mapping
from data.mapping.steps import LatestBy, Only, Split, SumBy, Unpivot
from data.readers import Assumed, RawTable
from kpis.catalogue import KPIS
from tests.pages.test_import_matching import piece
from ui.importing import counts, lines, reasons, row_steps, wording
from ui.importing.assumptions import unproven
from ui.importing.columns_panel import _fed
from ui.importing.lit_panel import best_next
from ui.importing.matching import matched, personal
from ui.importing.pieces import Edits, read
from ui.importing.questions_panel import last_months
from ui.importing.trial import Light
from ui.telling import Teller
from words import LANGUAGES

EN, PT = Teller("en"), Teller("pt_BR")

LINES = "Order ID,Customer,Order Date,Item,Line total\n" + "".join(
    f"O{i},C{i % 7},2025-0{1 + i % 9}-10,A,10.50\nO{i},C{i % 7},2025-0{1 + i % 9}-10,B,4.25\n" for i in range(1, 31)
)
SURVEYS = "ResponseId,RecordedDate,DistributionChannel,Status,Q1_nps,Q2_csat\n" + "".join(
    f"R{i},2025-01-{1 + i % 28:02d},email,IP Address,{'' if i == 3 else i % 11},{1 + i % 5}\n" for i in range(1, 21)
)
PEOPLE = "customer_id,name,e-mail,signup date\n" + "".join(
    f"C{i},Company {i},p{i}@example.com,2025-01-{1 + i % 28:02d}\n" for i in range(1, 21)
)
TITLED = (
    "Subscriptions report\nGenerated on 2025-02-01\n\nsubscription_id,account_id,started_on,amount\n"
    + "".join(f"S{i},C{i},2025-01-0{1 + i % 9},{i * 10}\n" for i in range(1, 31))
    + "Grand total,,,4650\n"
)


# --- the file as it is ---


def test_head_and_tail_with_line_numbers_and_a_gap() -> None:
    shown = lines.shown(piece(TITLED, "subscriptions.csv").raw).splitlines()
    assert shown[0] == " 1 × Subscriptions report"
    assert shown[3].startswith(" 4 › subscription_id,")
    assert shown[4].startswith(" 5   S1,C1,")
    assert " …" in shown
    assert shown[-1] == "35 × Grand total,,,4650"


def test_each_kind_of_line_that_is_no_row_is_said() -> None:
    said = " ".join(lines.said(piece(TITLED, "subscriptions.csv").raw, EN))
    assert "Lines 1–2 are titles and stay out." in said
    assert "Line 4 is the header." in said
    assert "Line 35 is" in said
    assert "stays out" in said


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([], ""), ([3], "3"), ([1, 2, 3, 7], "1–3, 7"), ([1, 3, 5, 7, 9, 11], "1, 3, 5, 7, …")],
)
def test_line_numbers_in_ranges(numbers: list[int], expected: str) -> None:
    assert lines.ranges(numbers) == expected


def test_a_table_far_down_shows_its_own_lines() -> None:
    frame = pa.table({"account_id": ["C1", "C2"], "name": ["Alpha", None]})
    raw = RawTable("two.csv", frame, 85, 86, ("day,item",) * 40, Assumed(delimiter=","), tail_lines=((87, "C2,"),))
    assert lines.shown(raw).splitlines() == ["85 › account_id,name", "86   C1,Alpha", "87   C2,"]


class _Sent:
    def __init__(self, name: str, data: bytes) -> None:
        self.file_id, self.name, self.size, self._data = f"id-{name}-00000000", name, len(data), data

    def getvalue(self) -> bytes:
        return self._data


def test_reading_tells_how_far_it_is() -> None:
    heard: list[tuple[str, str, float]] = []
    files = [_Sent("a.csv", PEOPLE.encode()), _Sent("b.csv", LINES.encode())]
    read(files, {}, {}, 200, lambda *said: heard.append(said))
    assert {name for name, _, _ in heard} == {"a.csv", "b.csv"}
    assert [share for _, _, share in heard] == sorted(share for _, _, share in heard)
    assert max(share for _, _, share in heard) <= 1


def test_what_nothing_proves_is_a_question() -> None:
    dates = "".join(f"S{i},C{i},0{1 + i % 9}/0{1 + i % 7}/2025,{i}\n" for i in range(1, 20))
    one = piece(f"subscription_id,account_id,started_on,amount\n{dates}")
    (rows,) = prepare(one.upload)
    assert set(unproven(rows.checked.problems)) == {"date_order"}


# --- questions and the tables fed ---


def test_lines_are_added_up_until_somebody_says_otherwise() -> None:
    one = piece(LINES, "orders.csv")
    found = matched(one, Edits())
    assert [(question.id, answer) for question, answer in found.questions] == [("sum_lines", "sum")]
    assert "Rows with the same **Order ID** become one" in row_steps.sentences(found.mapping, EN)[0]
    kept = matched(one, Edits(answers=(("invoices|sum_lines", "keep"),)))
    assert kept.questions[0][1] == "keep"
    assert row_steps.sentences(kept.mapping, EN) == []


def test_a_month_that_is_typed_makes_a_table() -> None:
    rows = "".join(f"C{i},Company {i},{20 + i}.5\n" for i in range(1, 20))
    one = piece(f"customerID,name,MonthlyCharges\n{rows}", "snapshot.csv")
    found = matched(one, Edits())
    assert [(question.id, answer) for question, answer in found.questions] == [("snapshot_month", "none")]
    edits = Edits(answers=(("monthly|snapshot_month", "2024-03"),))
    answered = matched(one, edits)
    assert "monthly" in answered.mapping.tables
    fed = prepare(one.upload, answered.mapping.to_json())
    months = next(p for p in fed if p.table == "monthly").accepted["month"].to_pylist()
    assert {str(month)[:7] for month in months} == {"2024-03"}
    assert "monthly" not in matched(one, _fed(edits, ("accounts",))).mapping.tables


def test_the_months_offered_end_with_this_one() -> None:
    assert last_months(date(2025, 2, 9))[:3] == ["2025-02", "2025-01", "2024-12"]


def test_one_file_feeds_the_same_table_twice_and_one_feed_can_go() -> None:
    one = piece(SURVEYS, "qualtrics.csv")
    found = matched(one, Edits())
    assert list(found.mapping.tables) == ["surveys:nps", "surveys:csat"]
    assert wording.table("surveys:nps", PT) == "pesquisas: NPS"
    assert row_steps.recognised(found.mapping, PT)[0] == "Qualtrics responses (CSV)"
    assert "prévias" in row_steps.recognised(found.mapping, PT)[1]
    less = matched(one, Edits(tables=("surveys:csat",)))
    assert list(less.mapping.tables) == ["surveys:csat"]
    assert less.ready
    assert less.mapping.known == found.mapping.known


# --- counts and reasons ---


@pytest.mark.parametrize(("text", "name"), [(LINES, "orders.csv"), (SURVEYS, "q.csv"), (TITLED, "subscriptions.csv")])
def test_every_row_is_counted(text: str, name: str) -> None:
    rows = prepare(piece(text, name).upload)
    assert all(counts.closes(one) for one in rows)
    assert all(said.endswith("✓") for said in counts.sentences(rows, EN))
    frame = counts.table(rows, EN)
    assert list(frame[" "]) == ["✓"] * len(rows)


def test_a_sum_names_only_what_is_there() -> None:
    (orders,) = prepare(piece(LINES, "orders.csv").upload)
    assert counts.sentence(orders, EN) == "60 rows read = 30 ready + 30 merged into others ✓"


def test_reasons_are_in_the_language_of_the_reader() -> None:
    rows = prepare(
        piece("subscription_id,account_id,started_on,amount\nS1,C1,2025-01-01,free\nS2,C2,2025-01-01,5\n").upload
    )
    english, portuguese = reasons.frame(rows, EN), reasons.frame(rows, PT)
    assert list(english.columns[:2]) == ["farol_row", "farol_reason"]
    assert "[not_a_number]" in english["farol_reason"][0]
    assert portuguese["farol_reason"][0] == "Valor: Não é um número (Um número; escreva 0 para nada)"
    assert isinstance(portuguese, pd.DataFrame)


def test_a_reason_nobody_has_words_for_stays() -> None:
    said = "amount: something odd [never_heard_of]; amount: a number [not_a_number]"
    assert reasons.in_words(said, PT).startswith("amount: something odd [never_heard_of]; Valor: Não é um número")


# --- row steps ---


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_step_has_words_and_no_header_is_live(locale: str) -> None:
    bad = "![](http://evil.example/x.png)"
    steps = [
        Only(((bad, ("a", "")),)),
        Only(((bad, ("a",)),), inverted=True),
        SumBy((bad,), (bad,)),
        LatestBy((bad,), bad),
        Unpivot((bad, "b"), "month", "value"),
        Split(bad, "|"),
    ]
    for step in steps:
        said = row_steps.sentence(step, Teller(locale))
        assert "evil" in said
        assert "![](" not in said


# --- personal data and mapping files ---


def test_columns_of_people_are_noticed_dropped_or_hidden() -> None:
    one = piece(PEOPLE, "people.csv")
    assert personal(one.raw) == ("e-mail",)
    dropped = matched(one, Edits(privacy=(("e-mail", "drop"), ("customer_id", "pseudonym"))))
    assert dropped.mapping.drop == ("e-mail",)
    assert dropped.mapping.tables["accounts"].columns["account_id"].unit == "pseudonym"
    hows = {row.header: row.how for row in dropped.rows}
    assert (hows["e-mail"], hows["customer_id"]) == ("dropped", "pseudonym")


def test_a_mapping_file_is_used_and_a_wrong_one_is_refused_in_words() -> None:
    one = piece(PEOPLE, "people.csv")
    given = {"tables": {"accounts": {"columns": {"account_id": "customer_id", "segment": "name"}}}}
    found = matched(one, Edits(given=json.dumps(given)))
    assert found.mapping.to_json() == Mapping.from_json(given).to_json()
    for bad in ("[", '{"tables": {"nonsense": {}}}', '{"tables": {"accounts": {"columns": {"account_id": "gone"}}}}'):
        refused = matched(one, Edits(given=bad))
        assert refused.problem is not None
        assert refused.mapping.tables == matched(one, Edits()).mapping.tables
        assert wording.refusal(refused.problem, PT)


# --- what would light up next ---


def test_the_next_table_is_the_one_that_lights_the_most() -> None:
    def dark(*needs: str) -> Light:
        return Light(KPIS[0], False, False, float("nan"), "", needs)

    lights = [dark("subscriptions"), dark("subscriptions", "invoices"), dark("usage|subscriptions.seats"), dark()]
    assert best_next(lights) == ("subscriptions", 2)
    assert best_next([dark("costs", "invoices")]) == ("", 0)
