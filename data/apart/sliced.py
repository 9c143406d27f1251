"""Checks slice by slice."""

from typing import Any

from data.checks import apply as apply_whole


def apply(raw, mapping, path, *, say, **how: Any):
    return apply_whole(raw, mapping, **how)
