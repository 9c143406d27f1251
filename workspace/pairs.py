"""The declared map of one workspace: the default with what the company added, removed and changed.

The map is a promise about what is looked for. What is changed once the data could be looked at is remembered with the
last month they held then; until newer data have come it can only make the answer more careful (`kpis.evidence.grades`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, cast

from data.problems import DataProblem
from data.store.pair_changes import LONGEST_LEAD, LONGEST_WHY, MOST_PAIRS
from kpis.catalogue import Catalogue, Pair, counts_from, default_pairs
from kpis.evidence.grades import ADDED, REMOVED, TURNED, Changed
from kpis.evidence.result import Evidence, Remark
from kpis.kpi import Kpi, Objective

if TYPE_CHECKING:
    from workspace.numbers import Workspace

SETTING = "declared_map"
Entry = dict[str, Any]  # one element of the setting, as `data.store.pair_changes` describes it
Names = tuple[str, str]  # indicator, outcome

_REMARKS = {"added": ADDED, "changed": TURNED, "removed": REMOVED}
# Outcomes over several months overlap, so that each month holds much of the next: they seem to be announced.
OVERLAPPING = frozenset(
    {
        *("nrr", "nrr_3m", "grr", "grr_3m", "promoter_share", "lifetime", "lifetime_median", "ltv", "ltv_realised"),
        *("survival_12m", "survival_24m", "ltv_cac", "cac_payback"),
    }
)


def in_force(changes: Sequence[Entry]) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    """The pairs on the map and those taken off it: the default in its order, then added ones by name."""
    said = {(one["leading"], one["lagging"]): one for one in changes}
    found = [_over(pair, said.pop(pair.names)) if pair.names in said else pair for pair in default_pairs()]
    found += [_own(said[names]) for names in sorted(said) if "objective" in said[names]]
    return tuple(p for p in found if p.change != "removed"), tuple(p for p in found if p.change == "removed")


def _over(pair: Pair, one: Entry) -> Pair:
    """A default pair as a workspace has it. One that was added before the default had it keeps what was said then."""
    before = one["change"] == "added" and "objective" in one
    kind: Literal["added", "changed", "removed"] = "changed" if before else one["change"]
    sign, low_high = one.get("sign", pair.sign), tuple(one.get("lead_months", pair.lead_months))
    since = one["until"] if kind != "changed" or sign != pair.sign else ""
    why = one.get("why", pair.rationale)
    return replace(pair, sign=sign, lead_months=low_high, rationale=why, change=kind, since=since)


def _own(one: Entry) -> Pair:
    names = (one["leading"], one["lagging"], one["objective"], one["sign"])
    return Pair(*names, tuple(one["lead_months"]), one["why"], "", one["change"], one["until"])


def changed(pairs: Iterable[Pair], last: str) -> Changed:
    """What was changed too short a time before the data, which end with the month `last`, did."""
    return {
        pair.names: Remark(_REMARKS[pair.change], {"since": pair.since, "until": pair.counts_from})
        for pair in pairs
        if pair.waits(last)
    }


def counted(found: Iterable[Evidence], catalogue: Catalogue, last: str) -> dict[str, int]:
    """How many tests are corrected for, accounts and company series apart: pairs on the map and lately removed ones."""
    family = {pair.names for pair in catalogue.pairs} | {pair.names for pair in catalogue.removed if pair.waits(last)}
    tested = [one for one in found if (one.leading, one.lagging) in family and isfinite(one.p)]
    return {level: sum(one.level == level for one in tested) for level in ("account", "series")}


def needed(rank: int, k: int, rate: float = 0.05) -> float:
    """The largest p at which the link of that rank still counts among k (Benjamini–Hochberg)."""
    return rate * rank / k


def possible_outcomes(kpis: Iterable[Kpi], objective: Objective) -> list[Kpi]:
    """The KPIs of an objective that can be announced: not those over several months, which overlap."""
    return [kpi for kpi in kpis if kpi.objective == objective and kpi.key not in OVERLAPPING]


def add(
    workspace: "Workspace",
    names: Names,
    objective: Objective,
    sign: str,
    lead_months: tuple[int, int],
    why: str,
) -> None:
    """Put a pair on the map.

    Raises:
        DataProblem: the pair is on the map, names one KPI twice or one that cannot be an outcome, or is not sound.
    """
    leading, lagging = names
    if leading == lagging:
        raise DataProblem("pair_of_one", "An indicator cannot announce itself.")
    for key in names:
        workspace.kpi(key)
    if lagging in OVERLAPPING:
        raise DataProblem(
            "pair_overlaps",
            "{kpi} covers several months, which overlap and fake a lead.",
            kpi=workspace.kpi(lagging).key,
        )
    if any(pair.names == names for pair in in_force(_entries(workspace))[0]):
        raise DataProblem("pair_known", "This pair is on the map already.")
    default = _default(names)
    if default is not None:
        put_back(workspace, names)
        change(workspace, names, sign, lead_months, why.strip() or default.rationale)
        return
    entry = _returned(workspace, _entry(workspace, names)) or {"change": "added"}
    entry |= {"leading": leading, "lagging": lagging, "objective": objective, **_now(workspace)}
    _save(workspace, names, entry | {"sign": sign, "lead_months": _lead(lead_months), "why": _why(why)})


def change(workspace: "Workspace", names: Names, sign: str, lead_months: tuple[int, int], why: str) -> None:
    """Change what is expected of a pair; what is as in the default is not stored.

    Raises:
        DataProblem: the pair is not on the map, or not sound.
    """
    now, entry = _on_map(workspace, names), _entry(workspace, names) or {}
    wanted: Entry = {"sign": sign, "lead_months": _lead(lead_months), "why": _why(why)}
    named: Entry = {"change": "changed", "leading": names[0], "lagging": names[1]}
    default, when = _default(names), _now(workspace)
    if sign == now.sign:
        when["until"] = now.since
    if default is not None:
        as_default = {"sign": default.sign, "lead_months": list(default.lead_months), "why": default.rationale}
        wanted = {name: value for name, value in wanted.items() if value != as_default[name]}
        named["change"] = "added" if now.change == "added" else "changed"
        if named["change"] == "changed" and "sign" not in wanted:
            when["until"] = ""
        if named["change"] == "changed" and not wanted:
            _save(workspace, names, None)
            return
    else:
        turned = sign != now.sign and _counts(workspace, now)
        named = entry | {"change": "changed" if turned else now.change}
    _save(workspace, names, named | wanted | when)


def remove(workspace: "Workspace", names: Names) -> None:
    """Take a pair off the map. One that was added and never counted leaves no trace.

    Raises:
        DataProblem: the pair is not on the map.
    """
    _save(workspace, names, _removed(workspace, _on_map(workspace, names)))


def _removed(workspace: "Workspace", pair: Pair) -> Entry | None:
    """What is left of a pair that is taken off: of one that counted a trace, so that it goes on counting."""
    own, fresh = _default(pair.names) is None, pair.change == "added" and not _counts(workspace, pair)
    if own and fresh:
        return None
    named = {"leading": pair.leading, "lagging": pair.lagging}
    kept = (_entry(workspace, pair.names) or {}) if own else named
    return kept | {"change": "removed"} | _now(workspace) | ({"until": ""} if fresh else {})


def put_back(workspace: "Workspace", names: Names) -> None:
    """Put a removed pair on the map again.

    One of the default that went on counting is as it was; one that did not, because it was removed long ago or before
    there were data, counts as added now: else one could remove everything and put back what is seen to hold.
    """
    entry = _entry(workspace, names)
    if entry is not None and entry["change"] == "removed":
        _save(workspace, names, _returned(workspace, entry))


def _returned(workspace: "Workspace", entry: Entry | None) -> Entry | None:
    """The entry of a removed pair that is put back; None for one that is as in the default, and without an entry."""
    if entry is None:
        return None
    last, default = last_month(workspace), _default((entry["leading"], entry["lagging"]))
    counting = bool(entry["until"]) and last < counts_from(entry["until"])
    if default is not None and (counting or not last):
        return None
    kept = entry if default is None else {"leading": entry["leading"], "lagging": entry["lagging"]}
    return kept | {"change": "changed" if counting else "added"} | _now(workspace)


def _counts(workspace: "Workspace", pair: Pair) -> bool:
    """Whether there are data in which a pair on the map counts in full."""
    last = last_month(workspace)
    return bool(last) and not pair.waits(last)


def _default(names: Names) -> Pair | None:
    return next((pair for pair in default_pairs() if pair.names == names), None)


def reset(workspace: "Workspace") -> None:
    """Go back to the default map; what counted goes on counting, and what did not is put back as `put_back` says."""
    said, left = entries(workspace), []
    for pair in (part for parts in in_force(_entries(workspace)) for part in parts):
        own, entry = _default(pair.names) is None, said.get(pair.names)
        if own:
            left.append(entry if pair.change == "removed" else _removed(workspace, pair))
        elif pair.change != "changed":
            left.append(_returned(workspace, entry) if pair.change == "removed" else entry)
    _store(workspace, [entry for entry in left if entry is not None])


def restore(workspace: "Workspace", before: Mapping[Names, Entry | None]) -> None:
    """Undo: these pairs get the entries they had; None is as in the default."""
    kept = [one for one in _entries(workspace) if (one["leading"], one["lagging"]) not in before]
    _store(workspace, [*kept, *(entry for entry in before.values() if entry is not None)])


def entries(workspace: "Workspace") -> dict[Names, Entry]:
    """What is stored, by pair."""
    return {(one["leading"], one["lagging"]): one for one in _entries(workspace)}


def last_month(workspace: "Workspace") -> str:
    """The last whole month of the data; "" without any."""
    whole = [] if workspace.empty else [period.id for period in workspace.periods("month") if period.complete]
    return whole[-1] if whole else ""


def _now(workspace: "Workspace") -> Entry:
    return {"on": datetime.now(UTC).date().isoformat(), "until": last_month(workspace)}


def _entries(workspace: "Workspace") -> list[Entry]:
    """As stored now: another session may have changed it since the workspace was opened."""
    return cast(list[Entry], workspace.store.settings(workspace.id)[SETTING] or [])


def _entry(workspace: "Workspace", names: Names) -> Entry | None:
    return entries(workspace).get(names)


def _on_map(workspace: "Workspace", names: Names) -> Pair:
    pairs, _ = in_force(_entries(workspace))
    found = next((pair for pair in pairs if pair.names == names), None)
    if found is None:
        raise DataProblem("pair_unknown", "This pair is not on the map.")
    return found


def _save(workspace: "Workspace", names: Names, entry: Entry | None) -> None:
    restore(workspace, {names: entry})


def _store(workspace: "Workspace", wanted: list[Entry]) -> None:
    if len(wanted) > MOST_PAIRS:
        raise DataProblem("too_many_pairs", "At most {limit} pairs can be changed.", limit=MOST_PAIRS)
    ordered = sorted(wanted, key=lambda one: (one["leading"], one["lagging"]))
    workspace.store.save_settings(workspace.id, {SETTING: ordered or None})


def _lead(lead_months: tuple[int, int]) -> list[int]:
    low, high = lead_months
    if not 1 <= low <= high <= LONGEST_LEAD:
        raise DataProblem("pair_lead", "A lead is between 1 and {most} months.", most=LONGEST_LEAD)
    return [int(low), int(high)]


def _why(why: str) -> str:
    """On one line, without control characters."""
    said = " ".join("".join(letter if letter.isprintable() else " " for letter in why).split())
    if len(said) > LONGEST_WHY:
        raise DataProblem("pair_why_long", "A reason has at most {most} characters.", most=LONGEST_WHY)
    return said
