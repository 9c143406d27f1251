"""What warns you: on the sample, on nothing, on accounts with subscriptions only, in three languages."""

import json
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

import cli
import workspace
from kpis.evidence.grades import verdict
from kpis.evidence.result import Evidence, Lead, refused
from tests.pages.conftest import HOSTILE, PAGES, opened, words
from ui.signals import behind, board, page
from ui.telling import Teller
from words import LANGUAGES, evidence, text
from workspace import LeadMap

PAGES["lead_lag"] = "pages/signals/lead_lag.py"


@pytest.mark.parametrize("workspace", ["sample", "partial"])
def test_runs_without_an_exception(workspace: str) -> None:
    at = opened("lead_lag", workspace=workspace, lang="en")
    assert not at.exception
    assert at.title[0].value == "What warns you, and how early"
    assert "could not be shown" not in words(at)


def test_an_empty_workspace_says_what_to_do() -> None:
    at = opened("lead_lag", workspace="empty", lang="en")
    assert not at.exception
    assert "This workspace holds no data yet" in words(at)
    assert not at.get("vega_lite_chart")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language(lang: str) -> None:
    at = opened("lead_lag", workspace="sample", lang=lang)
    assert not at.exception
    said = words(at)
    assert at.title[0].value == text("evidence.title", lang)
    assert text("evidence.legend", lang) in said
    assert at.get("vega_lite_chart")


def test_a_link_opens_a_pair() -> None:
    at = opened("lead_lag", workspace="sample", lang="en", pair="adoption~logo_churn")
    assert "Adoption → Churn" in words(at)
    assert at.selectbox(key="w_leads_pair").value == "adoption~logo_churn"


def test_a_pair_nobody_tried_falls_back_to_the_best() -> None:
    at = opened("lead_lag", workspace="sample", lang="en", pair="nonsense~logo_churn")
    assert not at.exception
    assert at.selectbox(key="w_leads_pair").value != "nonsense~logo_churn"


def test_choosing_an_objective_changes_the_map() -> None:
    at = opened("lead_lag", workspace="sample", lang="en")
    at.segmented_control(key="w_leads_objective").set_value("expansion").run()
    assert not at.exception
    assert all(pair.split("~")[1] in ("expansion_rate", "upsell", "cross_sell", "referrals") for pair in _pairs(at))
    assert at.query_params["objective"] == "expansion"


def test_a_link_opens_an_objective() -> None:
    at = opened("lead_lag", workspace="sample", lang="en", objective="expansion")
    assert at.segmented_control(key="w_leads_objective").value == "expansion"


def _pairs(at: object) -> list[str]:
    return list(at.session_state["w_leads_pair"] and [at.session_state["w_leads_pair"]])  # type: ignore[attr-defined]


def test_texts_from_the_data_stay_texts() -> None:
    said = words(opened("lead_lag", workspace="sample", lang="en"))
    assert HOSTILE not in said
    assert "](http://evil.example)" not in said.replace("\\", "\\\\").replace("\\]\\(", "")


LEADS = tuple(Lead(n, 0.35 - 0.02 * n, low=0.25, high=0.45, n=60) for n in range(1, 7))
FOUND = Evidence(
    "adoption",
    "logo_churn",
    "account",
    "likely",
    "early_warning",
    3,
    5,
    0.29,
    0.22,
    0.36,
    n=64,
    by_lead=LEADS,
    family="declared",
    tenths=(20, 10, 10, 4, 4, 4, 4, 4, 2, 2),
)
NOTHING = refused("nps", "logo_churn", "account", "few_events", n=4, months=2, needed=10)


def a_map(monkeypatch: pytest.MonkeyPatch, *found: Evidence) -> None:
    """Every face is given this map."""
    told = LeadMap(tuple(verdict(one, None) for one in found), 36, "2023-12", "2026-10", {"logo_churn": 76}, found)
    monkeypatch.setattr(workspace, "lead_map", lambda *_, **__: told)
    monkeypatch.setattr(workspace, "lead_map_at_hand", lambda *_, **__: told)
    page._drawn.clear()  # what is kept is named by the data, not by the map, which follows from them


def drawn(at: AppTest, number: int) -> list[dict[str, Any]]:
    """The rows of a chart of the page."""
    data = at.get("vega_lite_chart")[number].proto.datasets[0].data.data
    with pa.ipc.open_stream(data) as stream:
        rows: list[dict[str, Any]] = stream.read_all().to_pylist()
    return rows


@pytest.mark.parametrize(
    ("lang", "said", "column"),
    [
        ("en", "127 events (95 accounts)", "95 accounts"),
        ("pt_BR", "127 eventos (95 contas)", "95 contas"),
        ("es", "127 eventos (95 cuentas)", "95 cuentas"),
    ],
)
def test_events_and_the_accounts_that_had_them_are_named_apart(lang: str, said: str, column: str) -> None:
    several = replace(FOUND, lagging="upsell", n=95, tenths=(67, 20, 10, 10, 4, 4, 4, 4, 2, 2))
    assert behind.placed(several, Teller(lang)) == said
    assert board.heading("upsell", Teller(lang), {"upsell": 95}).endswith(f"|{column}")
    assert behind.placed(FOUND, Teller("en")) == "64 departures"


def test_every_face_says_the_same_about_a_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    a_map(monkeypatch, FOUND, NOTHING)
    sentence = evidence.told(FOUND, "en")
    at = opened("lead_lag", workspace="sample", lang="en")
    cell = next(row for row in drawn(at, 0) if row["pair"] == "adoption~logo_churn")
    assert (cell["top"], cell["bottom"], cell["says"]) == ("▼ 3 mo", "●●○ likely", sentence)
    said = words(at)
    assert "●●○ likely · 64 departures" in said  # the answer
    assert "3 months before notice" in said
    assert text("evidence.tag_early_warning", "en") in said  # the pair
    assert "known for 64 of the 76 accounts" in said
    plain = said.replace("\\", "")
    assert evidence.headline(evidence.params(FOUND), "en") in plain
    assert evidence.how_sure(evidence.params(FOUND), "en") in plain
    objective = opened("retention", workspace="sample", lang="en")
    objective.session_state["labels_retention"] = True
    told = words(objective.run()).replace("\\", "")
    assert evidence.headline(evidence.params(FOUND), "en") in told
    assert "●●○ Likely; 64 departures" in told
    assert "▼ 3 mo ●●○ likely · " in told  # beside the label
    result = CliRunner().invoke(cli.app, ["evidence", "--workspace", "sample", "--json"])
    one = next(record for record in json.loads(result.stdout) if record["leading"] == "adoption")
    assert (one["grade"], one["lead_months"], one["tag"], one["n_events"]) == ("likely", 3, "early_warning", 64)
    assert one["sentence"] == sentence


def test_the_control_and_the_link_move_the_overlay_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    a_map(monkeypatch, FOUND)
    at = opened("lead_lag", workspace="sample", lang="en", pair="adoption~logo_churn")
    control = "w_leads_shift_adoption~logo_churn"
    assert [row["lead"] for row in drawn(at, 1) if row["chosen"]] == [3]
    at.segmented_control(key=control).set_value(5).run()
    assert at.query_params["shift"] == "5"
    assert [row["lead"] for row in drawn(at, 1) if row["chosen"]] == [5]
    by_control = drawn(at, 2)
    at = opened("lead_lag", workspace="sample", lang="en", pair="adoption~logo_churn", shift="5")
    assert at.segmented_control(key=control).value == 5
    assert drawn(at, 2) == by_control
    at.segmented_control(key=control).set_value(3).run()
    assert "shift" not in at.query_params  # the lead itself needs no word in the link


def test_the_road_ahead_holds_the_months_that_only_the_indicator_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    a_map(monkeypatch, FOUND)
    rows = drawn(opened("lead_lag", workspace="sample", lang="en"), 2)
    band = next(row for row in rows if row["kind"] == "ahead")
    outcome = [row["start"] for row in rows if row["kind"] == "lagging"]
    ahead = [row["start"] for row in rows if row["kind"] == "leading" and row["start"] > band["start"]]
    assert band["start"] == max(outcome)
    assert len(ahead) == 3
    assert band["end"] == max(ahead)
    still = drawn(opened("lead_lag", workspace="sample", lang="en", shift="0"), 2)
    assert not [row for row in still if row["kind"] == "ahead"]


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (NOTHING, "6 more cases before anything can be said"),
        (replace(FOUND, grade="no_sign", tag=None, lead_months=None), "Had they stood beyond"),
        (refused("nps", "logo_churn", "account", "snapshot"), "bring in the export of each month"),
        (replace(FOUND, tag="risk_profile"), "They always stood there"),
        (replace(FOUND, grade="weak"), "weak, could be luck"),
    ],
)
def test_what_is_not_a_warning_is_not_sold_as_one(one: Evidence, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    a_map(monkeypatch, replace(one, detectable=0.6))
    at = opened("lead_lag", workspace="sample", lang="en")
    assert not at.exception
    assert said in words(at).replace("\\", "")
    assert ("Nothing warns you here yet" in words(at)) == (one.grade in ("no_sign", "not_enough_data"))
    assert ("Call first" in words(at)) == (one.grade not in ("no_sign", "not_enough_data"))


def test_without_an_indicator_the_page_says_what_to_bring_in() -> None:
    said = words(opened("lead_lag", workspace="partial", lang="en"))
    assert "nothing that could move before it" in said
    assert "Bring in usage, contacts, surveys or invoices" in said
