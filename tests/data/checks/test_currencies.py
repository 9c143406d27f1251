"""The currency of amounts that no column says: taken from signs and headers, and said; `$` alone is only remarked."""

import pytest

from data.importing import Known, inspect, prepare

HEAD = "Invoice Number,Customer ID,Invoice Date,"


def checked(text, reporting="BRL", constants=None):
    known = Known(currencies=(reporting, "EUR"))
    return prepare(inspect(text.encode(), "invoices.csv"), known=known, constants=constants)[0]


def problems(prepared):
    return {p.problem for p in prepared.checked.problems}


def currencies(prepared):
    return prepared.accepted["currency"].to_pylist() if "currency" in prepared.accepted.column_names else None


def test_one_sign_counts_for_numbers_without_one_too():
    found = checked(HEAD + 'Amount\nI1,C1,2024-01-15,"US$ 1,200.00"\nI2,C2,2024-01-18,200.00\nI3,C2,2024-01-19,USD 5\n')
    assert currencies(found) == ["USD"] * 3
    assert found.accepted["amount"].to_pylist() == [1200.0, 200.0, 5.0]
    assert problems(found) == {"currency_as_written", "no_rate"}


def test_several_signs_row_by_row():
    found = checked(HEAD + "Amount\nI1,C1,2024-01-15,US$ 12.00\nI2,C2,2024-01-18,€2.00\nI3,C2,2024-01-19,3.00\n")
    assert currencies(found) == ["USD", "EUR", None]
    assert problems(found) == {"currency_as_written", "no_rate"}


@pytest.mark.parametrize(
    ("header", "code"),
    [("Amount (USD)", "USD"), ("Amount USD", "USD"), ("amount_eur", "EUR"), ("Amount (R$)", "BRL"), ("Amount", None)],
)
def test_a_header_that_names_it(header, code):
    found = checked(HEAD + f"{header}\nI1,C1,2024-01-15,12.00\n")
    assert currencies(found) == ([code] if code else None)


def test_the_reporting_currency_is_nothing_to_speak_of():
    found = checked(HEAD + '"Valor"\nI1,C1,2024-01-15,"R$ 12,00"\n')
    assert currencies(found) == ["BRL"]
    assert problems(found) == set()


@pytest.mark.parametrize(("reporting", "said"), [("BRL", {"bare_dollar"}), ("USD", set()), ("MXN", set())])
def test_a_dollar_sign_alone(reporting, said):
    found = checked(HEAD + "Amount\nI1,C1,2024-01-15,$12.00\n", reporting)
    assert currencies(found) is None
    assert problems(found) == said


def test_a_column_or_a_constant_stands_above_signs():
    text = HEAD + "Amount,Currency\nI1,C1,2024-01-15,$12.00,eur\n"
    assert currencies(checked(text)) == ["EUR"]
    assert currencies(checked(HEAD + "Amount (USD)\nI1,C1,2024-01-15,12.00\n", constants={"currency": "EUR"})) == [
        "EUR"
    ]


def test_monthly_figures_have_no_currency_of_their_own():
    text = "account_id,month,mrr\nA,2024-01-01,US$ 10\nA,2024-02-01,US$ 11\n"
    found = prepare(inspect(text.encode(), "monthly.csv"), known=Known(currencies=("BRL",)))[0]
    (said,) = [p for p in found.checked.problems if p.problem == "other_currency"]
    assert (said.count, said.params) == (2, {"currencies": "USD", "reporting": "BRL"})
