"""The definitions page: all of the catalogue, with numbers where there are some."""

import pytest
from streamlit.testing.v1 import AppTest

from data.policies import Policies
from kpis.catalogue import KPIS, kpi
from tests.pages.conftest import ROOT, words
from workspace.policy_reach import touched, touching


def opened(lang: str = "en", **query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=200)
    query["lang"] = lang
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    at.switch_page("pages/reference/definitions.py")
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


@pytest.mark.parametrize("workspace", ["sample", "empty", "partial"])
@pytest.mark.parametrize("lang", ["en", "pt_BR", "es"])
def test_every_kpi_is_there(workspace: str, lang: str) -> None:
    at = opened(lang, workspace=workspace)
    assert not at.exception
    assert len(at.expander) == len(KPIS)


def test_numbers_of_today_stand_in_the_formula_and_darkness_says_why() -> None:
    full, partial = words(opened(workspace="sample")), words(opened(workspace="partial"))
    assert r"Customers lost ÷ Customers at opening" in full
    assert "Others report, as orientation only:" in full
    assert "Policies that touch it:" in full
    assert "Surveys" in partial or "needs surveys" in partial
    assert ":green[:material/lightbulb: lit]" in partial


def test_search_ignores_case_and_accents() -> None:
    at = opened("pt_BR", workspace="empty")
    at.text_input("definitions_query").set_value("RENOVACAO").run()
    shown = [one.label for one in at.expander]
    assert 0 < len(shown) < len(KPIS)
    assert all("enova" in label.lower() for label in shown)
    at.text_input("definitions_query").set_value("![](http://evil.example/x)").run()
    assert not at.expander
    assert "![](http" not in words(at)


def test_a_link_opens_one() -> None:
    at = opened(workspace="sample", kpi="nps")
    assert any(m.value.startswith("## ") and "NPS" in m.value for m in at.markdown)
    assert not opened(workspace="sample", kpi="nonsense").exception


def test_every_policy_that_changes_numbers_touches_some_kpi() -> None:
    for name in Policies.names():
        if name not in ("currency", "timezone"):
            assert touched(name, KPIS), name
    assert "csat_ten_point_cut" in touching(kpi("csat"))
    assert "paused" in touching(kpi("logo_churn"))
    assert "paused" not in touching(kpi("nps"))
