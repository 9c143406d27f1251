"""Numbers, money, time and dates as each language writes them."""

from datetime import date
from math import nan

import pytest

from words import formats

NB = formats.NBSP


@pytest.mark.parametrize(
    ("number", "unit", "en", "pt", "es"),
    [
        (1.023, "ratio", "102.3%", "102,3%", f"102,3{NB}%"),
        (0.58, "ratio", "58%", "58%", f"58{NB}%"),
        (0.004, "ratio", "0.40%", "0,40%", f"0,40{NB}%"),
        (0.0, "ratio", "0%", "0%", f"0{NB}%"),
        (-0.006, "ratio", "−0.60%", "−0,60%", f"−0,60{NB}%"),
        (1_900_000, "money", f"R${NB}1.90M", f"R${NB}1,90{NB}mi", f"R${NB}1,90{NB}M"),
        (84_300, "money", f"R${NB}84.3k", f"R${NB}84,3{NB}mil", f"R${NB}84,3{NB}mil"),
        (755, "money", f"R${NB}755", f"R${NB}755", f"R${NB}755"),
        (-12_800, "money", f"−R${NB}12.8k", f"−R${NB}12,8{NB}mil", f"−R${NB}12,8{NB}mil"),
        (999_999, "money", f"R${NB}1.00M", f"R${NB}1,00{NB}mi", f"R${NB}1,00{NB}M"),
        (224, "seconds", f"3{NB}min{NB}44{NB}s", f"3{NB}min{NB}44{NB}s", f"3{NB}min{NB}44{NB}s"),
        (17_280, "seconds", f"4.8{NB}h", f"4,8{NB}h", f"4,8{NB}h"),
        (1, "months", f"1{NB}mo", f"1{NB}mês", f"1{NB}mes"),
        (85.2, "months", f"85{NB}mo", f"85{NB}meses", f"85{NB}meses"),
        (2.13, "times", "2.1", "2,1", "2,1"),
        (46.62, "points", "46.6", "46,6", "46,6"),
        (1283, "count", "1,283", "1.283", "1.283"),
        (nan, "ratio", "–", "–", "–"),
        (None, "money", "–", "–", "–"),
    ],
)
def test_values(number: float, unit: str, en: str, pt: str, es: str) -> None:
    assert formats.value(number, unit, "en") == en
    assert formats.value(number, unit, "pt_BR") == pt
    assert formats.value(number, unit, "es") == es


@pytest.mark.parametrize(
    ("difference", "unit", "en"),
    [
        (0.021, "ratio", f"+2.1{NB}pts"),
        (-0.0159, "ratio", f"−1.6{NB}pts"),
        (0.01, "ratio", f"+1{NB}pt"),
        (0.0004, "ratio", f"+0.04{NB}pts"),
        (0.0, "ratio", f"0{NB}pts"),
        (-755, "money", f"−R${NB}755"),
        (0.5, "points", "+0.5"),
        (-10_800, "seconds", f"−3{NB}h"),
    ],
)
def test_changes_carry_their_sign(difference: float, unit: str, en: str) -> None:
    assert formats.change(difference, unit, "en") == en


def test_foreign_currencies() -> None:
    assert formats.money(1_900_000, "en", "USD") == "$1.90M"
    assert formats.money(1_900_000, "pt_BR", "USD") == f"US${NB}1,90{NB}mi"
    assert formats.money(1_900_000, "es", "EUR") == f"1,90{NB}M{NB}€"


def test_full_numbers() -> None:
    assert formats.full(1_887_190, "money", "en") == f"R${NB}1,887,190"
    assert formats.full(1_887_190, "money", "pt_BR") == f"R${NB}1.887.190"
    assert formats.full(745.72, "money", "en") == f"R${NB}745.72"


@pytest.mark.parametrize(
    ("id", "en", "pt", "es"),
    [
        ("2026-10", "October 2026", "Outubro de 2026", "Octubre de 2026"),
        ("2026-Q4", "Q4 2026", "4º trimestre de 2026", "4.º trimestre de 2026"),
        ("2026-H2", "Half 2 of 2026", "2º semestre de 2026", "2.º semestre de 2026"),
        ("2026-W50", "Week 50 of 2026", "Semana 50 de 2026", "Semana 50 de 2026"),
        ("2026", "2026", "2026", "2026"),
    ],
)
def test_periods(id: str, en: str, pt: str, es: str) -> None:
    assert (formats.period(id, "en"), formats.period(id, "pt_BR"), formats.period(id, "es")) == (en, pt, es)


def test_periods_inside_a_sentence() -> None:
    assert formats.period_in_sentence("2026-10", "en") == "October"
    assert formats.period_in_sentence("2026-10", "pt_BR") == "outubro"
    assert formats.period_in_sentence("2026-10", "es", year=True) == "octubre de 2026"
    assert formats.period_in_sentence("2026-W50", "en") == "week 50 of 2026"
    assert formats.period_in_sentence("2026-Q4", "en") == "Q4 2026"


def test_days() -> None:
    day = date(2026, 11, 12)
    assert formats.day(day, "en") == f"12{NB}Nov"
    assert formats.day(day, "pt_BR") == f"12{NB}de{NB}nov."
    assert formats.day(day, "es", year=True) == f"12{NB}nov{NB}2026"


def test_chart_locales_have_twelve_months() -> None:
    for locale in ("en", "pt_BR", "es"):
        found = formats.d3_time(locale)
        assert len(found["months"]) == len(set(found["months"])) == 12
        assert len(found["shortDays"]) == 7
    assert formats.d3_time("pt_BR")["shortMonths"][1] == "fev"
    assert formats.d3_number("pt_BR")["decimal"] == ","
