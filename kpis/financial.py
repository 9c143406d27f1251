"""Financial: what customers bring, what winning them costs, and what they still owe."""

from kpis.kpi import Kpi, Numbers, Parts, or_one, ratio


def mrr(closing_mrr: Numbers) -> Parts:
    """Recurring revenue of all active subscriptions at the closing, put on a monthly basis.

    Tax, trials, free stretches, one-off and (by policy) metered amounts are out.
    Undefined when: subscriptions are not known.
    Source: monthly recurring revenue, as in most SaaS reporting.
    """
    return Parts(closing_mrr)


def arr(closing_mrr: Numbers) -> Parts:
    """The MRR at the closing times 12.

    Undefined when: subscriptions are not known.
    Source: annual recurring revenue, as a run rate.
    """
    return Parts(12 * closing_mrr)


def new_mrr(new_mrr: Numbers) -> Parts:
    """MRR of the customers who had never paid before.

    Undefined when: subscriptions are not known.
    Source: MRR movements.
    """
    return Parts(new_mrr)


def reactivation_mrr(reactivation_mrr: Numbers) -> Parts:
    """MRR of former customers who came back.

    Undefined when: subscriptions are not known.
    Source: MRR movements.
    """
    return Parts(reactivation_mrr)


def contraction_mrr(contraction_mrr: Numbers) -> Parts:
    """MRR lost to downgrades and dropped products of customers who stayed.

    Undefined when: subscriptions are not known.
    Source: MRR movements, one difference per product line.
    """
    return Parts(contraction_mrr)


def churned_mrr(churned_mrr: Numbers) -> Parts:
    """MRR at the opening of the customers who were gone at the closing.

    Undefined when: subscriptions are not known.
    Source: MRR movements.
    """
    return Parts(churned_mrr)


def arpa(closing_mrr: Numbers, closing_accounts: Numbers) -> Parts:
    """MRR at the closing for each active customer.

    Undefined when: no customer is active.
    Source: average revenue per account.
    """
    return Parts(closing_mrr, closing_accounts)


def average_ticket(invoiced: Numbers, invoice_count: Numbers) -> Parts:
    """Invoiced amount per invoice or order; credit notes are subtracted and not counted.

    It is not revenue per customer (ARPA), and a payment is not an order.
    Undefined when: nothing was invoiced in the period.
    Source: average order value.
    """
    return Parts(invoiced, invoice_count)


def tcv_billed(billed_to_date: Numbers) -> Parts:
    """Everything invoiced up to the closing, paid or not; void invoices are out.

    Undefined when: invoices are not known.
    Source: lifetime billings.
    """
    return Parts(billed_to_date)


def tcv_contract(contract_value: Numbers) -> Parts:
    """Recurring amount over the whole term plus one-off fees, of the contracts in force at the closing.

    Undefined when: contracts are not known.
    Source: total contract value.
    """
    return Parts(contract_value)


def cac(acquisition_cost: Numbers, new_accounts: Numbers) -> Parts:
    """Sales and marketing costs, referral rewards included, for each new paying customer.

    Customers who came back are not new.
    Undefined when: no new customer was won.
    Source: customer acquisition cost, fully loaded with whatever costs are imported.
    """
    return Parts(acquisition_cost, new_accounts)


def cac_payback(acquisition_cost: Numbers, new_accounts: Numbers, new_mrr: Numbers, gross_margin: Numbers) -> Parts:
    """Months of gross profit a new customer needs to pay back its cost: CAC ÷ (ARPA of new customers × margin).

    Without a gross margin it is months of revenue, and says so.
    Undefined when: no new customer was won.
    Source: months to recover CAC.
    """
    return Parts(ratio(acquisition_cost, new_accounts), ratio(new_mrr, new_accounts) * or_one(gross_margin))


def ltv_cac(
    closing_mrr: Numbers,
    closing_accounts: Numbers,
    gross_margin: Numbers,
    opening_accounts_6m: Numbers,
    lost_accounts_6m: Numbers,
    acquisition_cost: Numbers,
    new_accounts: Numbers,
) -> Parts:
    """How many times the value of a customer covers the cost of winning one: LTV ÷ CAC.

    Without a gross margin it uses revenue instead of profit, and says so.
    Undefined when: LTV or CAC is, or nothing was spent.
    Source: the LTV to CAC ratio of SaaS investors.
    """
    arpa = ratio(closing_mrr, closing_accounts)
    lifetime = ratio(opening_accounts_6m, lost_accounts_6m)
    return Parts(arpa * or_one(gross_margin) * lifetime, ratio(acquisition_cost, new_accounts))


def quick_ratio(
    new_mrr: Numbers,
    reactivation_mrr: Numbers,
    upsell_mrr: Numbers,
    cross_sell_mrr: Numbers,
    price_uplift_mrr: Numbers,
    churned_mrr: Numbers,
    contraction_mrr: Numbers,
) -> Parts:
    """MRR gained (new, returning, expansion) for each unit of MRR lost (churned, contraction).

    Undefined when: nothing was lost.
    Source: the SaaS quick ratio attributed to Mamoon Hamid.
    """
    gained = new_mrr + reactivation_mrr + upsell_mrr + cross_sell_mrr + price_uplift_mrr
    return Parts(gained, churned_mrr + contraction_mrr)


def overdue_amount(overdue_amount: Numbers) -> Parts:
    """Amount of the invoices issued, unpaid and past their due date at the closing.

    Undefined when: invoices are not known.
    Source: accounts receivable past due.
    """
    return Parts(overdue_amount)


def overdue_count(overdue_count: Numbers) -> Parts:
    """Number of the invoices issued, unpaid and past their due date at the closing.

    Undefined when: invoices are not known.
    Source: accounts receivable past due.
    """
    return Parts(overdue_count)


# A declaration a line reads best.
# fmt: off
KPIS: tuple[Kpi, ...] = (
    Kpi("mrr", "financial", "lagging", "money", "up", mrr, n="closing_accounts"),
    Kpi("arr", "financial", "lagging", "money", "up", arr, n="closing_accounts"),
    Kpi("new_mrr", "financial", "lagging", "money", "up", new_mrr, n="new_accounts"),
    Kpi("reactivation_mrr", "financial", "lagging", "money", "up", reactivation_mrr, n="reactivated_accounts"),
    Kpi("contraction_mrr", "financial", "lagging", "money", "down", contraction_mrr, n="opening_accounts"),
    Kpi("churned_mrr", "financial", "lagging", "money", "down", churned_mrr, n="lost_accounts"),
    Kpi("arpa", "financial", "lagging", "money", "up", arpa, empty="no_customers"),
    Kpi("average_ticket", "financial", "lagging", "money", "up", average_ticket, empty="no_invoices"),
    Kpi("tcv_billed", "financial", "lagging", "money", "up", tcv_billed, n="billed_accounts"),
    Kpi("tcv_contract", "financial", "lagging", "money", "up", tcv_contract, n="closing_accounts"),
    Kpi("cac", "financial", "lagging", "money", "down", cac, empty="no_new_customers", company_only=True),
    Kpi("cac_payback", "financial", "lagging", "months", "down", cac_payback, n="new_accounts", company_only=True,
        zeros=(("new_accounts", "no_new_customers"),)),
    Kpi("ltv_cac", "financial", "lagging", "times", "up", ltv_cac, n="new_accounts", company_only=True,
        zeros=(("closing_accounts", "no_customers"), ("opening_accounts_6m", "no_opening_customers"),
               ("lost_accounts_6m", "no_losses"), ("new_accounts", "no_new_customers"),
               ("acquisition_cost", "no_costs"))),
    Kpi("quick_ratio", "financial", "lagging", "times", "up", quick_ratio, n="opening_accounts", empty="no_losses"),
    Kpi("overdue_amount", "financial", "leading", "money", "down", overdue_amount, n="overdue_count"),
    Kpi("overdue_count", "financial", "leading", "count", "down", overdue_count, n="overdue_count"),
)
# fmt: on
