"""The four objectives on screen: their address, icon and the indicators shown first."""

from dataclasses import dataclass

from kpis.catalogue import Catalogue
from kpis.kpi import Kpi, Objective
from kpis.own import PREFIX


@dataclass(frozen=True)
class Face:
    """How an objective looks: icon, cards first, then charts. Keys without data give way to the next."""

    icon: str
    cards: tuple[str, ...]
    leading: tuple[str, ...]
    lagging: tuple[str, ...]


FACES: dict[str, Face] = {
    "retention": Face(
        ":material/anchor:",
        ("nrr", "revenue_churn", "logo_churn", "renewal_rate", "grr", "activity_churn", "health_score", "lifetime"),
        ("adoption", "health_score", "engagement", "nps", "overdue_amount", "cs_feeling"),
        ("revenue_churn", "logo_churn", "renewal_rate", "activity_churn", "nrr"),
    ),
    "quality": Face(
        ":material/verified:",
        (
            "nps",
            "csat",
            "fcr",
            "first_response_time",
            "abandonment",
            "solve_rate",
            "one_touch",
            "ces",
            "time_to_resolution",
        ),
        ("fcr", "first_response_time", "csat", "abandonment", "solve_rate", "ces", "time_to_resolution"),
        ("nps",),
    ),
    "expansion": Face(
        ":material/trending_up:",
        ("expansion_rate", "upsell", "cross_sell", "referrals", "expansion_one_off", "promoter_share", "price_uplift"),
        ("at_seat_limit", "promoter_share", "referrals", "adoption", "health_score"),
        ("expansion_rate", "upsell", "cross_sell", "expansion_one_off"),
    ),
    "financial": Face(
        ":material/payments:",
        (
            "mrr",
            "arpa",
            "quick_ratio",
            "cac",
            "average_ticket",
            "tcv_billed",
            "ltv_cac",
            "tcv_contract",
            "overdue_amount",
        ),
        ("overdue_amount", "referrals", "engagement", "overdue_count"),
        ("mrr", "quick_ratio", "arpa", "cac", "average_ticket", "tcv_billed"),
    ),
}

# What the overview shows of each objective: the first of these that has a value.
HEADLINES: dict[str, tuple[str, ...]] = {
    "retention": ("nrr", "revenue_churn", "logo_churn", "activity_churn", "renewal_rate"),
    "quality": ("nps", "fcr", "csat", "first_response_time", "one_touch", "abandonment", "solve_rate"),
    "expansion": ("expansion_rate", "upsell", "expansion_one_off", "referrals", "promoter_share"),
    "financial": ("mrr", "average_ticket", "tcv_billed", "arpa"),
}


def indicators(objective: Objective, catalogue: Catalogue) -> tuple[tuple[Kpi, str], ...]:
    """The KPIs of an objective's page with the role it sees them in, in screen order."""
    return tuple((kpi, catalogue.role(kpi, objective)) for kpi in catalogue.page(objective))


def first(keys: tuple[str, ...], wanted: tuple[str, ...], most: int) -> list[str]:
    """The first of these, and after them the company's own: who defines a KPI wants to see it."""
    ordered = in_order(keys, wanted)
    return ordered[:most] + [key for key in ordered[most:] if key.startswith(PREFIX)][:most]


def in_order(keys: tuple[str, ...], wanted: tuple[str, ...]) -> list[str]:
    """`wanted` first, in that order, then the rest of `keys`."""
    return [key for key in wanted if key in keys] + [key for key in keys if key not in wanted]
