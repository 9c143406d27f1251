"""Words: every language says the same things, with the same parameters."""

import json
from contextvars import copy_context
from pathlib import Path

import pytest
from babel import Locale

from kpis.catalogue import KPIS
from kpis.reasons import REASONS
from words import LANGUAGES, explain, name, text
from words.catalogue import UnknownWords, call_own, catalogue, parameters, short

HOME = Path(__file__).parents[2] / "words"
AREAS = sorted(f.stem for f in (HOME / "en").glob("*.json"))


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("locale", [x for x in LANGUAGES if x != "en"])
def test_same_ids_and_parameters_in_every_language(area: str, locale: str) -> None:
    english = json.loads((HOME / "en" / f"{area}.json").read_text(encoding="utf-8"))
    other = json.loads((HOME / locale / f"{area}.json").read_text(encoding="utf-8"))
    assert sorted(other) == sorted(english)
    differing = {key for key in english if parameters(english[key]) != parameters(other[key])}
    assert not differing


@pytest.mark.parametrize("locale", LANGUAGES)
def test_counted_entries_have_a_form_for_every_count(locale: str) -> None:
    for key, entry in catalogue(locale).items():
        if isinstance(entry, dict):
            assert "other" in entry, key
            assert set(entry) <= set(Locale.parse(locale).plural_form.tags) | {"other", "zero"}, key
            assert all("n" in parameters(form) or form for form in entry.values()), key


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_kpi_reason_and_measure_has_words(locale: str) -> None:
    for kpi in KPIS:
        assert name(kpi.key, locale) != kpi.key.replace("_", " "), kpi.key
        assert explain(kpi.key, locale), kpi.key
        for measure in kpi.measures:
            assert f"measures.{measure}" in catalogue(locale), measure
    for reason in REASONS:
        assert text(f"reasons.{reason}", locale)


def test_counts_choose_their_form_and_numbers_are_written_in_the_language() -> None:
    assert text("overview.accounts", "en", n=1) == "1 account"
    assert text("overview.accounts", "en", n=1283) == "1,283 accounts"
    assert text("overview.accounts", "pt_BR", n=1283) == "1.283 contas"
    assert text("overview.accounts", "es", n=2) == "2 cuentas"
    assert [text("objective.cases", "pt_BR", n=n) for n in (0, 1, 2)] == ["nenhum caso", "1 caso", "2 casos"]
    assert [text("objective.cases", "es", n=n) for n in (0, 1, 2)] == ["ningún caso", "1 caso", "2 casos"]


def test_what_a_company_names_itself_goes_by_that_name_where_it_was_called_so() -> None:
    def called() -> tuple[str, ...]:
        call_own({"own_x": ("Ativação (30 dias)", "Quem começou."), "own_y": ("Ativação (90 dias)", "")})
        return name("own_x", "es"), short("own_x", "en"), short("own_y", "en"), explain("own_x"), short("logo_churn")

    said = copy_context().run(called)
    assert said == ("Ativação (30 dias)", "Ativação (30 dias)", "Ativação (90 dias)", "Quem começou.", "Logo churn")
    assert name("own_x") == "own x"


def test_an_unknown_id_is_an_error() -> None:
    with pytest.raises(UnknownWords):
        text("shell.there_is_no_such_thing", "en")
