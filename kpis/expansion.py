"""Expansion: do customers buy more and send others, and what shows that they might."""

from kpis.kpi import Kpi, Numbers, Parts


def upsell(upsell_mrr: Numbers) -> Parts:
    """MRR added on products the customer already had: higher plan, more licences.

    Undefined when: subscriptions are not known.
    Source: MRR movements, one difference per product line.
    """
    return Parts(upsell_mrr)


def cross_sell(cross_sell_mrr: Numbers) -> Parts:
    """MRR from products that existing customers did not have at the opening.

    Undefined when: subscriptions are not known.
    Source: MRR movements, one difference per product line.
    """
    return Parts(cross_sell_mrr)


def price_uplift(price_uplift_mrr: Numbers) -> Parts:
    """MRR added by a price increase on the same product, plan and quantity, where those are known.

    It is part of expansion and of NRR, but an inflation clause is not an upsell.
    Undefined when: subscriptions are not known.
    Source: MRR movements, one difference per product line.
    """
    return Parts(price_uplift_mrr)


def expansion_rate(
    upsell_mrr: Numbers, cross_sell_mrr: Numbers, price_uplift_mrr: Numbers, opening_mrr: Numbers
) -> Parts:
    """Upsell, cross-sell and price increases over the opening MRR.

    Undefined when: there was no MRR at the opening.
    Source: expansion MRR rate, as in most SaaS reporting.
    """
    return Parts(upsell_mrr + cross_sell_mrr + price_uplift_mrr, opening_mrr)


def expansion_one_off(one_off_expansion: Numbers) -> Parts:
    """One-off and shop revenue from customers who had bought before.

    Undefined when: invoices are not known.
    Source: repeat purchases, invoice by invoice.
    """
    return Parts(one_off_expansion)


def referrals(referrals_received: Numbers) -> Parts:
    """Referrals received in the period.

    Undefined when: referrals are not known.
    Source: referral programme records.
    """
    return Parts(referrals_received)


def referral_conversion(referrals_won: Numbers, referrals_received: Numbers) -> Parts:
    """Share of the referrals received in the period that became customers, whenever that happened.

    Undefined when: no referral was received.
    Source: conversion by the period of arrival.
    """
    return Parts(referrals_won, referrals_received)


def referrer_share(referrer_accounts: Numbers, closing_accounts: Numbers) -> Parts:
    """Share of the active customers who referred someone in the period.

    Undefined when: no customer is active.
    Source: referral participation rate.
    """
    return Parts(referrer_accounts, closing_accounts)


def referral_value(referral_value: Numbers) -> Parts:
    """Value of the referrals won: as given, else the first MRR or the first invoice of the new customer.

    Undefined when: referrals are not known.
    Source: referral programme records.
    """
    return Parts(referral_value)


def at_seat_limit(seat_limit_accounts: Numbers, seat_known_accounts: Numbers) -> Parts:
    """Share of the customers with known seats who use at least 90 % of them.

    Undefined when: no active customer has known seats.
    Source: licence utilisation, at the limit.
    """
    return Parts(seat_limit_accounts, seat_known_accounts)


def promoter_share(promoter_accounts: Numbers, nps_accounts: Numbers) -> Parts:
    """Share of the customers who answered NPS in 12 months whose people give 9 or more on average.

    Undefined when: nobody answered in the last 12 months.
    Source: NPS read by customer instead of by answer.
    """
    return Parts(promoter_accounts, nps_accounts)


# A declaration a line reads best.
# fmt: off
KPIS: tuple[Kpi, ...] = (
    Kpi("upsell", "expansion", "lagging", "money", "up", upsell, n="opening_accounts"),
    Kpi("cross_sell", "expansion", "lagging", "money", "up", cross_sell, n="opening_accounts"),
    Kpi("price_uplift", "expansion", "lagging", "money", "neither", price_uplift, n="opening_accounts"),
    Kpi("expansion_rate", "expansion", "lagging", "ratio", "up", expansion_rate, n="opening_accounts",
        empty="no_opening_customers"),
    Kpi("expansion_one_off", "expansion", "lagging", "money", "up", expansion_one_off, n="invoice_count"),
    Kpi("referrals", "expansion", "leading", "count", "up", referrals, n="referrals_received"),
    Kpi("referral_conversion", "expansion", "leading", "ratio", "up", referral_conversion, "wilson",
        empty="no_referrals"),
    Kpi("referrer_share", "expansion", "leading", "ratio", "up", referrer_share, "wilson", empty="no_customers"),
    Kpi("referral_value", "expansion", "lagging", "money", "up", referral_value, n="referrals_won"),
    Kpi("at_seat_limit", "expansion", "leading", "ratio", "up", at_seat_limit, "wilson", empty="no_seats"),
    Kpi("promoter_share", "expansion", "leading", "ratio", "up", promoter_share, "wilson", empty="no_answers"),
)
# fmt: on
