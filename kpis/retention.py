"""Retention: do customers and their revenue stay, and what warns before they leave."""

from kpis.kpi import Kpi, Numbers, Parts, or_one, ratio


def logo_churn(lost_accounts: Numbers, opening_accounts: Numbers) -> Parts:
    """Share of the customers active at the opening who are not active at the closing.

    Who joined and left, or left and came back, inside the period is not counted; a partial
    cancellation is contraction. Some texts divide by new subscribers; this does not.
    Undefined when: no customer was active at the opening.
    Source: the usual definition of customer churn in subscription businesses.
    """
    return Parts(lost_accounts, opening_accounts)


def activity_churn(activity_lost_accounts: Numbers, activity_opening_accounts: Numbers) -> Parts:
    """Share of the customers who had ordered within N days of the opening and had not within N days of the closing.

    For shops without subscriptions; N is a policy (90 days).
    Undefined when: nobody was active at the opening, or the orders do not reach N days back.
    Source: customer churn, with activity in place of a subscription.
    """
    return Parts(activity_lost_accounts, activity_opening_accounts)


def revenue_churn(churned_mrr: Numbers, contraction_mrr: Numbers, opening_mrr: Numbers) -> Parts:
    """Share of the opening MRR lost to cancellations and downgrades, before any expansion.

    Undefined when: there was no MRR at the opening.
    Source: gross MRR churn, as in most SaaS reporting.
    """
    return Parts(churned_mrr + contraction_mrr, opening_mrr)


def revenue_churn_lost(churned_mrr: Numbers, opening_mrr: Numbers) -> Parts:
    """Share of the opening MRR lost with the customers who left altogether.

    Undefined when: there was no MRR at the opening.
    Source: gross MRR churn without downgrades, the reading of tools that report these apart.
    """
    return Parts(churned_mrr, opening_mrr)


def contraction_rate(contraction_mrr: Numbers, opening_mrr: Numbers) -> Parts:
    """Share of the opening MRR lost to downgrades of customers who stayed.

    Undefined when: there was no MRR at the opening.
    Source: downgrade MRR churn, as in most SaaS reporting.
    """
    return Parts(contraction_mrr, opening_mrr)


def net_revenue_churn(
    churned_mrr: Numbers,
    contraction_mrr: Numbers,
    upsell_mrr: Numbers,
    cross_sell_mrr: Numbers,
    price_uplift_mrr: Numbers,
    reactivation_mrr: Numbers,
    opening_mrr: Numbers,
) -> Parts:
    """MRR lost minus MRR won from customers who were here before, over the opening MRR; may be negative.

    Won counts upsell, cross-sell, price increases and returning customers.
    Undefined when: there was no MRR at the opening.
    Source: net MRR churn, with reactivation on the side of the gains.
    """
    lost = churned_mrr + contraction_mrr
    won = upsell_mrr + cross_sell_mrr + price_uplift_mrr + reactivation_mrr
    return Parts(lost - won, opening_mrr)


def nrr(mrr_now_12m: Numbers, mrr_then_12m: Numbers) -> Parts:
    """What the customers of 12 months ago pay now, over what they paid then.

    A cohort snapshot: who became a customer since then never counts.
    Undefined when: the data do not reach 12 months back, or nobody was a customer then.
    Source: net revenue retention as a cohort snapshot, the reading of most public companies.
    """
    return Parts(mrr_now_12m, mrr_then_12m)


def nrr_1m(mrr_now_1m: Numbers, mrr_then_1m: Numbers) -> Parts:
    """What the customers of one month ago pay now, over what they paid then.

    Undefined when: the data do not reach one month back, or nobody was a customer then.
    Source: net revenue retention over one month.
    """
    return Parts(mrr_now_1m, mrr_then_1m)


def nrr_3m(mrr_now_3m: Numbers, mrr_then_3m: Numbers) -> Parts:
    """What the customers of three months ago pay now, over what they paid then.

    Undefined when: the data do not reach three months back, or nobody was a customer then.
    Source: net revenue retention over three months.
    """
    return Parts(mrr_now_3m, mrr_then_3m)


def grr(mrr_kept_12m: Numbers, mrr_then_12m: Numbers) -> Parts:
    """What is left of the MRR of 12 months ago, customer by customer, counting no growth.

    Kept is the smaller of then and now for each customer, so it never passes 100 %.
    Undefined when: the data do not reach 12 months back, or nobody was a customer then.
    Source: gross revenue retention as a cohort snapshot.
    """
    return Parts(mrr_kept_12m, mrr_then_12m)


def grr_1m(mrr_kept_1m: Numbers, mrr_then_1m: Numbers) -> Parts:
    """What is left of the MRR of one month ago, customer by customer, counting no growth.

    Undefined when: the data do not reach one month back, or nobody was a customer then.
    Source: gross revenue retention over one month.
    """
    return Parts(mrr_kept_1m, mrr_then_1m)


def grr_3m(mrr_kept_3m: Numbers, mrr_then_3m: Numbers) -> Parts:
    """What is left of the MRR of three months ago, customer by customer, counting no growth.

    Undefined when: the data do not reach three months back, or nobody was a customer then.
    Source: gross revenue retention over three months.
    """
    return Parts(mrr_kept_3m, mrr_then_3m)


def lifetime(opening_accounts_6m: Numbers, lost_accounts_6m: Numbers) -> Parts:
    """Months a customer stays at the pace of the last six whole months: 1 ÷ their pooled monthly churn.

    Undefined when: nobody left in those months, nobody was there to leave, or the data are shorter.
    Source: the mean of a constant hazard, 1 ÷ churn.
    """
    return Parts(opening_accounts_6m, lost_accounts_6m)


def lifetime_median(lifetime_median: Numbers) -> Parts:
    """Months after which half of the customers have left, counting those still here.

    Undefined when: more than half of the customers are still here on the whole curve.
    Source: Kaplan and Meier 1958, with late entry where the data start mid-life.
    """
    return Parts(lifetime_median)


def survival_12m(survival_12m: Numbers) -> Parts:
    """Share of customers expected to stay at least 12 months, counting those still here.

    Undefined when: no customer has been followed for 12 months.
    Source: Kaplan and Meier 1958, with late entry where the data start mid-life.
    """
    return Parts(survival_12m)


def survival_24m(survival_24m: Numbers) -> Parts:
    """Share of customers expected to stay at least 24 months, counting those still here.

    Undefined when: no customer has been followed for 24 months.
    Source: Kaplan and Meier 1958, with late entry where the data start mid-life.
    """
    return Parts(survival_24m)


def ltv(
    closing_mrr: Numbers,
    closing_accounts: Numbers,
    gross_margin: Numbers,
    lost_accounts_6m: Numbers,
    opening_accounts_6m: Numbers,
) -> Parts:
    """Gross profit to expect from an average customer: ARPA × gross margin ÷ monthly churn of the last six months.

    Without a gross margin it is revenue instead of profit, and says so.
    Undefined when: nobody left in those months, no customer is active, or the data are shorter.
    Source: the simple LTV formula; it assumes that churn and revenue stay as they are.
    """
    arpa = ratio(closing_mrr, closing_accounts)
    return Parts(arpa * or_one(gross_margin), ratio(lost_accounts_6m, opening_accounts_6m))


def ltv_realised(billed_to_date: Numbers, gross_margin: Numbers, billed_accounts: Numbers) -> Parts:
    """Gross profit a customer has brought so far: invoiced to date × gross margin, per customer ever invoiced.

    Without a gross margin it is revenue instead of profit, and says so.
    Undefined when: nothing has been invoiced.
    Source: accounting fact, no assumption about the future.
    """
    return Parts(billed_to_date * or_one(gross_margin), billed_accounts)


def health_score(health_points: Numbers, health_accounts: Numbers) -> Parts:
    """Mean health score of the active customers, 0 to 100, each from the inputs it has.

    Undefined when: no active customer has any input, or by week.
    Source: weighted inputs of the health preset; the weights are priors that a backtest judges.
    """
    return Parts(health_points, health_accounts)


def health_score_mrr(health_mrr_points: Numbers, health_mrr: Numbers) -> Parts:
    """Mean health score of the active customers weighted by their MRR: the health of the revenue.

    Undefined when: no active customer has any input, or by week.
    Source: weighted inputs of the health preset; the weights are priors that a backtest judges.
    """
    return Parts(health_mrr_points, health_mrr)


def adoption(adoption_users: Numbers, adoption_seats: Numbers) -> Parts:
    """People who used the product in the period, over the seats paid for, where seats are known.

    May pass 100 %: more people than seats, which is kept and flagged.
    Undefined when: no active customer has known seats.
    Source: licence utilisation.
    """
    return Parts(adoption_users, adoption_seats)


def feature_adoption(features_used: Numbers, features_available: Numbers) -> Parts:
    """Features used in the period over the features available to each active customer.

    Undefined when: no available feature is known.
    Source: breadth of use, as product analytics tools read it.
    """
    return Parts(features_used, features_available)


def engagement(active_days: Numbers, working_days: Numbers) -> Parts:
    """Days with use over the working days (Monday to Friday) of the active customers in the period.

    Undefined when: no customer is active or the period has no working day.
    Source: each company defines engagement; this is the default reading.
    """
    return Parts(active_days, working_days)


def stickiness(user_days: Numbers, user_day_slots: Numbers) -> Parts:
    """Share of the period's users who are there on an average day.

    Undefined when: nobody used the product in the period.
    Source: daily over monthly active users (DAU/MAU).
    """
    return Parts(user_days, user_day_slots)


def renewal_rate(renewals_won: Numbers, renewals_decided: Numbers) -> Parts:
    """Of the renewals that came due in the period and are decided, the share that renewed.

    Open renewals wait as pending, and count as lost after the days of grace.
    Undefined when: no renewal that was due has been decided.
    Source: renewal rate by count, at the month the renewal was due.
    """
    return Parts(renewals_won, renewals_decided)


def renewal_rate_value(renewal_kept_amount: Numbers, renewal_due_amount: Numbers) -> Parts:
    """Of the amount that came due for renewal and is decided, the share that renewed.

    Each renewed amount is capped at the amount due, so upsell at renewal does not hide losses.
    Undefined when: no renewal that was due has been decided.
    Source: gross renewal rate by value.
    """
    return Parts(renewal_kept_amount, renewal_due_amount)


# A declaration a line reads best.
# fmt: off
KPIS: tuple[Kpi, ...] = (
    Kpi("logo_churn", "retention", "lagging", "ratio", "down", logo_churn, "wilson", empty="no_opening_customers"),
    Kpi("activity_churn", "retention", "lagging", "ratio", "down", activity_churn, "wilson",
        empty="no_opening_customers"),
    Kpi("revenue_churn", "retention", "lagging", "ratio", "down", revenue_churn, n="opening_accounts",
        empty="no_opening_customers"),
    Kpi("revenue_churn_lost", "retention", "lagging", "ratio", "down", revenue_churn_lost, n="opening_accounts",
        empty="no_opening_customers"),
    Kpi("contraction_rate", "retention", "lagging", "ratio", "down", contraction_rate, n="opening_accounts",
        empty="no_opening_customers"),
    Kpi("net_revenue_churn", "retention", "lagging", "ratio", "down", net_revenue_churn, n="opening_accounts",
        empty="no_opening_customers"),
    Kpi("nrr", "retention", "lagging", "ratio", "up", nrr, n="accounts_then_12m", empty="no_customers"),
    Kpi("nrr_1m", "retention", "lagging", "ratio", "up", nrr_1m, n="accounts_then_1m", empty="no_customers"),
    Kpi("nrr_3m", "retention", "lagging", "ratio", "up", nrr_3m, n="accounts_then_3m", empty="no_customers"),
    Kpi("grr", "retention", "lagging", "ratio", "up", grr, n="accounts_then_12m", empty="no_customers"),
    Kpi("grr_1m", "retention", "lagging", "ratio", "up", grr_1m, n="accounts_then_1m", empty="no_customers"),
    Kpi("grr_3m", "retention", "lagging", "ratio", "up", grr_3m, n="accounts_then_3m", empty="no_customers"),
    Kpi("lifetime", "retention", "lagging", "months", "up", lifetime, empty="no_losses",
        zeros=(("opening_accounts_6m", "no_opening_customers"),)),
    Kpi("lifetime_median", "retention", "lagging", "months", "up", lifetime_median, "given", n="survival_accounts",
        zeros=(("survival_accounts", "no_customers"),)),
    Kpi("survival_12m", "retention", "lagging", "ratio", "up", survival_12m, "given", n="survival_accounts",
        zeros=(("survival_accounts", "no_customers"),)),
    Kpi("survival_24m", "retention", "lagging", "ratio", "up", survival_24m, "given", n="survival_accounts",
        zeros=(("survival_accounts", "no_customers"),)),
    Kpi("ltv", "retention", "lagging", "money", "up", ltv, n="lost_accounts_6m", empty="no_losses",
        zeros=(("closing_accounts", "no_customers"), ("opening_accounts_6m", "no_opening_customers"))),
    Kpi("ltv_realised", "retention", "lagging", "money", "up", ltv_realised, empty="no_invoices"),
    Kpi("health_score", "retention", "leading", "points", "up", health_score, empty="no_scores", by_week=False),
    Kpi("health_score_mrr", "retention", "leading", "points", "up", health_score_mrr, n="health_accounts",
        empty="no_scores", by_week=False),
    Kpi("adoption", "retention", "leading", "ratio", "up", adoption, empty="no_seats"),
    Kpi("feature_adoption", "retention", "leading", "ratio", "up", feature_adoption, empty="no_features"),
    Kpi("engagement", "retention", "leading", "ratio", "up", engagement, empty="no_customers"),
    Kpi("stickiness", "retention", "leading", "ratio", "up", stickiness, empty="no_use"),
    Kpi("renewal_rate", "retention", "lagging", "ratio", "up", renewal_rate, "wilson", empty="no_renewals"),
    Kpi("renewal_rate_value", "retention", "lagging", "ratio", "up", renewal_rate_value, n="renewals_decided",
        empty="no_renewals"),
)
# fmt: on
