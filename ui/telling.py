"""A reading in words: value, target, status, change, range, reason; in one language and currency."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any

from kpis.kpi import Kpi
from ui.reading import Reading
from words import catalogue, formats

STATUS_ICONS = {
    "on": ":material/check_circle:",
    "close": ":material/balance:",
    "near": ":material/error:",
    "off": ":material/cancel:",
}
STATUS_COLOURS = {"on": "green", "close": "gray", "near": "yellow", "off": "red"}
MISSED = ("close", "near", "off")


@dataclass(frozen=True)
class Teller:
    """Writes for one language and reporting currency. Texts come out as Markdown-safe plain words."""

    locale: str
    currency: str = "BRL"

    def t(self, id: str, /, **params: Any) -> str:
        """A sentence of the catalogue."""
        return catalogue.text(id, self.locale, **params)

    def name(self, key: str) -> str:
        """The name of a KPI."""
        return catalogue.name(key, self.locale)

    def short(self, key: str) -> str:
        """The name of a KPI without what stands in brackets."""
        return catalogue.short(key, self.locale)

    def short_names(self, keys: Iterable[str]) -> dict[str, str]:
        """Short names, whole where two of them would read the same."""
        short = {key: self.short(key) for key in keys}
        twice = {name for name, times in Counter(short.values()).items() if times > 1}
        return {key: self.name(key) if name in twice else name for key, name in short.items()}

    def value(self, number: float, unit: str) -> str:
        """A compact value."""
        return formats.value(number, unit, self.locale, self.currency)

    def full(self, number: float, unit: str) -> str:
        """A value written out."""
        return formats.full(number, unit, self.locale, self.currency)

    def signed(self, difference: float, unit: str) -> str:
        """A signed difference."""
        return formats.change(difference, unit, self.locale, self.currency)

    def range(self, low: float, high: float, unit: str) -> str:
        """Two values with a dash, a unit behind both only once."""
        first, last = self.value(low, unit), self.value(high, unit)
        if unit == "ratio":
            first = first.rstrip("%").rstrip(formats.NBSP)
        elif unit != "money" and first.partition(formats.NBSP)[2] == last.partition(formats.NBSP)[2]:
            first = first.partition(formats.NBSP)[0]
        return f"{first}–{last}"

    def usual_range(self, reading: Reading) -> str:
        """The usual range of a reading; a dash without one."""
        return formats.DASH if reading.usual is None else self.range(*reading.usual, reading.kpi.unit)

    def period(self, id: str) -> str:
        """A period inside a sentence."""
        return formats.period_in_sentence(id, self.locale)

    def title_period(self, id: str) -> str:
        """A period as a title."""
        return formats.period(id, self.locale)

    def beside_target(self, reading: Reading) -> tuple[str, str]:
        """Value and target, written out where a miss would not show in the short form."""
        unit = reading.kpi.unit
        value, target = self.value(reading.value, unit), self.value(reading.target, unit)
        if value == target and reading.status in MISSED:
            return self.full(reading.value, unit), self.full(reading.target, unit)
        return value, target

    def short_of(self, reading: Reading) -> str:
        """How far a near miss is from its target, where the short form of both reads the same; else empty."""
        unit = reading.kpi.unit
        if reading.status not in MISSED or self.value(reading.value, unit) != self.value(reading.target, unit):
            return ""
        return self.t("objective.short_of", gap=self.full(abs(reading.target - reading.value), unit))

    def target(self, reading: Reading) -> str:
        """The target in words: at least 103%, at most 1%."""
        side = "down" if reading.kpi.direction == "down" else "up"
        return self.t(f"objective.target_{side}", target=self.beside_target(reading)[1])

    def status(self, reading: Reading) -> str:
        """Icon and word of a status, coloured; empty without a target."""
        if not reading.status:
            return ""
        word = self.t(f"objective.status_{reading.status}")
        return f":{STATUS_COLOURS[reading.status]}[{STATUS_ICONS[reading.status]} {word}]"

    def change(self, reading: Reading) -> str:
        """The signed change and against what; empty when there is nothing to compare with."""
        if reading.change is None:
            return ""
        unit = reading.kpi.unit
        shown = formats.change(reading.change.difference, unit, self.locale, self.currency)
        if not any(c in shown for c in ("+", formats.MINUS)):
            return self.t("objective.no_change", period=self.against(reading))
        return self.t("objective.change", change=shown, period=self.against(reading))

    def against(self, reading: Reading) -> str:
        """The period compared with, with its year when that is another one."""
        before, now = reading.before_period, reading.period
        year = before[:4] != now[:4]
        return formats.period_in_sentence(before, self.locale, year=year)

    def variation(self, reading: Reading) -> str:
        """Whether the change is within normal variation; empty when that cannot be said."""
        if reading.change is None or reading.change.outside is None:
            return ""
        return self.t("objective.beyond_variation" if reading.change.outside else "objective.within_variation")

    def rests_on(self, one: Kpi, n: float, accounts: float) -> str:
        """How many accounts or cases a value rests on; empty when that is not known."""
        if isfinite(accounts):
            return self.t("objective.n_accounts", n=int(accounts))
        counted = one.n or one.measures[-1]
        if not isfinite(n) or not (one.n or one.interval or "accounts" in counted):
            return ""
        return self.t("objective.n_accounts" if "accounts" in counted else "objective.cases", n=int(n))

    def sure(self, reading: Reading) -> str:
        """The interval and what it rests on; what there is of both."""
        said = [self.rests_on(reading.kpi, reading.n, reading.accounts)]
        if isfinite(reading.low) and isfinite(reading.high):
            ends = self.range(reading.low, reading.high, reading.kpi.unit)
            said.insert(0, f"{self.t('objective.likely_range')} {ends}")
        return " · ".join(one for one in said if one)

    def reason(self, reading: Reading) -> str:
        """Why there is no value."""
        id = f"reasons.{reading.reason}"
        return self.t(id) if catalogue.has(id, self.locale) else self.t("reasons.no_data")

    def badge(self, reading: Reading) -> str:
        """What must be said beside a value; empty when nothing must."""
        return self.t(f"reasons.badge_{reading.badge}") if reading.badge else ""

    def unit(self, reading: Reading) -> str:
        """The unit as a chart's caption says it."""
        return self.t(f"objective.unit_{reading.kpi.unit}")

    def usual(self, reading: Reading, *, short: bool = False) -> str:
        """Where the value lies against its usual range, in words."""
        if reading.usual is None:
            return ""
        inside = not reading.outside
        tone = "inside" if inside else {"good": "better", "bad": "worse"}.get(reading.tone, reading.outside)
        if short:
            return self.t(f"overview.{tone}_short")
        return self.t(f"overview.{tone}", range=self.usual_range(reading))

    def known(self, number: float) -> bool:
        """Whether a number is there."""
        return isfinite(number)
