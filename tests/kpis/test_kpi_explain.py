"""The formula with its numbers in it gives the number."""

from math import isnan, nan

import numpy as np
import pandas as pd
import pytest

from kpis.catalogue import KPIS, kpi
from kpis.explain import Part, explain, formula_text, is_complete


def computed(parts):
    """Work a formula out from its parts alone, as a reader would with a calculator."""
    operators = {"": "", "+": "+", "−": "-", "×": "*", "÷": "/"}
    return "".join(f"{operators[part.operator]}{part.opening}({part.value!r}){part.closing}" for part in parts)


@pytest.mark.parametrize("one", KPIS, ids=lambda one: one.key)
def test_the_parts_work_out_to_the_value(one):
    random = np.random.default_rng(9)
    for _ in range(5):
        numbers = random.choice(range(10, 1_000), len(one.measures), replace=False)
        measures = dict(zip(one.measures, map(float, numbers), strict=True))
        found = explain(one, measures)
        assert pd.eval(computed(found.parts), engine="python") == pytest.approx(one.value(measures))
        assert found.value == pytest.approx(one.value(measures))
        assert {part.measure for part in found.parts if part.measure} == set(one.measures)
        assert is_complete(found)


def test_by_hand():
    found = explain(kpi("logo_churn"), {"lost_accounts": 5, "opening_accounts": 100})
    assert found.parts == (Part("lost_accounts", "", 5.0), Part("opening_accounts", "÷", 100.0))
    assert (found.kpi, found.numerator, found.denominator, found.value) == ("logo_churn", 5, 100, 0.05)
    nps = explain(kpi("nps"), {"nps_promoters": 50, "nps_detractors": 20, "nps_answers": 100})
    assert nps.parts == (
        Part(None, "", 100.0),
        Part("nps_promoters", "×", 50.0, opening="("),
        Part("nps_detractors", "−", 20.0, closing=")"),
        Part("nps_answers", "÷", 100.0),
    )
    assert explain(kpi("mrr"), {"closing_mrr": 7}).denominator is None


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("logo_churn", "lost_accounts ÷ opening_accounts"),
        ("mrr", "closing_mrr"),
        ("arr", "12 × closing_mrr"),
        ("revenue_churn", "(churned_mrr + contraction_mrr) ÷ opening_mrr"),
        ("nps", "100 × (nps_promoters − nps_detractors) ÷ nps_answers"),
        ("abandonment", "(abandoned − short_abandoned) ÷ (offered − short_abandoned)"),
        (
            "net_revenue_churn",
            "(churned_mrr + contraction_mrr − (upsell_mrr + cross_sell_mrr + price_uplift_mrr + reactivation_mrr))"
            " ÷ opening_mrr",
        ),
        ("ltv", "closing_mrr ÷ closing_accounts × gross_margin ÷ (lost_accounts_6m ÷ opening_accounts_6m)"),
        ("cac_payback", "acquisition_cost ÷ new_accounts ÷ (new_mrr ÷ new_accounts × gross_margin)"),
    ],
)
def test_as_text(key, text):
    assert formula_text(kpi(key)) == text


def test_text_in_other_words():
    found = explain(kpi("arr"), {"closing_mrr": 1_000})
    assert found.text(lambda name: name.upper(), lambda number: f"<{number:.1f}>") == "<12.0> × CLOSING_MRR"


def test_missing_numbers():
    found = explain(kpi("logo_churn"), {"lost_accounts": None})
    assert not is_complete(found)
    assert isnan(found.value)
    assert isnan(found.numerator)
    zero = explain(kpi("logo_churn"), {"lost_accounts": 0, "opening_accounts": 0})
    assert isnan(zero.value)
    assert is_complete(zero)


def test_few_employees_stay_unrecognised():
    measures = {"enps_promoters": 2, "enps_detractors": 1, "enps_answers": 4}
    hidden = explain(kpi("enps"), measures)
    assert isnan(hidden.value)
    assert isnan(hidden.numerator)
    assert all(isnan(part.value) for part in hidden.parts if part.measure)
    assert explain(kpi("enps"), {**measures, "enps_answers": 5}).value == 20
    assert isnan(explain(kpi("enps"), {"enps_answers": nan}).value)
