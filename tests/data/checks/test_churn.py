"""Two truths about churn: counted, compared, and silent where they agree."""

from datetime import date

import pyarrow as pa
import pytest

from data.checks import churn


def stretches(*rows):
    names = ("account_id", "started_on", "ended_on")
    kinds = (pa.string(), pa.date32(), pa.date32())
    return pa.table(
        {n: pa.array([r[i] for r in rows], kind) for i, (n, kind) in enumerate(zip(names, kinds, strict=True))}
    )


def test_an_account_has_ended_when_none_of_its_stretches_runs():
    found = churn.ended(
        stretches(
            ("A", date(2024, 1, 1), date(2024, 3, 1)),
            ("B", date(2024, 1, 1), date(2024, 3, 1)),
            ("B", date(2024, 3, 1), None),
            ("C", date(2024, 1, 1), date(2026, 1, 1)),
            ("D", date(2024, 4, 1), date(2024, 4, 20)),
        )
    )
    assert found == {"A", "D"}


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("x_churn", ["Yes", "No", None], {"A"}),
        ("x_churn_flag", ["FALSE", "TRUE", "FALSE"], {"B"}),
        ("x_status", ["Active", "Cancelado", "lost"], {"B", "C"}),
        ("x_status", ["Active", "Trial", "New"], None),
        ("x_churn", ["0.2", "0.9", "0.1"], None),
        ("x_colour", ["churned", "no", "no"], None),
        ("plan", ["churned", "no", "no"], None),
    ],
)
def test_marks_on_accounts(column, values, expected):
    accounts = pa.table({"account_id": ["A", "B", "C"], column: pa.array(values, pa.string())})
    assert churn.marked(accounts) == expected


def test_sources_that_disagree_are_counted():
    events, marks = {f"A{i}" for i in range(20)}, {f"A{i}" for i in range(15, 30)}
    problem = churn.disagreement({"subscriptions": set(), "events": events, "marks": marks})
    assert (problem.problem, problem.count, problem.severity) == ("churn_disagrees", 30, "warning")
    assert problem.params == {"subscriptions": 0, "events": 20, "marks": 15, "agree": 0}
    without = churn.disagreement({"events": events, "marks": marks})
    assert without.params == {"subscriptions": "–", "events": 20, "marks": 15, "agree": 5}


def test_sources_that_agree_or_stand_alone_are_not_remarked():
    many = {f"A{i}" for i in range(100)}
    assert churn.disagreement({"subscriptions": many, "events": many - {"A1", "A2"}}) is None
    assert churn.disagreement({"subscriptions": {"A"}, "events": {"B"}}) is None  # two accounts prove little
    assert churn.disagreement({"events": many, "marks": None}) is None
    assert churn.disagreement({"subscriptions": many, "events": many | {f"Z{i}" for i in range(90)}}, many) is None
