"""What the evidence engine found, in sentences that a CS manager can repeat. Nothing here claims a cause."""

from collections.abc import Mapping
from math import isfinite, nan
from typing import Any

from words import catalogue, formats

BY_NOTICE = frozenset({"logo_churn", "renewal_rate"})  # outcomes dated by the notice


def headline(found: Mapping[str, Any], locale: str) -> str:
    """The finding in one sentence (plain text).

    Args:
        found: `leading`, `lagging`, `level`, `grade`, `tag`, `lead_months`, `estimate`, `n`, `detectable` and
            `refused` (whether nothing was computed), as `Evidence` has them.
        locale: The language.
    """
    names = {"indicator": _short(found["leading"], locale), "outcome": _outcome(found, locale)}
    if found["refused"]:
        return _t("not_enough", locale, **names)
    if found["tag"] in ("moves_together", "reacts", "influence_each_other"):
        return _t(found["tag"], locale, **names)
    if found["grade"] in ("no_sign", "not_enough_data") or found["lead_months"] is None:
        return _nothing(found, names, locale)
    lead = _months(found["lead_months"], locale)
    if found["level"] == "series":
        return _t("series_same" if found["estimate"] > 0 else "series_opposite", locale, lead=lead, **names)
    low = found["estimate"] < 0.5
    return _t(
        "account_low" if low else "account_high",
        locale,
        did=_t(f"did_{found['lagging']}", locale),
        share=formats.percent(1 - found["estimate"] if low else found["estimate"], locale, 0),
        indicator=names["indicator"],
        lead=lead,
        before=_t("before_notice" if found["lagging"] in BY_NOTICE else "before", locale),
    )


def how_sure(found: Mapping[str, Any], locale: str) -> str:
    """Grade, cases, interval, and from when it can be seen; empty when there is nothing to be sure of."""
    if found["refused"] or found["grade"] in ("no_sign", "not_enough_data"):
        return ""
    grade = grade_word(found["grade"], locale)
    grade = grade[:1].upper() + grade[1:]
    if found["level"] == "series":
        numbers = {
            k: formats.decimal(found[v], 2, locale) for k, v in (("r", "estimate"), ("low", "low"), ("high", "high"))
        }
        if not isfinite(found["low"]):
            return f"{grade}; {_months(found['n'], locale)}."
        return _t("series_sure", locale, Grade=grade, months=_months(found["n"], locale), **numbers)
    ends = [found["low"], found["high"]]
    if found["estimate"] < 0.5:
        ends = [1 - found["high"], 1 - found["low"]]
    shown = "–".join(formats.percent(end, locale, 0) for end in ends)
    said = _t("account_sure", locale, Grade=grade, events=events(found["lagging"], found["n"], locale), range=shown)
    if found["visible_from"] and found["lead_months"] and found["visible_from"] != found["lead_months"]:
        at, start = _months(found["lead_months"], locale), _months(found["visible_from"], locale)
        said += " " + _t("visible", locale, **{"from": start, "at": at})
    return said


def sentence(found: Mapping[str, Any], locale: str) -> str:
    """Headline and how sure, as one text for the terminal and for objective pages."""
    return " ".join(part for part in (headline(found, locale), how_sure(found, locale)) if part)


def told(found: Any, locale: str) -> str:
    """The sentence of an evidence record of the engine, with why there is none where there is none."""
    said = sentence(params(found), locale)
    if found.refusal is not None:
        said += " " + remark("why", found.refusal.id, found.refusal.params, locale)
    return said


def params(found: Any) -> dict[str, Any]:
    """What the sentences need of an evidence record of the engine."""
    names = ("leading", "lagging", "level", "grade", "tag", "lead_months", "visible_from", "estimate", "low", "high")
    return {name: getattr(found, name) for name in (*names, "n", "detectable")} | {"refused": found.refusal is not None}


def grade_word(grade: str, locale: str) -> str:
    """The grade in a word."""
    return _t(f"grade_{grade}", locale)


def tag_word(tag: str, locale: str) -> str:
    """The kind of link in a word or two."""
    return _t(f"tag_{tag}", locale)


def tag_says(tag: str | None, locale: str) -> str:
    """What kind of link it is, in a sentence; empty where the headline says it."""
    id = f"evidence.says_{tag}"
    return catalogue.text(id, locale) if tag and catalogue.has(id, locale) else ""


def events(outcome: str, n: int, locale: str) -> str:
    """How many accounts had an outcome, in words."""
    return _t(f"n_{outcome}", locale, n=int(n))


def outcome_word(outcome: str, locale: str) -> str:
    """An outcome as a short heading: what happens to an account, or the KPI's name."""
    id = f"evidence.outcome_{outcome}"
    return catalogue.text(id, locale) if catalogue.has(id, locale) else _short(outcome, locale)


def remark(kind: str, id: str, params: Mapping[str, Any], locale: str) -> str:
    """A refusal (`why`) or a warning (`warn`) in words; its id in plain words where there are none."""
    known = f"evidence.{kind}_{id}"
    if not catalogue.has(known, locale):
        return id.replace("_", " ")
    said = dict(params)
    if "coverage" in said:
        said["coverage"] = formats.percent(said["coverage"], locale, 0)
    if "series" in said:
        said["series"] = _short(said["series"], locale)
    for month in ("since", "until"):
        if month in said:
            said[month] = formats.period_in_sentence(said[month], locale, year=True)
    return catalogue.text(known, locale, **said)


def _nothing(found: Mapping[str, Any], names: Mapping[str, str], locale: str) -> str:
    seen = found.get("detectable", nan)
    if not isfinite(seen):
        return _t("nothing_plain", locale, **names)
    if found["level"] == "series":
        months, r = _months(found["n"], locale), formats.decimal(seen, 2, locale)
        return _t("nothing_series", locale, months=months, r=r, **names)
    share = formats.percent(seen, locale, 0)
    return _t(
        "nothing_account",
        locale,
        indicator=names["indicator"],
        events=events(found["lagging"], found["n"], locale),
        share=share,
    )


def _outcome(found: Mapping[str, Any], locale: str) -> str:
    return _short(found["lagging"], locale)


def _short(key: str, locale: str) -> str:
    return catalogue.short(key, locale)


def _months(n: int, locale: str) -> str:
    return _t("n_months", locale, n=int(n))


def _t(id: str, locale: str, **params: Any) -> str:
    return catalogue.text(f"evidence.{id}", locale, **params)
