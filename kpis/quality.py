"""Quality: what customers and colleagues say, and how well they are served."""

from kpis.kpi import Kpi, Numbers, Parts


def nps(nps_promoters: Numbers, nps_detractors: Numbers, nps_answers: Numbers) -> Parts:
    """Promoters (9–10) minus detractors (0–6) per 100 answers, from −100 to +100.

    One answer per respondent and period, the last; relationship surveys only.
    Undefined when: nobody answered.
    Source: Reichheld 2003, the one number you need to grow.
    """
    return Parts(100 * (nps_promoters - nps_detractors), nps_answers)


def csat(csat_satisfied: Numbers, csat_answers: Numbers) -> Parts:
    """Share of the answers that say satisfied or very satisfied; neutral answers count below the line.

    Undefined when: nobody answered.
    Source: top-two-box customer satisfaction.
    """
    return Parts(csat_satisfied, csat_answers)


def ces(ces_easy: Numbers, ces_answers: Numbers) -> Parts:
    """Share of the answers that found it easy; scales on which high means effort are turned round first.

    Undefined when: nobody answered.
    Source: customer effort score as the share who agree that it was easy (CES 2.0).
    """
    return Parts(ces_easy, ces_answers)


def ces_mean(ces_score_sum: Numbers, ces_scale_answers: Numbers) -> Parts:
    """Mean effort answer, on the scale that most answers use, as it was asked.

    Undefined when: nobody answered on that scale.
    Source: Dixon, Freeman and Toman 2010, stop trying to delight your customers.
    """
    return Parts(ces_score_sum, ces_scale_answers)


def enps(enps_promoters: Numbers, enps_detractors: Numbers, enps_answers: Numbers) -> Parts:
    """NPS of the team: would they recommend the company as a place to work?

    Undefined when: fewer than 5 colleagues answered, so that nobody can be recognised.
    Source: NPS asked of employees.
    """
    return Parts(100 * (enps_promoters - enps_detractors), enps_answers)


def aht(handle_seconds: Numbers, handled_contacts: Numbers) -> Parts:
    """Agent time per contact handled: talk, hold and wrap-up, over the contacts that have one.

    Never taken from the time until solved. Read it beside first contact resolution.
    Undefined when: no contact has a handle time.
    Source: average handle time, as contact centres measure it.
    """
    return Parts(handle_seconds, handled_contacts)


def time_to_resolution(resolution_seconds: Numbers, resolved_contacts: Numbers) -> Parts:
    """Mean time from opening to the last solve, of the contacts solved in the period.

    Undefined when: no contact was solved in the period.
    Source: full resolution time of service desks.
    """
    return Parts(resolution_seconds, resolved_contacts)


def time_to_resolution_median(time_to_resolution_seconds_median: Numbers) -> Parts:
    """Half of the contacts solved in the period were solved within this time.

    Undefined when: no contact was solved in the period.
    Source: full resolution time of service desks, median.
    """
    return Parts(time_to_resolution_seconds_median)


def time_to_resolution_p90(time_to_resolution_seconds_p90: Numbers) -> Parts:
    """Nine in ten of the contacts solved in the period were solved within this time.

    Undefined when: no contact was solved in the period.
    Source: full resolution time of service desks, 90th percentile.
    """
    return Parts(time_to_resolution_seconds_p90)


def first_response_time(first_response_seconds: Numbers, responded_contacts: Numbers) -> Parts:
    """Mean time from opening to the first reply by a person; unanswered contacts are counted beside it.

    Undefined when: no contact was answered.
    Source: first reply time of service desks.
    """
    return Parts(first_response_seconds, responded_contacts)


def first_response_time_median(first_response_seconds_median: Numbers) -> Parts:
    """Half of the answered contacts got their first reply by a person within this time.

    Undefined when: no contact was answered.
    Source: first reply time of service desks, median.
    """
    return Parts(first_response_seconds_median)


def first_response_time_p90(first_response_seconds_p90: Numbers) -> Parts:
    """Nine in ten of the answered contacts got their first reply by a person within this time.

    Undefined when: no contact was answered.
    Source: first reply time of service desks, 90th percentile.
    """
    return Parts(first_response_seconds_p90)


def wait_time(wait_seconds: Numbers, wait_contacts: Numbers) -> Parts:
    """Mean time in the queue of the contacts that were answered.

    Undefined when: no answered contact has a known wait.
    Source: average speed of answer, as contact centres measure it.
    """
    return Parts(wait_seconds, wait_contacts)


def service_level(service_level_met: Numbers, service_level_offered: Numbers) -> Parts:
    """Share of the contacts offered, short ones left out, that were answered within X seconds.

    Undefined when: nothing was offered.
    Source: service level of contact centres; X is a policy (20 seconds).
    """
    return Parts(service_level_met, service_level_offered)


def solve_rate(contacts_solved_in_window: Numbers, contacts_opened_known: Numbers) -> Parts:
    """Share of the contacts opened in the period that were solved within the window (30 days).

    Periods younger than the window are immature and shown as incomplete.
    Undefined when: no contact was opened.
    Source: resolution rate by cohort of opening.
    """
    return Parts(contacts_solved_in_window, contacts_opened_known)


def solve_flow(contacts_solved: Numbers, contacts_opened: Numbers) -> Parts:
    """Contacts solved in the period over contacts opened in it; above 100 % the backlog shrinks.

    Undefined when: no contact was opened.
    Source: throughput reading of the resolution rate.
    """
    return Parts(contacts_solved, contacts_opened)


def abandonment(abandoned: Numbers, short_abandoned: Numbers, offered: Numbers) -> Parts:
    """Share of the contacts offered that gave up in the queue; very short ones are left out on both sides.

    Short means given up within S seconds, a policy (5; 0 keeps all); an unknown wait is never short.
    Undefined when: nothing was offered.
    Source: abandonment rate of contact centres.
    """
    return Parts(abandoned - short_abandoned, offered - short_abandoned)


def fcr(first_contacts_fixed: Numbers, first_contacts: Numbers) -> Parts:
    """Share of the first contacts about an issue that fixed it.

    Undefined when: nobody recorded whether first contacts were fixed.
    Source: first contact resolution by the record or answer of whoever asked.
    """
    return Parts(first_contacts_fixed, first_contacts)


def one_touch(one_touch_solved: Numbers, one_touch_known: Numbers) -> Parts:
    """Share of the solved contacts that took at most one reply and were not reopened: a proxy of FCR.

    Undefined when: no solved contact has a known number of replies.
    Source: one-touch tickets of service desks.
    """
    return Parts(one_touch_solved, one_touch_known)


def sla_breach(sla_breached: Numbers) -> Parts:
    """Contacts still open at the closing whose deadline has passed.

    Undefined when: deadlines are not known.
    Source: service level agreements with customers.
    """
    return Parts(sla_breached)


def sla_met(sla_met: Numbers, sla_due: Numbers) -> Parts:
    """Share of the contacts with a deadline in the period that were solved in time.

    Undefined when: no deadline fell in the period.
    Source: service level agreements with customers.
    """
    return Parts(sla_met, sla_due)


def contact_rate(contacts_opened: Numbers, closing_accounts: Numbers) -> Parts:
    """Contacts opened in the period for each active customer.

    Undefined when: no customer is active.
    Source: contact rate of service operations.
    """
    return Parts(contacts_opened, closing_accounts)


def cs_feeling(feeling_points: Numbers, feeling_accounts: Numbers) -> Parts:
    """Mean of the customers' latest ratings of how the relationship feels, 0 to 100.

    The customer's own rating goes before the CSM's; ratings older than 90 days are dropped.
    Undefined when: no rating is recent enough.
    Source: sentiment ratings kept by customer success teams.
    """
    return Parts(feeling_points, feeling_accounts)


# A declaration a line reads best.
# fmt: off
KPIS: tuple[Kpi, ...] = (
    Kpi("nps", "quality", "lagging", "points", "up", nps, "nps", empty="no_answers"),
    Kpi("csat", "quality", "leading", "ratio", "up", csat, "wilson", empty="no_answers"),
    Kpi("ces", "quality", "leading", "ratio", "up", ces, "wilson", empty="no_answers"),
    Kpi("ces_mean", "quality", "leading", "points", "up", ces_mean, empty="no_answers"),
    Kpi("enps", "quality", "leading", "points", "up", enps, "nps", empty="no_answers", minimum=5, company_only=True),
    Kpi("aht", "quality", "neither", "seconds", "neither", aht, empty="no_contacts"),
    Kpi("time_to_resolution", "quality", "leading", "seconds", "down", time_to_resolution, empty="no_contacts"),
    Kpi("time_to_resolution_median", "quality", "leading", "seconds", "down", time_to_resolution_median,
        n="resolved_contacts", zeros=(("resolved_contacts", "no_contacts"),)),
    Kpi("time_to_resolution_p90", "quality", "leading", "seconds", "down", time_to_resolution_p90,
        n="resolved_contacts", zeros=(("resolved_contacts", "no_contacts"),)),
    Kpi("first_response_time", "quality", "leading", "seconds", "down", first_response_time, empty="no_contacts"),
    Kpi("first_response_time_median", "quality", "leading", "seconds", "down", first_response_time_median,
        n="responded_contacts", zeros=(("responded_contacts", "no_contacts"),)),
    Kpi("first_response_time_p90", "quality", "leading", "seconds", "down", first_response_time_p90,
        n="responded_contacts", zeros=(("responded_contacts", "no_contacts"),)),
    Kpi("wait_time", "quality", "leading", "seconds", "down", wait_time, empty="no_contacts"),
    Kpi("service_level", "quality", "leading", "ratio", "up", service_level, "wilson", empty="no_contacts"),
    Kpi("solve_rate", "quality", "leading", "ratio", "up", solve_rate, "wilson", empty="no_contacts",
        mature="solve_mature"),
    Kpi("solve_flow", "quality", "leading", "ratio", "up", solve_flow, empty="no_contacts"),
    Kpi("abandonment", "quality", "leading", "ratio", "down", abandonment, "wilson", empty="no_contacts"),
    Kpi("fcr", "quality", "leading", "ratio", "up", fcr, "wilson", empty="no_contacts"),
    Kpi("one_touch", "quality", "leading", "ratio", "up", one_touch, "wilson", empty="no_contacts", proxy_for="fcr"),
    Kpi("sla_breach", "quality", "leading", "count", "down", sla_breach, n="contacts_opened"),
    Kpi("sla_met", "quality", "leading", "ratio", "up", sla_met, "wilson", empty="no_deadlines"),
    Kpi("contact_rate", "quality", "leading", "times", "down", contact_rate, empty="no_customers"),
    Kpi("cs_feeling", "quality", "leading", "points", "up", cs_feeling, empty="no_ratings"),
)
# fmt: on
