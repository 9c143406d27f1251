"""The choices behind the numbers, where tools differ: named, printed with every number they touch."""

import math
from dataclasses import dataclass, fields, replace
from typing import Any, get_args, get_type_hints

from data.problems import DataProblem, did_you_mean

CHOICES: dict[str, tuple[str, ...]] = {
    "churn_recognised": ("end_of_paid_period", "cancellation_date"),
    "joined_and_left": ("ignored", "counted"),
    "return_after_churn": ("reactivation", "within_90_days_else_new"),
    "paid_to_free": ("churn", "stays"),
    "netting": ("product", "account"),
    "discounts": ("net_of_all", "permanent_only"),
    "paused": ("zero", "still"),
    "metered": ("out", "in"),
}
_AT_LEAST = {"inactivity_days": 1, "csat_ten_point_cut": 8, "solve_window_days": 1}
_AT_MOST = {"csat_ten_point_cut": 9}


@dataclass(frozen=True)
class Policies:
    """Every choice, the default first. Days and seconds are whole numbers.

    `rates` are units of the reporting currency for one unit of another, the same for all periods.
    `gross_margin` is a share between 0 and 1; None = not set.
    """

    churn_recognised: str = "end_of_paid_period"
    joined_and_left: str = "ignored"
    return_after_churn: str = "reactivation"
    paid_to_free: str = "churn"
    netting: str = "product"
    discounts: str = "net_of_all"
    paused: str = "zero"
    metered: str = "out"
    inactivity_days: int = 90
    short_seconds: int = 5
    service_level_seconds: int = 20
    csat_ten_point_cut: int = 9
    solve_window_days: int = 30
    renewal_grace_days: int = 60
    cac_lag_months: int = 0
    gross_margin: float | None = None
    currency: str = "BRL"
    rates: tuple[tuple[str, float], ...] = ()
    timezone: str = "America/Sao_Paulo"

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Names of all policies, in order."""
        return tuple(field.name for field in fields(cls))

    def with_set(self, name: str, text: str) -> "Policies":
        """These policies with one changed, its value given as text.

        "" unsets what may be unset; rates are written USD=5.1,EUR=5.6.

        Raises:
            DataProblem: there is no such policy, or the value is not one of its values.
        """
        if name not in self.names():
            hint = did_you_mean(name, self.names())
            raise DataProblem("policy_unknown", "There is no policy {name!r}.{hint}", name=name, hint=hint)
        return replace(self, **{name: _value(name, text.strip())})


def _value(name: str, text: str) -> Any:
    if name in CHOICES:
        if text not in CHOICES[name]:
            raise _refused(name, text, " or ".join(CHOICES[name]))
        return text
    if name == "rates":
        return _rates(text)
    kind = get_type_hints(Policies)[name]
    if type(None) in get_args(kind) and not text:
        return None
    if name == "gross_margin":
        return _number(name, text, "a share between 0 and 1", 0, 1)
    if kind is int:
        low, high = _AT_LEAST.get(name, 0), _AT_MOST.get(name, 100_000)
        value = _number(name, text, f"a whole number from {low} to {high}", low, high)
        if value != int(value):
            raise _refused(name, text, f"a whole number from {low} to {high}")
        return int(value)
    if not text:
        raise _refused(name, text, "a name")
    return text.upper() if name == "currency" else text


def _number(name: str, text: str, expected: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise _refused(name, text, expected)
    return value


def _rates(text: str) -> tuple[tuple[str, float], ...]:
    rates: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        currency, _, number = part.partition("=")
        rate = _number("rates", number.strip(), "rates such as USD=5.1,EUR=5.6", 1e-9, 1e9)
        rates[currency.strip().upper()] = rate
    return tuple(sorted(rates.items()))


def _refused(name: str, text: str, expected: str) -> DataProblem:
    return DataProblem(
        "policy_value", "{text!r} is no value of {name}; expected {expected}.", name=name, text=text, expected=expected
    )
