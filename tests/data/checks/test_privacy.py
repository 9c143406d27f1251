"""Columns that are dropped or stand behind a pseudonym are kept nowhere as they were; formulas do not run."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.checks import Known
from data.checks.privacy import neutral, pseudonym, pseudonyms, restored
from data.importing import inspect, prepare
from data.problems import DataProblem

KEY = b"k" * 32
MAIL = "ana@porto.example"


def run(text, mapping, name="file.csv", key=KEY):
    return prepare(inspect(text.encode(), name), mapping, known=Known(pseudonym_key=key))[0]


def everything(prepared):
    problems = [problem.to_json() for problem in prepared.checked.problems]
    return str((prepared.accepted.to_pylist(), prepared.rejected.to_pylist(), problems, prepared.report()))


def test_a_pseudonym_is_the_same_in_every_file_and_another_with_another_key():
    accounts = {"tables": {"accounts": {"columns": {"account_id": {"from": "Mail", "as": "pseudonym"}}}}}
    usage = {"tables": {"usage": {"columns": {"account_id": {"from": "Who", "as": "pseudonym"}, "used_on": "Day"}}}}
    first = run(f"Mail,Name\n{MAIL},Ana\n,Nobody\n", accounts)
    second = run(f"Who,Day\n {MAIL} ,2024-01-01\n", usage)
    other = run(f"Who,Day\n{MAIL},2024-01-01\n", usage, key=b"other")
    assert first.accepted["account_id"].to_pylist() == second.accepted["account_id"].to_pylist() != [MAIL]
    assert other.accepted["account_id"].to_pylist() != second.accepted["account_id"].to_pylist()
    assert first.rejected["farol_row"].to_pylist() == [3]  # a missing id stays missing


def test_a_pseudonym_stays_itself_and_does_not_repeat():
    made = pseudonym(MAIL, KEY)
    assert pseudonym(made, KEY) == made
    assert pseudonym(made, b"other") != made
    assert len({pseudonym(str(i), KEY) for i in range(10_000)}) == 10_000
    assert pseudonyms(pa.array([MAIL, None, "", "-"]), KEY).to_pylist() == [made, None, None, None]


def test_without_a_key_nothing_is_made():
    mapping = {"tables": {"accounts": {"columns": {"account_id": {"from": "Mail", "as": "pseudonym"}}}}}
    with pytest.raises(DataProblem, match="key"):
        run(f"Mail\n{MAIL}\n", mapping, key=None)


def test_private_columns_leak_nowhere():
    text = f"Id,Mail,Phone,Day,Score\n1,{MAIL},555-1234,2024-01-01,9\n2,{MAIL},555-1234,soon,x\n"
    text += f"3,{MAIL},555-1234,2024-01-01,9,{MAIL}\n"
    mapping = {
        "drop": ["Phone"],
        "tables": {
            "surveys": {
                "columns": {
                    "response_id": "Id",
                    "respondent_id": {"from": "Mail", "as": "pseudonym"},
                    "responded_at": "Day",
                    "score": "Score",
                },
                "constants": {"kind": "nps"},
            }
        },
    }
    found = run(text, mapping)
    assert found.rejected.num_rows == 2
    assert MAIL not in everything(found)
    assert "555-1234" not in everything(found)
    assert found.rejected.column_names == ["farol_row", "farol_reason", "Id", "Mail", "Phone", "Day", "Score"]


def test_steps_do_not_show_private_columns():
    text = f"Id,Mail,Day,Amount,Email\n1,{MAIL},2024-01-01,5,{MAIL}\n1,x{MAIL},2024-01-01,z,{MAIL}\n"
    text += f"2,y{MAIL},2024-01-01,5,\n"
    columns = {
        "invoice_id": "Id",
        "account_id": {"from": "Mail", "as": "pseudonym"},
        "issued_on": "Day",
        "amount": "Amount",
    }
    rows = [{"without": {"Mail": [f"y{MAIL}"]}}, {"sum_by": ["Id"], "sum": ["Amount"]}]
    found = run(text, {"drop": ["Email"], "tables": {"invoices": {"rows": rows, "columns": columns}}})
    assert {"rows_without", "not_a_number"} <= {problem.problem for problem in found.checked.problems}
    assert MAIL not in everything(found)


def test_dropped_columns_are_no_extras_and_must_be_there():
    columns = {"account_id": "Id"}
    text = f"Id,E-mail,Size\nA,{MAIL},3\n"
    found = run(text, {"drop": ["e-mail"], "tables": {"accounts": {"columns": columns}}})
    assert found.accepted.column_names == ["account_id", "x_size"]
    with pytest.raises(DataProblem, match="E-mail"):
        run(text, {"drop": ["mial"], "tables": {"accounts": {"columns": columns}}})


def test_a_column_is_not_private_here_and_kept_there():
    body = {"columns": {"account_id": {"from": "Mail", "as": "pseudonym"}, "name": "Mail"}}
    with pytest.raises(DataProblem, match="keeps it"):
        run(f"Mail\n{MAIL}\n", {"tables": {"accounts": body}})
    with pytest.raises(DataProblem, match="dropped and used"):
        run(f"Mail\n{MAIL}\n", {"drop": ["Mail"], "tables": {"accounts": {"columns": {"account_id": "Mail"}}}})


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "+cmd|x", "-2+3", "\tx", "'=1", " =1", "+55 11 99999-0000", "- a"]
)
def test_what_a_spreadsheet_would_run_stands_behind_an_apostrophe(text):
    assert neutral(pa.array([text])).to_pylist() == ["'" + text]


@pytest.mark.parametrize("text", ["-5", "+1,50", "-12.5%", "'quoted", "a=b", "", None, "O'Neil", "-"])
def test_numbers_and_plain_texts_stay(text):
    assert neutral(pa.array([text], pa.string())).to_pylist() == [text]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.none() | st.text(alphabet="'=+-@\t\r 1a.", max_size=5), min_size=1, max_size=5))
def test_it_is_taken_off_again(texts):
    column = pa.array(texts, pa.string())
    assert restored(pa.table({"c": neutral(column)}))["c"].to_pylist() == texts


def test_corrected_rows_come_back():
    columns = {"invoice_id": "Id", "account_id": "Customer", "issued_on": "Day", "amount": "Total"}
    mapping = {"tables": {"invoices": {"columns": columns}}}
    first = run("Id,Customer,Day,Total,Note\n1,=A,soon,5,+x\n2,B,2024-01-01,-7,\n", mapping)
    assert first.rejected.to_pylist() == [
        {"farol_row": 2, "farol_reason": "issued_on: a date such as 2024-03-31 or 31/03/2024 [not_a_date]", "Id": "1",
         "Customer": "'=A", "Day": "soon", "Total": "5", "Note": "'+x"}
    ]  # fmt: skip
    lines = [",".join(first.rejected.column_names)]
    lines += [",".join(f'"{cell}"' for cell in row.values()) for row in first.rejected.to_pylist()]
    again = run("\n".join(lines).replace("soon", "2024-02-02") + "\n", mapping)
    assert again.accepted["account_id"].to_pylist() == ["=A"]
    assert again.rejected.num_rows == 0
