"""The setting `declared_map`: what a company changed in the default map of pairs, one entry for each pair.

Only differences are stored, so that a later, better default reaches every workspace. An entry is

    {"change": "added", "leading": key, "lagging": key, "objective": …, "sign": "+" or "-",
     "lead_months": [fewest, most], "why": text, "on": "2026-11-22", "until": "2026-10"}
    {"change": "changed", …}  with one or more of sign, lead_months and why
    {"change": "removed", …}

Of a pair the default does not hold every entry has objective, sign, lead_months and why; "changed" is one that counted
before its sign was turned or it was taken off and put back. "added" without objective is a pair of the default that was
off the map and put back once there were data.

`on` is the day of the change. `until` is the last whole month of data when the pair was added or removed, or its sign
turned; "" when there were no data, or when only what nobody tests was changed. Keys may name a KPI that is gone.
"""

import re
from datetime import date
from typing import Any

CHANGES = ("added", "changed", "removed")
OBJECTIVES = ("retention", "quality", "expansion", "financial")
MOST_PAIRS = 300
LONGEST_WHY = 300
LONGEST_LEAD = 6

EXPECTED = (
    "a list of changes of the default map, one for each pair: change (added, changed, removed), leading, lagging, "
    "on, until and what is changed (objective, sign + or -, lead_months [1–6, 1–6], why up to 300 characters)"
)

_SAID = {"objective", "sign", "lead_months", "why"}
_ALWAYS = {"change", "leading", "lagging", "on", "until"}


def fits(value: Any) -> bool:
    """Whether a value can be stored: sound entries, each pair once."""
    if not isinstance(value, list) or len(value) > MOST_PAIRS or not all(_sound(one) for one in value):
        return False
    return len({(one["leading"], one["lagging"]) for one in value}) == len(value)


def _sound(one: Any) -> bool:
    if not isinstance(one, dict) or not _ALWAYS <= set(one) <= _ALWAYS | _SAID or one["change"] not in CHANGES:
        return False
    said = set(one) & _SAID
    whole = {
        "added": said == _SAID or "objective" not in said,
        "changed": said == _SAID or (bool(said) and "objective" not in said),
        "removed": said in (set(), _SAID),
    }
    return (
        whole[one["change"]]
        and _is_key(one["leading"])
        and _is_key(one["lagging"])
        and one["leading"] != one["lagging"]
        and _is_day(one["on"])
        and (one["until"] == "" or _is_text(one["until"], r"\d{4}-(0[1-9]|1[0-2])"))
        and one.get("objective", "retention") in OBJECTIVES
        and one.get("sign", "+") in ("+", "-")
        and _is_lead(one.get("lead_months", [1, 1]))
        and _is_text(one.get("why", ""), rf"[^\x00-\x1f\x7f]{{0,{LONGEST_WHY}}}")
    )


def _is_text(value: Any, pattern: str) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_key(value: Any) -> bool:
    return _is_text(value, r"[A-Za-z0-9_.:-]{1,120}")


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_lead(value: Any) -> bool:
    whole = isinstance(value, list) and len(value) == 2 and all(type(month) is int for month in value)
    return whole and 1 <= value[0] <= value[1] <= LONGEST_LEAD
