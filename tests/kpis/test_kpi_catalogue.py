"""The catalogue is complete, documented, and each objective sees it its own way."""

import csv
import re
from pathlib import Path

import pytest

from kpis import reference
from kpis.catalogue import BUILT_IN, KPIS, Catalogue, UnknownKpi, default_pairs, kpi
from kpis.kpi import OBJECTIVES
from kpis.reasons import REASONS
from kpis.table import MISSING

ROOT = Path(__file__).parents[2]

IN_SCREEN_ORDER = {
    "retention": """logo_churn activity_churn revenue_churn revenue_churn_lost contraction_rate net_revenue_churn nrr
        nrr_1m nrr_3m grr grr_1m grr_3m lifetime lifetime_median survival_12m survival_24m ltv ltv_realised health_score
        health_score_mrr adoption feature_adoption engagement stickiness renewal_rate renewal_rate_value""",
    "quality": """nps csat ces ces_mean enps aht time_to_resolution time_to_resolution_median time_to_resolution_p90
        first_response_time first_response_time_median first_response_time_p90 wait_time service_level solve_rate
        solve_flow abandonment fcr one_touch sla_breach sla_met contact_rate cs_feeling""",
    "expansion": """upsell cross_sell price_uplift expansion_rate expansion_one_off referrals referral_conversion
        referrer_share referral_value at_seat_limit promoter_share""",
    "financial": """mrr arr new_mrr reactivation_mrr contraction_mrr churned_mrr arpa average_ticket tcv_billed
        tcv_contract cac cac_payback ltv_cac quick_ratio overdue_amount overdue_count""",
}

LEADING_AT_HOME = """health_score health_score_mrr adoption feature_adoption engagement stickiness csat ces ces_mean
    enps time_to_resolution time_to_resolution_median time_to_resolution_p90 first_response_time
    first_response_time_median
    first_response_time_p90 wait_time service_level solve_rate solve_flow abandonment fcr one_touch sla_breach sla_met
    contact_rate cs_feeling referrals referral_conversion referrer_share at_seat_limit promoter_share overdue_amount
    overdue_count"""

DOWN_IS_GOOD = """logo_churn activity_churn revenue_churn revenue_churn_lost contraction_rate net_revenue_churn
    time_to_resolution time_to_resolution_median time_to_resolution_p90 first_response_time first_response_time_median
    first_response_time_p90 wait_time abandonment sla_breach contact_rate contraction_mrr churned_mrr cac cac_payback
    overdue_amount overdue_count"""

PROPORTIONS = """logo_churn activity_churn renewal_rate csat ces service_level solve_rate abandonment fcr one_touch
    sla_met referral_conversion referrer_share at_seat_limit promoter_share"""

UNITS = {
    "points": "health_score health_score_mrr nps ces_mean enps cs_feeling",
    "money": """ltv ltv_realised upsell cross_sell price_uplift expansion_one_off referral_value mrr arr new_mrr
        reactivation_mrr contraction_mrr churned_mrr arpa average_ticket tcv_billed tcv_contract cac overdue_amount""",
    "seconds": """aht time_to_resolution time_to_resolution_median time_to_resolution_p90 first_response_time
        first_response_time_median first_response_time_p90 wait_time""",
    "months": "lifetime lifetime_median cac_payback",
    "count": "sla_breach referrals overdue_count",
    "times": "contact_rate ltv_cac quick_ratio",
}


def test_every_kpi_is_there_in_screen_order():
    for objective in OBJECTIVES:
        own = [one.key for one in KPIS if one.objective == objective]
        assert own == IN_SCREEN_ORDER[objective].split()
    assert len(KPIS) == 76
    assert list(dict.fromkeys(one.objective for one in KPIS)) == list(OBJECTIVES)


def test_home_labels_directions_intervals_and_units():
    assert {one.key for one in KPIS if one.role == "leading"} == set(LEADING_AT_HOME.split())
    assert {one.key for one in KPIS if one.role == "neither"} == {"aht"}
    assert {one.key for one in KPIS if one.direction == "down"} == set(DOWN_IS_GOOD.split())
    assert {one.key for one in KPIS if one.direction == "neither"} == {"aht", "price_uplift"}
    assert {one.key for one in KPIS if one.interval == "wilson"} == set(PROPORTIONS.split())
    assert {one.key for one in KPIS if one.interval == "nps"} == {"nps", "enps"}
    assert {one.key for one in KPIS if one.interval == "given"} == {"lifetime_median", "survival_12m", "survival_24m"}
    for unit, keys in UNITS.items():
        assert {one.key for one in KPIS if one.unit == unit} == set(keys.split())
    named = {key for keys in UNITS.values() for key in keys.split()}
    assert {one.key for one in KPIS if one.unit == "ratio"} == {one.key for one in KPIS} - named


@pytest.mark.parametrize("one", KPIS, ids=lambda one: one.key)
def test_every_kpi_says_what_it_is_when_it_is_undefined_and_where_it_comes_from(one):
    assert one.says.endswith((".", "?"))
    assert one.undefined.endswith(".")
    assert one.source.endswith(".")
    assert one.formula.__name__ == one.key


def test_reasons_are_known():
    used = {one.empty for one in KPIS} | {why for one in KPIS for _, why in one.zeros}
    used |= {why for why, _ in MISSING.values()}
    used |= {"not_loaded", "no_data", "not_by_week", "company_only", "too_few_answers"}
    assert used == set(REASONS)


def test_a_missing_key_gets_suggestions():
    with pytest.raises(UnknownKpi, match="Did you mean logo_churn") as error:
        kpi("logochurn")
    assert error.value.key == "logochurn"
    assert error.value.suggestions[0] == "logo_churn"
    assert error.value.args == ("logochurn",)
    assert str(UnknownKpi("first_response", [one.key for one in KPIS])) == (
        "There is no KPI “first_response”. "
        "Did you mean first_response_time, first_response_time_p90, first_response_time_median?"
    )
    assert str(UnknownKpi("zzzzzz", ["mrr"])) == "There is no KPI “zzzzzz”."
    assert kpi("nrr").key == "nrr"


def test_the_declared_map_names_kpis_and_objectives():
    assert len(default_pairs()) == 32
    for pair in default_pairs():
        assert kpi(pair.leading) is not kpi(pair.lagging)
        assert pair.sign in "+-"
        assert 1 <= pair.lead_months[0] <= pair.lead_months[1] <= 6
        assert pair.rationale
        assert pair.source
        assert pair.objective in OBJECTIVES
    first = default_pairs()[0]
    assert (first.leading, first.lagging, first.objective, first.sign) == ("adoption", "logo_churn", "retention", "-")
    assert first.lead_months == (1, 4)


def test_labels_per_objective():
    nps = kpi("nps")
    assert BUILT_IN.role(nps, "quality") == "lagging"
    assert BUILT_IN.role(nps, "retention") == "leading"
    assert BUILT_IN.role(nps, "expansion") == "leading"
    assert BUILT_IN.role(nps, "financial") == "lagging"
    assert BUILT_IN.role(kpi("adoption"), "retention") == "leading"
    assert BUILT_IN.role(kpi("mrr"), "retention") == "lagging"
    assert BUILT_IN.role(kpi("aht"), "quality") == "neither"
    assert Catalogue(labels={("nps", "retention"): "neither"}).role(nps, "retention") == "neither"
    assert Catalogue(labels={("nps", "quality"): "leading"}).role(nps, "quality") == "leading"
    assert Catalogue(labels={("nps", "retention"): "leading"}).role(nps, "quality") == "lagging"


def test_pages_hold_their_own_kpis_then_foreign_leading_ones():
    foreign = {
        objective: [one.key for one in BUILT_IN.page(objective) if one.objective != objective]
        for objective in OBJECTIVES
    }
    assert foreign == {
        "retention": ["nps", "csat", "ces", "time_to_resolution", "fcr", "cs_feeling", "overdue_amount"],
        "quality": [],
        "expansion": ["health_score", "adoption", "engagement", "nps"],
        "financial": ["engagement", "referrals"],
    }
    for objective in OBJECTIVES:
        own = [one.key for one in BUILT_IN.page(objective)][: len(IN_SCREEN_ORDER[objective].split())]
        assert own == IN_SCREEN_ORDER[objective].split()
        assert len(BUILT_IN.page(objective)) == len(set(BUILT_IN.page(objective)))
    chosen = {("abandonment", "retention"): "leading", ("aht", "retention"): "neither", ("mrr", "quality"): "lagging"}
    assert "abandonment" in [one.key for one in Catalogue(labels=chosen).page("retention")]
    assert "aht" not in [one.key for one in Catalogue(labels=chosen).page("retention")]
    assert "mrr" not in [one.key for one in Catalogue(labels=chosen).page("retention")]
    assert [one.key for one in Catalogue(labels=chosen).page("quality")][-1] == "mrr"


def test_every_kpi_is_named_in_three_languages():
    names = ROOT / "words" / "kpis.csv"
    with names.open(encoding="utf-8", newline="") as lines:
        rows = {row["key"]: row for row in csv.DictReader(lines)}
    for one in KPIS:
        assert all(rows[one.key][language] for language in ("en", "pt_BR", "es")), one.key


def test_the_reference_is_generated():
    text = (ROOT / "docs" / "kpis.md").read_text(encoding="utf-8")
    assert text == reference.render(), "run: make docs"
    assert re.findall(r"^### `(\w+)`", text, flags=re.M) == [one.key for one in KPIS]
