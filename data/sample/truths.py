"""What is true in the sample company: data for documentation and for the tests of the evidence engine."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Truth:
    """One link that was written into the data.

    Attributes:
        family: Name of the cause behind it; everything in `leading` inherits from that cause.
        leading: Indicators (KPI keys) in which the link shows, the one written first.
        outcomes: Outcomes that happen to accounts, by KPI key.
        segments: Segments in which it holds; empty means in all.
        sign: +1 when high values come first, −1 when low values do.
        lead_months: Smallest and largest number of months between the indicator and the outcome.
        kind: early_warning, risk_profile, moves_together or already_leaving.
    """

    family: str
    leading: tuple[str, ...]
    outcomes: tuple[str, ...]
    segments: tuple[str, ...]
    sign: int
    lead_months: tuple[int, int]
    kind: str


_LATE = ("overdue_amount", "overdue_count", "health_score")
_FULL = ("at_seat_limit", "adoption", "engagement", "health_score")
_USE = ("adoption", "engagement", "feature_adoption", "stickiness", "health_score")
_LEAVING = ("logo_churn", "revenue_churn", "renewal_rate")

TRUTHS: tuple[Truth, ...] = (
    Truth("adoption", _USE, _LEAVING, ("SMB", "Mid-market"), -1, (1, 5), "early_warning"),
    Truth("overdue", _LATE, _LEAVING, ("Startup",), +1, (1, 2), "early_warning"),
    Truth("overdue", _LATE, ("contraction_rate",), ("Startup",), +1, (1, 2), "early_warning"),
    Truth("seats", _FULL, ("upsell", "expansion_rate"), (), +1, (1, 3), "early_warning"),
    Truth("promoters", ("nps", "promoter_share"), ("referrals",), (), +1, (1, 3), "early_warning"),
    Truth("service", ("csat", "ces"), ("logo_churn",), (), -1, (0, 0), "moves_together"),
    Truth("sentiment", ("cs_feeling",), ("logo_churn",), (), -1, (0, 0), "already_leaving"),
)

# Pairs with nothing between them: (indicator, outcome, segments; empty means in every segment).
NOTHING: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("adoption", "logo_churn", ("Enterprise", "Startup")),
    ("engagement", "logo_churn", ("Enterprise", "Startup")),
    ("csat", "logo_churn", ()),
    ("ces", "logo_churn", ()),
    ("nps", "logo_churn", ()),
    ("cs_feeling", "logo_churn", ()),
    ("first_response_time", "logo_churn", ()),
    ("time_to_resolution", "logo_churn", ()),
    ("fcr", "logo_churn", ()),
    ("contact_rate", "logo_churn", ()),
    ("referrals", "logo_churn", ()),
    ("overdue_amount", "logo_churn", ("Enterprise", "Mid-market", "SMB")),
    ("adoption", "contraction_rate", ()),
    ("engagement", "cross_sell", ()),
    ("nps", "expansion_rate", ()),
    ("nps", "upsell", ()),
    ("csat", "upsell", ()),
    ("overdue_amount", "upsell", ()),
    ("enps", "nps", ()),
    ("enps", "csat", ()),
    ("referrals", "cac", ()),
)


def targets(accounts: int = 300) -> dict[str, float]:
    """Targets of the sample workspace: KPI key → value (ratios as fractions, seconds, BRL, points)."""
    size = accounts / 300
    return {
        "logo_churn": 0.015,
        "revenue_churn": 0.010,
        "nrr": 1.03,
        "grr": 0.90,
        "health_score": 70.0,
        "adoption": 0.65,
        "renewal_rate": 0.90,
        "nps": 45.0,
        "csat": 0.87,
        "ces": 0.78,
        "enps": 30.0,
        "first_response_time": 3 * 3600.0,
        "fcr": 0.74,
        "solve_rate": 0.98,
        "abandonment": 0.05,
        "service_level": 0.80,
        "expansion_rate": 0.008,
        "referrals": round(5 * size, 1),
        "mrr": round(1_880_000 * size, -3),
        "ltv_cac": 3.0,
        "cac_payback": 18.0,
        "quick_ratio": 2.0,
    }


@dataclass(frozen=True)
class Annotation:
    """A note on the time line: the day, the KPIs it concerns, and its text by language."""

    day: date
    kpis: tuple[str, ...]
    text: dict[str, str]


def _months_before(end: date, months: int, day: int) -> date:
    index = end.year * 12 + end.month - 1 - months
    return date(index // 12, index % 12 + 1, day)


def annotations(end: date = date(2026, 11, 12), months: int = 36) -> tuple[Annotation, ...]:
    """The sample workspace's notes, oldest first, all inside the data."""
    switch = _months_before(end, months - 1 - months // 3, 1)
    return (
        Annotation(
            switch,
            ("abandonment", "wait_time", "aht"),
            {
                "en": "New telephone system: calls are recorded one by one",
                "pt_BR": "Nova central telefônica: as ligações passam a ser registradas uma a uma",
                "es": "Nueva central telefónica: las llamadas se registran una a una",
            },
        ),
        Annotation(
            _months_before(end, 3, 4),
            ("first_response_time", "csat", "fcr", "nps"),
            {
                "en": "Support queue reorganised; replies slow down",
                "pt_BR": "Fila do suporte reorganizada; as respostas ficam mais lentas",
                "es": "Cola de soporte reorganizada; las respuestas se vuelven más lentas",
            },
        ),
        Annotation(
            _months_before(end, 1, 1) - timedelta(days=2),
            ("first_response_time", "csat", "fcr"),
            {
                "en": "Queue fixed, four people joined support",
                "pt_BR": "Fila corrigida, quatro pessoas entraram no suporte",
                "es": "Cola corregida, cuatro personas se suman a soporte",
            },
        ),
    )
