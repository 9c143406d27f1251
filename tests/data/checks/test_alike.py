"""Ids that differ from a known one by case, blanks or leading zeros: said with the pair, never joined silently."""

import pyarrow as pa
import pytest

from data.checks import Known
from data.checks.alike import folded
from data.importing import inspect, prepare


def rows(text, name, *accounts):
    known = Known(accounts=pa.array(accounts, pa.string()) if accounts else None)
    return prepare(inspect(text.encode(), name), known=known)[0]


def warned(prepared):
    return {one.problem: one for one in prepared.checked.problems if one.severity == "warning"}


@pytest.mark.parametrize(
    ("one", "other"),
    [("C-0012", "c-12"), ("007", "7"), ("ACME Ltda", "acmeltda"), (" a1", "A1"), ("Ç1", "ç1"), ("0", "00")],
)
def test_ids_written_in_two_ways(one, other):
    assert len(set(folded(pa.array([one, other])).to_pylist())) == 1


@pytest.mark.parametrize(("one", "other"), [("C-10", "C-1"), ("100", "1"), ("A1", "A-1"), ("0", "")])
def test_ids_that_differ_in_more(one, other):
    assert len(set(folded(pa.array([one, other])).to_pylist())) == 2


def test_near_ids_are_told_from_strange_ones():
    found = rows(
        "account_id,used_on,feature\nA1,2024-03-01,x\na1,2024-03-01,x\nC-7,2024-03-01,x\nZ,2024-03-01,x\n",
        "usage.csv",
        "A1",
        "C-007",
    )
    near, strange = warned(found)["unknown_account_near"], warned(found)["unknown_account"]
    assert [one["value"] for one in near.examples] == ["a1 → A1", "C-7 → C-007"]
    assert [one["row"] for one in near.examples] == [3, 4]
    assert [one["value"] for one in strange.examples] == ["Z"]
    assert found.accepted["account_id"].to_pylist() == ["A1", "a1", "C-7", "Z"]


def test_accounts_of_one_file_that_are_nearly_the_same():
    found = rows("account_id,name\nA1,Um\na1,Um\nB,Dois\n", "accounts.csv")
    twins = warned(found)["accounts_alike"]
    assert (twins.count, twins.examples[0]["value"]) == (2, "A1 / a1")
    assert found.accepted.num_rows == 3


def test_an_account_nearly_like_one_that_is_held():
    found = rows("account_id,name\n0012,Um\nB,Dois\n", "accounts.csv", "12", "B")
    assert [one["value"] for one in warned(found)["accounts_alike"].examples] == ["0012 / 12"]


def test_the_same_accounts_again_are_no_twins():
    assert warned(rows("account_id,name\nA1,Um\nB,Dois\n", "accounts.csv", "A1", "B")) == {}
