"""Verdict sentences, computed from readings: what is on target, what is not, what moved."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from ui.reading import Reading
from ui.telling import Teller


@dataclass(frozen=True)
class Verdict:
    """A headline and the sentence under it (Markdown-safe)."""

    headline: str
    detail: str


def listed(words: Sequence[str], tell: Teller) -> str:
    """a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return tell.t("objective.list_and", first=", ".join(words[:-1]), last=words[-1])


def objective_verdict(readings: Iterable[Reading], tell: Teller) -> Verdict:
    """What the targets of one objective say, then the worst miss, then what moved more than usual."""
    shown = [r for r in readings if r.known]
    judged = [r for r in shown if r.status]
    missed = [r for r in judged if r.status == "off"]
    near = [r for r in judged if r.status == "near"]
    close = [r for r in judged if r.status == "close"]
    if not shown:
        return Verdict(tell.t("objective.verdict_no_values"), "")
    if not judged:
        headline = _unjudged(shown, tell)
    elif missed:
        headline = tell.t("objective.verdict_missed", n=len(missed), all=len(judged), names=_names(missed, tell))
    elif near:
        headline = tell.t("objective.verdict_near", n=len(near), all=len(judged), names=_names(near, tell))
    elif close:
        headline = tell.t("objective.verdict_close", n=len(close), names=_names(close, tell))
    else:
        headline = tell.t("objective.verdict_on", n=len(judged))
    parts = [_against_target(r, tell) for r in (missed or near or close)[:2]]
    if close and (missed or near):
        parts.append(tell.t("objective.also_close", names=_names(close, tell)))
    parts += moved_sentences([r for r in shown if r not in missed[:2]], tell, 2)
    if not parts:
        parts = [_calm(shown, tell)]
    return Verdict(headline, " ".join(parts))


def overview_verdict(by_objective: Mapping[str, list[Reading]], tell: Teller) -> Verdict:
    """Which objectives are on target and which are not, by all their KPIs with a target."""
    on: list[str] = []
    off: list[str] = []
    near: list[str] = []
    close: list[str] = []
    for objective, readings in by_objective.items():
        statuses = {r.status for r in readings if r.known and r.status}
        places = {"off": off, "near": near, "close": close, "on": on}
        place = next((places[one] for one in places if one in statuses), None)
        if place is not None:
            place.append(tell.t(f"shell.{objective}").lower())
    flat = [r for readings in by_objective.values() for r in readings if r.known]
    if not flat:
        return Verdict(tell.t("objective.verdict_no_values"), "")
    if not (on or off or near or close):
        headline = _unjudged(flat, tell)
    elif off and on:
        headline = tell.t("overview.mixed", good=listed(on, tell), bad=listed(off, tell))
    elif off:
        headline = tell.t("overview.off", bad=listed(off, tell))
    elif near:
        headline = tell.t("overview.near", near=listed(near, tell))
    elif close:
        headline = tell.t("overview.close", close=listed(close, tell))
    else:
        headline = tell.t("overview.all_on")
    unique = list({r.key: r for r in flat}.values())
    worsts = [worst(readings) for readings in by_objective.values()]
    missed = [r for r in worsts if r is not None and r.status == "off"][:3]
    parts = [_against_target(r, tell) for r in missed]
    undecided = [r for r in unique if r.status == "close"]
    if undecided:
        names = listed([tell.short(r.key) for r in undecided], tell)
        parts.append(tell.t("objective.also_close", names=names))
    parts += moved_sentences([r for r in unique if r not in missed], tell, 2)
    return Verdict(_capital(headline), " ".join(parts) or _calm(unique, tell))


def worst(readings: Iterable[Reading]) -> Reading | None:
    """The first reading with the worst status among those that have a target; None when none has."""
    judged = [r for r in readings if r.known and r.status]
    return min(judged, key=lambda r: ("off", "near", "close", "on").index(str(r.status)), default=None)


def moved_sentences(readings: Sequence[Reading], tell: Teller, most: int) -> list[str]:
    """One sentence per KPI outside its usual range, the bad ones first."""
    outside = [r for r in readings if r.outside and r.kpi.unit not in ("money", "count", "months")]
    outside.sort(key=lambda r: {"bad": 0, "good": 1, "plain": 2}[r.tone])
    said, names = [], tell.short_names(r.key for r in outside[:most])
    for r in outside[:most]:
        said.append(
            tell.t(
                f"objective.moved_{r.outside}",
                kpi=names[r.key],
                value=tell.value(r.value, r.kpi.unit),
                range=tell.usual_range(r),
            )
        )
    return said


def _unjudged(readings: Sequence[Reading], tell: Teller) -> str:
    """Why nothing is judged: the period is not final, or there are no targets."""
    waiting = any(isfinite(r.target) and not r.complete for r in readings)
    return tell.t("objective.verdict_unfinished" if waiting else "objective.verdict_no_targets")


def _calm(readings: Sequence[Reading], tell: Teller) -> str:
    """That nothing lies outside its usual range, where ranges are known and this is so; else nothing."""
    ranged = [r for r in readings if r.usual is not None]
    return tell.t("objective.verdict_calm") if ranged and not any(r.outside for r in ranged) else ""


def _against_target(reading: Reading, tell: Teller) -> str:
    return tell.t(
        "objective.verdict_against",
        kpi=tell.short(reading.key),
        value=tell.beside_target(reading)[0],
        target=tell.target(reading),
    )


def _names(readings: Sequence[Reading], tell: Teller) -> str:
    return listed([tell.short(r.key) for r in readings[:3]], tell)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
