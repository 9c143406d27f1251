"""A workspace's own KPIs: the same numbers as the built-in ones, down to accounts and rows, found where they lead."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import workspace as farol
from data.calendar import GRAINS
from data.sample import as_arrow, generate
from data.store import Batch, Store
from kpis.own import Definition
from tests.data.engines import facts
from workspace import own_kpis
from workspace.numbers import Workspace

EXPANSION = "upsell_mrr - cross_sell_mrr - price_uplift_mrr"
SAME = {
    "logo_churn": ("lost_accounts ÷ opening_accounts", "share"),
    "expansion_rate": ("(upsell_mrr + cross_sell_mrr + price_uplift_mrr) / opening_mrr", "ratio"),
    "net_revenue_churn": (f"(churned_mrr + contraction_mrr - {EXPANSION} - reactivation_mrr) / opening_mrr", "ratio"),
    "nps_like": ("100 * (nps_promoters - nps_detractors) / nps_answers", "points"),
    "mrr": ("closing_mrr", "money"),
    "cac": ("acquisition_cost ÷ new_accounts", "money"),
    "solve_rate": ("contacts_solved_in_window ÷ contacts_opened_known", "share"),
}
ONBOARDED = "observed_onboarding_on_time_upper ÷ observed_onboarding_on_time_of"
REVIEWS = "observed_business_reviews_held_upper ÷ observed_business_reviews_held_of"
VALUES = ["value", "numerator", "denominator", "low", "high", "complete", "unit"]


def defined(name: str, formula: str, unit: str = "ratio", role: str = "leading") -> Definition:
    return Definition("", name, "retention", role, unit, "up", formula)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A sample company with a definition for each of `SAME` and for both of its metrics."""
    made = Store(tmp_path_factory.mktemp("own"), None)
    space = made.create_workspace("sample")
    batches = [Batch(name, as_arrow(name, frame), source_name=name) for name, frame in generate(40, 15).items()]
    made.commit(space.id, batches, expected_version=0)
    opened = Workspace(made, space.id)
    for name, (formula, unit) in SAME.items():
        own_kpis.save(opened, defined(f"My {name}", formula, unit, "neither"))
    own_kpis.save(opened, defined("Onboarded in time", ONBOARDED, "share"))
    own_kpis.save(opened, defined("Reviews held", REVIEWS))
    own_kpis.save(opened, defined("Of another import", "observed_gone_for_now ÷ closing_accounts"))
    return made


@pytest.fixture
def space(store: Store) -> Workspace:
    return opened(store)


def opened(store: Store) -> Workspace:
    found = store.find_workspace("sample")
    assert found is not None
    return Workspace(store, found.id)


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("by", [(), ("segment",)])
def test_a_formula_equal_to_a_built_in_one_gives_its_values(space: Workspace, grain: str, by: tuple[str, ...]) -> None:
    keys = [key for key in SAME if key != "nps_like"]
    table = space.table([*keys, "nps", *(f"own_my_{key}" for key in SAME)], grain, by=by)
    for key in SAME:
        theirs, ours = (
            table.loc[table["kpi"] == name, ["period", *by, *VALUES]].reset_index(drop=True)
            for name in (key.removesuffix("_like"), f"own_my_{key}")
        )
        wanted = VALUES[:3] if key == "nps_like" else VALUES
        if key == "nps_like":  # written per 100, without the interval of an NPS
            ours["numerator"] /= (
                100 if np.isclose(theirs["numerator"] * 100, ours["numerator"], equal_nan=True).all() else 1
            )
        pd.testing.assert_frame_equal(ours[wanted], theirs[wanted])


def test_every_value_opens_to_accounts_and_rows(space: Workspace) -> None:
    period = space.periods()[-3].id
    for key in ("own_my_net_revenue_churn", "own_onboarded_in_time"):
        value = space.table([key], start=period, end=period).iloc[0]
        behind = farol.accounts(space, key, period)
        assert behind["numerator"].sum() == pytest.approx(value["numerator"])
        assert behind["denominator"].sum() == pytest.approx(value["denominator"])
    rows = farol.evidence(space, "observed_onboarding_on_time_of", period)
    assert rows["contribution"].sum() == value["denominator"] > 0


def test_parts_that_some_accounts_do_not_have_still_sum_to_the_whole(space: Workspace) -> None:
    """Of accounts without a row in a period only their customers count: nothing is said about the rest."""
    trying = space.trying(defined("Per customer", "observed_onboarding_on_time_rows - 0.5 × closing_accounts", "count"))
    period = space.periods()[-3].id
    value = trying.table([own_kpis.TRIED], start=period, end=period)["value"].iloc[0]
    behind = farol.accounts(trying, own_kpis.TRIED, period)
    assert behind["numerator"].notna().all()
    assert behind["numerator"].sum() == pytest.approx(value)


def test_what_no_account_is_named_for_is_the_company_s(space: Workspace) -> None:
    whole = space.table(["own_reviews_held"])
    assert whole["value"].notna().any()
    cut = space.table(["own_reviews_held"], by=("segment",))
    assert set(cut["reason"]) == {"company_only"}
    assert space.cuts("own_reviews_held") == ()
    assert "segment" in space.cuts("own_onboarded_in_time")


def test_a_metric_that_is_not_there_waits_for_it(space: Workspace) -> None:
    lit = space.lit().set_index("kpi")
    assert lit.loc["own_onboarded_in_time", "lit"]
    assert not lit.loc["own_of_another_import", "lit"]
    assert set(space.table(["own_of_another_import"])["reason"]) == {"not_loaded"}
    (problem,) = own_kpis.checked(space, defined("New", "observed_gone_for_now"), [])
    assert problem.id == "unknown_measure"


def test_answers_of_employees_cannot_be_taken_apart(space: Workspace) -> None:
    (problem,) = own_kpis.checked(space, defined("Unhappy people", "enps_detractors", "count"), [])
    assert (problem.id, problem.params["name"]) == ("unknown_measure", "enps_detractors")


def test_changing_deleting_and_bringing_back(store: Store) -> None:
    """A key is given once: targets, labels and links stay with it, and a new KPI never inherits them."""
    made = own_kpis.save(opened(store), defined("Seats per customer", "adoption_seats / closing_accounts", "count"))
    before = opened(store)
    assert before.table([made.key])["value"].notna().any()
    store.save_target(before.id, made.key, None, None, 7.0)
    renamed = Definition(
        **made.record() | {"name": "Licences per customer", "formula": "2 * adoption_seats / closing_accounts"}
    )
    assert own_kpis.save(before, renamed).key == made.key
    after = opened(store)
    assert after.own.names()[made.key][0] == "Licences per customer"
    was, now = (one.table([made.key])["value"].astype(float) for one in (before, after))
    np.testing.assert_allclose(now, 2 * was)
    own_kpis.delete(after, made.key)
    assert made.key not in opened(store).catalogue
    assert [one.key for one in own_kpis.deleted(opened(store))] == [made.key]
    again = own_kpis.save(opened(store), defined("Seats per customer", "adoption_seats", "count"))
    assert again.key == f"{made.key}_2"
    own_kpis.delete(opened(store), again.key)
    own_kpis.bring_back(opened(store), made.key)
    assert opened(store).own.definitions[-1] == renamed
    assert [target.kpi for target in store.targets(after.id)] == [made.key]
    own_kpis.delete(opened(store), made.key)


def test_what_someone_has_put_in_the_store_never_breaks_a_page(store: Store) -> None:
    held = opened(store)
    sound = list(held.settings[own_kpis.SETTING])
    bad = defined("x", "closing_accounts +", "count").record() | {"key": "own_bad"}
    store.save_settings(held.id, {own_kpis.SETTING: [*sound, bad, {"key": 1}, {"name": "<b>"}]})
    try:
        found = opened(store)
        assert "own_bad" not in found.catalogue
        assert found.own.broken["own_bad"].id == "ends_early"
        assert len(found.own.kpis) == len(sound)
    finally:
        store.save_settings(held.id, {own_kpis.SETTING: sound})


def test_a_metric_that_falls_before_accounts_leave_is_found(store: Store) -> None:
    """100 of 300 accounts leave; their logins halve in the second month before. The own KPI warns, two months early."""
    random = np.random.default_rng(5)
    months = [date(2022 + month // 12, month % 12 + 1, 1) for month in range(30)]
    leaves = {number: int(random.integers(10, 29)) if number < 100 else 99 for number in range(300)}
    rented = {"amount": 100.0, "billing_months": 1, "currency": "BRL", "started_on": date(2021, 1, 1)}
    rows = {
        "accounts": [{"account_id": f"A{one}"} for one in leaves],
        "subscriptions": [
            rented
            | {"subscription_id": f"S{one}", "account_id": f"A{one}", "ended_on": months[at] if at < 99 else None}
            for one, at in leaves.items()
        ],
        "observations": [
            {"metric": "logins", "observed_on": day, "account_id": f"A{one}", "numerator": float(random.poisson(mean))}
            for one, at in leaves.items()
            for number, day in enumerate(months[:at])
            for mean in [20 if number == at - 2 else 40]
        ],
    }
    made = store.create_workspace("planted")
    own_kpis.save(Workspace(store, made.id), defined("Logins", "observed_logins", "count"))
    space = Workspace(store, made.id, facts(rows))
    verdict = farol.lead_map(space).pair("own_logins", "logo_churn")
    assert verdict is not None
    found = verdict.shown
    assert (found.level, found.grade, found.lead_months) == (
        "account",
        "weak",
        2,
    )  # weak: it is not on the declared map
    assert found.estimate < 0.2
    assert len(farol.standing_now(space, "own_logins")) == 200
