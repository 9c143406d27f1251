"""Every page on the sample, on nothing, and on accounts with subscriptions only."""

import re

import pytest

from tests.pages.conftest import HOSTILE, PAGES, opened, words

OBJECTIVES = [p for p in PAGES if p != "overview"]


@pytest.mark.parametrize("workspace", ["sample", "empty", "partial"])
@pytest.mark.parametrize("page", PAGES)
def test_runs_without_an_exception(page: str, workspace: str) -> None:
    at = opened(page, workspace=workspace, lang="en")
    assert not at.exception
    assert "could not be shown" not in words(at)
    assert at.title


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_workspace_says_what_to_do(page: str) -> None:
    said = words(opened(page, workspace="empty", lang="en"))
    assert "This workspace holds no data yet" in said
    assert "**accounts** and **subscriptions**" in said


@pytest.mark.parametrize("page", ["overview", "retention"])
def test_accounts_alone_are_counted_and_what_brings_numbers_is_named(page: str) -> None:
    said = words(opened(page, workspace="undated", lang="en"))
    assert "There are 30 accounts here, but nothing with a date yet" in said
    assert "**Subscriptions**, with their start" in said
    assert "holds no data" not in said


@pytest.mark.parametrize(("lang", "title"), [("en", "Retention"), ("pt_BR", "Retenção"), ("es", "Retención")])
def test_every_language(lang: str, title: str) -> None:
    at = opened("retention", workspace="sample", lang=lang)
    assert at.title[0].value == title
    assert at.get("vega_lite_chart")


def test_a_partial_workspace_names_what_would_light_each_kpi() -> None:
    at = opened("quality", workspace="partial", lang="en")
    said = words(at)
    assert "**NPS**: needs surveys" in said
    assert "of contacts" in said
    assert not at.exception


def test_cards_hold_value_target_status_and_change() -> None:
    said = words(opened("retention", workspace="sample", lang="en"))
    assert ":material/check_circle: On target" in said or ":material/cancel: Off target" in said
    assert "/ 103%" in said
    assert "variation" in said
    assert "Likely range" in said
    assert " accounts" in said


def test_a_deep_link_opens_one_kpi_with_its_filters() -> None:
    at = opened("retention", workspace="sample", lang="en", kpi="logo_churn", grain="quarter", f__plan="Pro")
    said = words(at)
    assert at.title[0].value == "Logo churn (customer churn)"
    assert "How the number is made" in said
    assert r"plan: Pro" in said
    assert ":material/check:" in said
    assert at.session_state["w_grain_5"] == "quarter"
    assert at.query_params["kpi"] in ("logo_churn", ["logo_churn"])


def test_filters_narrow_the_numbers() -> None:
    whole = opened("financial", workspace="sample", lang="en", kpi="mrr")
    some = opened("financial", workspace="sample", lang="en", kpi="mrr", f__plan="Pro")
    assert "Forecast: " in words(whole)
    assert "No likely range: a total is counted in full" in words(whole)
    value = next(m.value for m in whole.markdown if m.value.startswith("R$"))
    assert value not in [m.value for m in some.markdown]


def test_unknown_parts_of_a_link_are_dropped() -> None:
    at = opened(
        "retention", workspace="nowhere", lang="en", by="nothing", kpi="nonsense", f__nothing="x", grain="decade"
    )
    assert not at.exception
    assert at.title[0].value == "Retention"
    assert "The workspace nowhere of this link is not here" in words(at)


@pytest.mark.parametrize("grain", ["week", "quarter", "half", "year"])
def test_every_grain(grain: str) -> None:
    at = opened("retention", workspace="sample", lang="pt_BR", grain=grain)
    assert not at.exception
    assert "Não foi possível" not in words(at)


@pytest.mark.slow
@pytest.mark.parametrize("page", OBJECTIVES)
def test_every_kpi_opens(page: str) -> None:
    from kpis.catalogue import KPIS

    first = [k.key for k in KPIS if k.objective == page]
    at = opened(page, workspace="sample", lang="es")
    for key in first:
        at.query_params["kpi"] = key
        at.run()
        assert not at.exception, key
        assert "No se pudo mostrar" not in words(at), key


def test_data_never_act_as_markdown() -> None:
    at = opened("retention", workspace="sample", lang="en", kpi="revenue_churn", by="segment")
    said = words(at)
    assert HOSTILE not in said
    assert "](http://evil" not in said
    assert r"\[SMB\]\(http" in said
    assert all("evil" not in str(s.label) for s in at.selectbox)


def test_the_compared_period_is_in_the_link() -> None:
    at = opened("retention", workspace="sample", lang="en", compare="year")
    assert " 2025" in words(at)


def test_the_workspace_is_in_the_link_where_there_are_others() -> None:
    at = opened("retention", lang="en")
    assert at.query_params["workspace"]


def test_changing_a_control_writes_the_link() -> None:
    at = opened("retention", workspace="sample", lang="en")
    next(c for c in at.get("segmented_control") if c.key == "w_span_3").set_value("12")
    at.run()
    assert at.query_params["span"] in ("12", ["12"])
    next(m for m in at.multiselect if m.key == "w_f_plan").set_value(["Pro"])
    at.run()
    assert at.query_params["f.plan"] in ("Pro", ["Pro"])
    assert "plan: Pro" in words(at)


def test_language_follows_the_browser() -> None:
    at = opened("overview", workspace="sample")
    assert at.title
    assert not at.exception


def test_the_panel_counts_what_is_off_target_and_what_is_too_close_to_call_apart() -> None:
    values = [m.value for m in opened("overview", workspace="sample", lang="en").markdown]
    rows = [v for v in values if re.search(r" · at (least|most) .* · ", v)]
    close = sum("Too close to call" in row for row in rows)
    assert close
    off = f"{len(rows) - close} indicators? off target or near · " if len(rows) > close else ""
    assert any(re.fullmatch(f"##### {off}{close} indicators? too close to call", v) for v in values)
