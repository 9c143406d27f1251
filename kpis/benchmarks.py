"""Orientation ranges: what others report, as a grey hint that never colours anything and is never a target."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from kpis.kpi import Kpi, Unit

# Unit in the table → (factor to our unit, our unit, the grain it is meant for).
_UNITS: dict[str, tuple[float, Unit, str]] = {
    "%": (0.01, "ratio", ""),
    "% per month": (0.01, "ratio", "month"),
    "points": (1.0, "points", ""),
    "months": (1.0, "months", ""),
    "minutes": (60.0, "seconds", ""),
    "hours": (3600.0, "seconds", ""),
    "x": (1.0, "times", ""),
}


@dataclass(frozen=True)
class Orientation:
    """A range that others report for a KPI.

    Attributes:
        kpi: key of the KPI.
        context: whom and what it was measured on.
        low: lower end in the KPI's unit, None when no figure is comparable.
        typical: middle, same unit.
        high: upper end, same unit.
        grain: the grain it is meant for, empty when any.
        source: who reports it.
        verified: whether the main figure was read at its source.
    """

    kpi: str
    context: str
    low: float | None
    typical: float | None
    high: float | None
    grain: Literal["", "month"]
    source: str
    verified: bool


def orientation(kpi: Kpi, grain: str = "month") -> tuple[Orientation, ...]:
    """The comparable ranges of a KPI at a grain; empty when there is none."""
    return tuple(
        found for found in orientations(kpi) if found.low is not None and (not found.grain or found.grain == grain)
    )


def orientations(kpi: Kpi) -> tuple[Orientation, ...]:
    """All rows about a KPI, those without a comparable figure too: their ends are None."""
    return tuple(_row(kpi, row) for row in _rows() if row["key"] == kpi.key)


def _row(kpi: Kpi, row: dict[str, str]) -> Orientation:
    factor, unit, grain = _UNITS.get(row["unit"], (1.0, kpi.unit, ""))
    comparable = unit == kpi.unit
    low, typical, high = (
        round(float(row[name]) * factor, 9) if row[name] and comparable else None for name in ("low", "typical", "high")
    )
    place: Literal["", "month"] = "month" if grain == "month" else ""
    return Orientation(kpi.key, row["context"], low, typical, high, place, row["source"], row["verified"] == "yes")


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with (Path(__file__).parent / "benchmarks.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))
