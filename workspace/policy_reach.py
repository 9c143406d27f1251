"""Which policy touches which measures, so that a KPI's page can name the choices behind its number."""

from data.measures import all_measures
from kpis.kpi import Kpi

_RECURRING = frozenset(
    name
    for name, measure in all_measures().items()
    if any(need.split(".")[0].split("|")[0] == "subscriptions" for need in measure.needs)
)
_CUSTOMERS = frozenset({"lost_accounts", "new_accounts", "reactivated_accounts", "lost_accounts_6m"})
_MONEY = frozenset(name for name, measure in all_measures().items() if measure.unit == "money")
_TOUCHES: dict[str, frozenset[str]] = {
    "churn_recognised": _RECURRING,
    "joined_and_left": _CUSTOMERS | {"new_mrr", "churned_mrr"},
    "return_after_churn": frozenset({"new_accounts", "reactivated_accounts", "new_mrr", "reactivation_mrr"}),
    "paid_to_free": _RECURRING,
    "netting": frozenset({"upsell_mrr", "cross_sell_mrr", "price_uplift_mrr", "contraction_mrr"}),
    "discounts": _RECURRING & _MONEY,
    "paused": _RECURRING,
    "metered": _RECURRING,
    "inactivity_days": frozenset({"activity_opening_accounts", "activity_lost_accounts"}),
    "short_seconds": frozenset({"offered", "abandoned", "short_abandoned", "service_level_offered"}),
    "service_level_seconds": frozenset({"service_level_met"}),
    "csat_ten_point_cut": frozenset({"csat_satisfied"}),
    "solve_window_days": frozenset({"contacts_solved_in_window"}),
    "renewal_grace_days": frozenset(
        {"renewals_decided", "renewals_won", "renewals_pending", "renewal_due_amount", "renewal_kept_amount"}
    ),
    "cac_lag_months": frozenset({"acquisition_cost"}),
    "gross_margin": frozenset({"gross_margin"}),
    "rates": _MONEY,
}


def touching(one: Kpi) -> tuple[str, ...]:
    """Names of the policies that one KPI's number depends on, in the order of `Policies`."""
    return tuple(policy for policy, measures in _TOUCHES.items() if measures & set(one.measures))


def touched(policy: str, kpis: tuple[Kpi, ...]) -> tuple[str, ...]:
    """Keys of the KPIs that a policy touches, in screen order."""
    return tuple(one.key for one in kpis if policy in touching(one))
