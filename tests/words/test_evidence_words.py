"""What the evidence says in words: hand-worked sentences, and never a cause."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from kpis.evidence.result import Evidence, refused
from words import LANGUAGES, evidence
from words.catalogue import catalogue

FOUND = Evidence(
    "adoption",
    "logo_churn",
    "account",
    grade="likely",
    tag="early_warning",
    lead_months=3,
    visible_from=5,
    estimate=0.29,
    low=0.22,
    high=0.36,
    n=64,
    detectable=0.6,
)
SERIES = replace(FOUND, level="series", tag="leads", estimate=-0.68, low=-0.88, high=-0.27, n=34, visible_from=3)

# Words that claim a cause or promise a result. "Does not say that changing the one would change the other" is the
# one sentence that speaks of it, to deny it.
CLAIMS = {
    "en": r"\b(caus\w*|becaus\w*|prov(e|es|en|ed)\b|lead(s)? to|result(s|ed)? in|due to|driv(e|es|en|er|ers)\b"
    r"|will (leave|churn|renew|buy)|prevent\w*|reduc(e|es) churn|guarante\w*|thanks to|makes? (them|accounts))",
    "pt_BR": r"\b(caus(a|am|ou|ar|ado|ada)\b|porque|prova(m|r)?\b|leva(m)? a\b|resulta\w* em|devido|graças a|garant\w*"
    r"|vai (sair|cancelar|renovar)|evita\w*|impede\w*|provoca\w*|faz com que)",
    "es": r"\b(caus(a|an|ó|ar|ado|ada)\b|porque|prueba que|demuestra\w*|lleva(n)? a\b|resulta\w* en|debido|gracias a"
    r"|garantiza\w*|va a (irse|cancelar|renovar)|evita\w*|impide\w*|provoca\w*|hace que)",
}


@pytest.mark.parametrize("locale", LANGUAGES)
def test_no_sentence_claims_a_cause(locale: str) -> None:
    claim = re.compile(CLAIMS[locale], re.IGNORECASE)
    for key, entry in catalogue(locale).items():
        if key.startswith(("evidence.", "backtest.")) and not key.endswith(".not_said"):
            for form in entry.values() if isinstance(entry, dict) else [entry]:
                assert not claim.search(form), f"{key}: {form}"


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_caveat_denies_the_cause(locale: str) -> None:
    said = catalogue(locale)["evidence.not_said"]
    assert {"en": "does not say", "pt_BR": "Não diz", "es": "No dice"}[locale] in said


def test_claims_are_noticed() -> None:
    for locale, said in {
        "en": "Low use causes churn.",
        "pt_BR": "Pouco uso causa saída.",
        "es": "Provoca bajas.",
    }.items():
        assert re.search(CLAIMS[locale], said, re.IGNORECASE)


def test_accounts_below() -> None:
    assert evidence.told(FOUND, "en") == (
        "Accounts that later left stood lower than 71% of comparable accounts in “Adoption”, 3 months before giving"
        " notice. Likely; 64 departures; 95% range: 64%–78%. Visible from 5 months before, strongest at 3 months."
    )


def test_accounts_above() -> None:
    high = replace(FOUND, leading="overdue_amount", estimate=0.7, low=0.6, high=0.8, lead_months=1, visible_from=1)
    said = evidence.told(high, "en")
    assert "stood higher than 70% of comparable accounts" in said
    assert "1 month before giving notice" in said
    assert "60%–80%" in said
    assert "Visible" not in said


def test_series_say_months_and_direction() -> None:
    said = evidence.told(SERIES, "en")
    assert "the other way 3 months later" in said
    assert "34 months of the company as a whole" in said
    assert "−0.68" in said


@pytest.mark.parametrize("tag", ["moves_together", "reacts", "influence_each_other"])
def test_what_does_not_lead_gets_no_lead_time(tag: str) -> None:
    said = evidence.headline(evidence.params(replace(SERIES, tag=tag, lead_months=None)), "en")
    assert "later" not in said
    assert not re.search(r"\d", said)


def test_nothing_found_says_what_would_have_been_seen() -> None:
    said = evidence.told(replace(FOUND, grade="no_sign", tag=None, lead_months=None), "en")
    assert said.startswith("Nothing found: 64 departures looked like comparable accounts")
    assert "beyond 60% of them" in said


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_refusal_says_why(locale: str) -> None:
    said = evidence.told(refused("nps", "logo_churn", "account", "few_events", n=4, months=2, needed=10), locale)
    assert "4" in said
    assert "10" in said


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_reason_warning_and_tag_of_the_engine_has_words(locale: str) -> None:
    known = catalogue(locale)
    source = "".join(
        p.read_text(encoding="utf-8") for p in (Path(evidence.__file__).parents[1] / "kpis/evidence").glob("*.py")
    )
    for id in re.findall(r'refused\(\*names, "(?:account|series)", "(\w+)"', source):
        assert f"evidence.why_{id}" in known, id
    for tag in ("early_warning", "risk_profile", "already_leaving", "leads"):
        assert evidence.tag_says(tag, locale)


def test_sentences_are_written_as_sentences() -> None:
    for locale in LANGUAGES:
        entries = json.loads((Path(evidence.__file__).parent / locale / "evidence.json").read_text(encoding="utf-8"))
        for key in (k for k in entries if k.startswith(("warn_", "why_", "says_"))):
            for form in entries[key].values() if isinstance(entries[key], dict) else [entries[key]]:
                assert form.endswith("."), (locale, key)


COUNTED = ("few_events", "few_months")  # what would settle these is a number of cases or months


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_refusal_says_what_would_settle_it(locale: str) -> None:
    known = catalogue(locale)
    reasons = {key.removeprefix("evidence.why_") for key in known if key.startswith("evidence.why_")}
    assert len(reasons) > 10
    assert {id for id in reasons if f"evidence.settle_{id}" not in known} == set(COUNTED)
