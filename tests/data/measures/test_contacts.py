"""Contacts and daily totals, worked by hand, on both engines."""

from datetime import date, datetime, timedelta

import pytest

from data.measures import contacts
from data.policies import Policies
from tests.data.engines import both

FAMILIES = (contacts.FAMILY,)
TEN = datetime(2024, 3, 5, 10)


def contact(number, opened_at=TEN, **more):
    return {"contact_id": f"T{number}", "opened_at": opened_at, "account_id": "a", **more}


def march(rows, account="a", policies=None, totals=(), as_of=date(2024, 4, 30), month="2024-03"):
    tables = {"contacts": rows} | ({"contact_totals": totals} if totals else {})
    return both(tables, "month", policies, as_of, FAMILIES)[account, month]


def test_handle_time_of_4311_contacts_is_224_seconds():
    talk, hold, wrap_up = 668_205, 99_153, 198_306
    rows = [contact(0, talk_seconds=talk - 4310.0, hold_seconds=hold - 4310.0, wrap_up_seconds=wrap_up - 4310.0)]
    rows += [contact(n, talk_seconds=1.0, hold_seconds=1.0, wrap_up_seconds=1.0) for n in range(1, 4311)]
    rows += [contact("none"), contact("only hold", hold_seconds=60.0)]
    found = march(rows)
    assert (found["handle_seconds"], found["handled_contacts"]) == (965_664, 4_311)
    assert found["handle_seconds"] / found["handled_contacts"] == 224


def test_handle_time_takes_the_sum_where_it_is_given_and_keeps_fractions():
    rows = [
        contact(1, handle_seconds=100.25, talk_seconds=1.0),
        contact(2, talk_seconds=10.5, wrap_up_seconds=0.25),
    ]
    assert march(rows)["handle_seconds"] == 111


def test_abandonment_of_5000_calls():
    rows = [contact(n, abandoned=n < 946, queue_seconds=30.0 if n % 2 else None) for n in range(5_000)]
    found = march(rows)
    assert (found["abandoned"], found["short_abandoned"], found["offered"]) == (946, 0, 5_000)
    assert found["abandoned"] / found["offered"] == pytest.approx(0.1892)


def test_short_is_abandoned_with_a_known_wait_under_the_seconds_of_the_policy():
    rows = [
        contact(1, abandoned=True, queue_seconds=4.9),
        contact(2, abandoned=True, queue_seconds=5.0),
        contact(3, abandoned=True),
        contact(4, abandoned=False, queue_seconds=1.0),
        contact(5),
    ]
    found = march(rows)
    assert (found["offered"], found["abandoned"], found["short_abandoned"]) == (4, 3, 1)
    assert march(rows, policies=Policies(short_seconds=0))["short_abandoned"] == 0
    assert march(rows, policies=Policies(short_seconds=6))["short_abandoned"] == 2


def test_daily_totals_count_on_days_without_contacts_that_say_whether_they_were_abandoned():
    day = {"offered": 100, "abandoned": 11, "short_abandoned": 1, "handled": 80}
    totals = [
        {"day": date(2024, 3, 5), **day},
        {"day": date(2024, 3, 6), **day, "handle_seconds": 800.0, "queue_seconds": 160.0, "within_service_level": 70},
        {"day": date(2024, 3, 7), "offered": 50, "abandoned": 2, "handled": 48},
        {"day": date(2024, 3, 8), "offered": 7},
    ]
    rows = [
        contact(1, abandoned=False, queue_seconds=3.0),
        contact(2, TEN + timedelta(days=1), is_spam=True, abandoned=False),
        contact(3, TEN + timedelta(days=2), handle_seconds=10.0),
    ]
    found = march(rows, "", totals=totals)
    assert (found["offered"], found["abandoned"], found["short_abandoned"]) == (150, 13, 1)
    assert (found["handle_seconds"], found["handled_contacts"]) == (800, 80)
    assert (found["wait_seconds"], found["wait_contacts"]) == (160, 80)
    assert (found["service_level_met"], found["service_level_offered"]) == (70, 99)
    raw = march(rows, "", totals=totals, policies=Policies(short_seconds=0))
    assert (raw["short_abandoned"], raw["service_level_offered"]) == (0, 100)
    assert march(rows, "a", totals=totals)["offered"] == 1


def test_wait_is_of_answered_contacts_and_service_level_leaves_unknown_waits_out():
    rows = [
        contact(1, abandoned=False, queue_seconds=20.0),
        contact(2, abandoned=False, queue_seconds=21.0),
        contact(3, abandoned=False),
        contact(4, abandoned=True, queue_seconds=10.0),
        contact(5, abandoned=True, queue_seconds=2.0),
        contact(6, abandoned=True),
        contact(7, queue_seconds=1.0),
    ]
    found = march(rows)
    assert (found["wait_seconds"], found["wait_contacts"]) == (41, 2)
    assert (found["service_level_met"], found["service_level_offered"]) == (1, 4)
    assert march(rows, policies=Policies(service_level_seconds=30))["service_level_met"] == 2


SOLVED = [
    contact("in time", solved_at=TEN + timedelta(days=30), status="solved"),
    contact("too late", solved_at=TEN + timedelta(days=30, seconds=1), status="solved"),
    contact("no status", solved_at=TEN + timedelta(hours=2)),
    contact("reopened", solved_at=TEN + timedelta(hours=1), status="open"),
    contact("pending", solved_at=TEN + timedelta(hours=1), status="pending"),
    contact("unknown when", status="solved"),
    contact("open"),
    contact("spam", is_spam=True, solved_at=TEN + timedelta(hours=1), status="solved"),
    contact("merged", merged_into="Topen", solved_at=TEN + timedelta(hours=1), status="solved"),
    contact("february", datetime(2024, 2, 28, 10), solved_at=TEN, status="solved"),
]


def test_solve_rate_and_flow():
    found = march(SOLVED)
    assert (found["contacts_opened"], found["contacts_opened_known"]) == (7, 6)
    assert (found["contacts_solved_in_window"], found["contacts_solved"]) == (2, 2)
    april = march(SOLVED, month="2024-04")
    assert (april["contacts_solved"], april["contacts_opened"]) == (2, 0)
    week = Policies(solve_window_days=7)
    assert march(SOLVED, policies=week)["contacts_solved_in_window"] == 1


def test_resolution_time_belongs_to_the_period_of_the_last_solve():
    found = march(SOLVED)
    assert (found["resolution_seconds"], found["resolved_contacts"]) == (7_200 + 6 * 86_400, 2)


def test_first_response_belongs_to_the_period_of_opening():
    rows = [
        contact(1, first_response_at=TEN + timedelta(seconds=90.5)),
        contact(2, datetime(2024, 3, 31, 23, 59), first_response_at=datetime(2024, 4, 1, 0, 1)),
        contact(3),
    ]
    found = march(rows)
    assert (found["first_response_seconds"], found["responded_contacts"]) == (210.5, 2)
    assert found["unanswered_contacts"] == 1


def test_first_contact_resolution_counts_where_both_answers_are_known():
    rows = [
        contact(1, first_contact=True, fixed=True),
        contact(2, first_contact=True, fixed=False),
        contact(3, first_contact=True),
        contact(4, first_contact=False, fixed=True),
        contact(5, fixed=True),
        contact(6, first_contact=True, fixed=True),
    ]
    found = march(rows)
    assert (found["first_contacts_fixed"], found["first_contacts"]) == (2, 3)


def test_one_touch_is_at_most_one_reply_and_never_reopened():
    solved = {"solved_at": TEN + timedelta(days=1), "status": "solved"}
    rows = [
        contact(1, **solved, agent_replies=1),
        contact(2, **solved, agent_replies=0, reopens=0),
        contact(3, **solved, agent_replies=1, reopens=1),
        contact(4, **solved, agent_replies=2),
        contact(5, **solved),
        contact(6, agent_replies=1),
    ]
    found = march(rows)
    assert (found["one_touch_solved"], found["one_touch_known"]) == (2, 4)


DEADLINES = [
    contact("met", sla_due_at=TEN + timedelta(days=1), solved_at=TEN + timedelta(days=1)),
    contact("missed", sla_due_at=TEN + timedelta(days=1), solved_at=TEN + timedelta(days=1, seconds=1)),
    contact("solved in april", sla_due_at=datetime(2024, 3, 31, 23, 59), solved_at=datetime(2024, 4, 2)),
    contact("open", sla_due_at=TEN + timedelta(days=1)),
    contact("reopened", sla_due_at=TEN + timedelta(days=1), solved_at=TEN, status="open"),
    contact("unknown when", sla_due_at=TEN + timedelta(days=1), status="solved"),
    contact("due in april", sla_due_at=datetime(2024, 4, 1)),
    contact("due after as-of", sla_due_at=datetime(2024, 5, 1)),
]


def test_deadlines_of_the_period_and_breaches_at_closing():
    found, april = march(DEADLINES), march(DEADLINES, month="2024-04")
    assert (found["sla_met"], found["sla_due"]) == (1, 5)
    assert found["sla_breached"] == 3
    assert (april["sla_met"], april["sla_due"], april["sla_breached"]) == (0, 1, 3)
    assert march(DEADLINES, as_of=date(2024, 3, 5))["sla_breached"] == 0


def test_an_earlier_as_of_day_does_not_know_later_facts():
    found = march(DEADLINES, as_of=date(2024, 3, 31))
    assert (found["sla_met"], found["sla_due"], found["sla_breached"]) == (1, 5, 3)
    assert march(SOLVED, as_of=date(2024, 3, 31))["contacts_solved_in_window"] == 1


def test_unlinked_contacts_are_the_company_row():
    rows = [contact(1), contact(2, account_id=None), contact(3, account_id=None, opened_at=datetime(2024, 4, 1))]
    assert march(rows)["contacts_opened"] == 1
    assert march(rows, "")["contacts_opened"] == 1


def test_what_nobody_recorded_is_missing_not_zero():
    found = march([contact(1)])
    assert found["contacts_opened"] == 1
    for name in ("contacts_solved", "offered", "handle_seconds", "first_contacts", "one_touch_known", "sla_due"):
        assert found[name] is None
