"""The workspace: one answer whoever asks, whenever, from memory, disk or the engine."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import workspace
from data import facts, measures, rows
from data.measures.measure import Context
from data.panel import Panel
from data.policies import Policies
from data.problems import DataProblem
from data.store import Store, folders
from kpis import catalogue
from kpis.table import COLUMNS, NEVER_ROLL_UP
from workspace import at_grain, numbers, panels
from workspace.kept import Kept
from workspace.numbers import Workspace
from workspace.view import View

ADDITIVE = [one.key for one in catalogue.KPIS if not NEVER_ROLL_UP.intersection(one.measures)]
MONTH, QUARTER = "2024-11", "2024-Q3"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample company."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def space(home: Path) -> Workspace:
    """The sample company."""
    return Workspace.open(workspace.SAMPLE, home)


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a restart: nothing in memory."""
    for name in ("_PANELS", "_CUBES", "_FRAMES"):
        monkeypatch.setattr(numbers, name, Kept(400))


def same_panel(one: Panel, other: Panel) -> None:
    """Equal to the last bit, kinds and categories included."""
    pd.testing.assert_frame_equal(one.frame, other.frame, check_exact=True, check_categorical=True)
    assert (one.periods, one.as_of) == (other.periods, other.as_of)


# Lives


def by_reading_13(terms: pd.DataFrame, created: dict[str, date], start: date, closing: date) -> dict[str, tuple]:
    """Lives in plain Python: account → entry_days, exit_days, event."""
    lives: dict[str, tuple] = {}
    for name, held in terms[terms["started_on"] <= closing].groupby("account_id"):
        account = str(name)
        ends = [None if pd.isna(end) else end for end in held["ended_on"]]
        first, born = held["started_on"].min(), created.get(account)
        born = born if born and first == start and born < first else first
        still = any(end is None or end > closing for end in ends)
        left = closing if still else max(end for end in ends if end)
        lives[account] = ((first - born).days, (left - born).days, not still)
    return lives


@pytest.mark.parametrize("policies", [Policies(), Policies(churn_recognised="cancellation_date")])
def test_lives_at_every_closing_are_those_of_the_reading(space, policies):
    with facts.connect(space.facts) as cursor:
        active = rows.stretches(cursor, policies)
        paid = rows.run(cursor, rows.sa.select(*rows.terms(Context("month", (), policies, date.max, frozenset())).c))
        known = cursor.execute("SELECT account_id, created_on FROM accounts WHERE created_on IS NOT NULL").fetchall()
        ((start,),) = cursor.execute("SELECT min(started_on) FROM subscriptions").fetchall()
    terms, created = paid.to_pandas(), dict(known)
    compared = 0
    for period in space.periods("month"):
        expected = by_reading_13(terms, created, start, period.closing)
        found = rows.lives_at(active, period.closing)
        lives = zip(found["entry_days"], found["exit_days"], found["event"], strict=True)
        assert dict(zip(found["account_id"], lives, strict=True)) == expected
        compared += len(found)
    assert compared > 5000
    last = rows.lives_at(active, space.as_of)
    assert (last["entry_days"] > 0).any()  # late entry
    assert last["event"].any()
    assert not last["event"].all()
    assert active["account_id"].duplicated().any()  # reactivation


def test_one_period_of_the_tenure_kpis_does_not_depend_on_the_others(space):
    keys = [one.key for one in catalogue.KPIS if at_grain.SURVIVAL.intersection(one.measures)]
    for by in ((), ("segment",)):
        whole = space.table(keys, by=by)
        alone = space.table(keys, by=by, start=MONTH, end=MONTH)
        there = whole[whole["period"].astype(str) == MONTH].reset_index(drop=True)
        assert len(alone)
        assert alone["value"].notna().any()
        pd.testing.assert_frame_equal(there, alone, check_categorical=False)


# Panels on disk


@pytest.mark.parametrize("grain", ["month", *(pytest.param(g, marks=pytest.mark.slow) for g in ("quarter", "week"))])
def test_a_panel_read_back_is_the_panel_built(space, forgetful, monkeypatch, grain):
    built = space._panel(grain, None, space.policies, space.health_preset)
    same_panel(space.panel(grain), built)  # written, or read from an earlier test
    monkeypatch.setattr(numbers, "_PANELS", Kept(24))
    monkeypatch.setattr(Workspace, "_panel", lambda *_: pytest.fail("built again"))
    same_panel(space.panel(grain), built)


def test_what_a_panel_depends_on_is_in_its_name(space):
    key = (space.facts.key, "month", space.as_of, space.policies, space.health_preset)
    others = [
        ("another", *key[1:]),
        (key[0], "week", *key[2:]),
        (*key[:2], date(2024, 1, 1), *key[3:]),
        (*key[:3], space.policies_with({"solve_window_days": "1"}), key[4]),
        (*key[:4], "another"),
    ]
    assert len({panels.fingerprint(one) for one in (key, *others)}) == 6


@pytest.mark.parametrize("damage", ["cut", "changed", "emptied"])
def test_a_damaged_file_is_built_again(tmp_path, space, damage):
    built = space.panel("quarter")
    asked = (tmp_path / "panels" / "w", ("key",), built.periods, built.as_of)
    panels.kept(*asked, lambda: built)
    (path,) = asked[0].glob("*.parquet")
    content = bytearray(path.read_bytes())
    for at in range(1000, len(content) - 1000, 997):
        content[at] ^= 255
    path.write_bytes({"cut": content[:5000], "changed": content, "emptied": b""}[damage])
    again = Panel(built.frame.copy(), built.periods, built.as_of)
    assert panels.kept(*asked, lambda: again) is again
    same_panel(panels.kept(*asked, lambda: pytest.fail("built again")), built)


def test_only_the_most_recently_used_panels_stay(tmp_path, space, monkeypatch):
    monkeypatch.setattr(panels, "NEWEST", 3)
    built = space.panel("year")
    place = tmp_path / "panels" / "w"
    for number in range(5):
        panels.kept(place, (number,), built.periods, built.as_of, lambda: built)
    assert len(list(place.iterdir())) == 3
    panels.kept(place, (4,), built.periods, built.as_of, lambda: pytest.fail("dropped the newest"))


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path, space):
    (tmp_path / "file").write_text("in the way")
    built = space.panel("year")
    same_panel(panels.kept(tmp_path / "file" / "w", ("key",), built.periods, built.as_of, lambda: built), built)


def test_a_preview_leaves_nothing_on_disk(space, forgetful):
    folder = folders.panels(space.store.home, space.id)
    before = set(folder.glob("*"))
    seen = facts.Facts(space.facts.files, "a preview", space.facts.imported_on)
    preview = Workspace(space.store, space.id, seen)
    pd.testing.assert_frame_equal(preview.panel("year").frame, space.panel("year").frame)
    assert set(folder.glob("*")) - before <= {
        folder / f"{panels.fingerprint(key_of(space, 'year'))}.parquet",
        folder / f"{panels.fingerprint(key_of(space, 'month'))}.parquet",
    }
    assert not (folder / f"{panels.fingerprint(key_of(preview, 'year'))}.parquet").exists()


def key_of(space: Workspace, grain: str) -> tuple:
    """What a panel is kept under."""
    return (space.facts.key, grain, space.as_of, space.policies, space.health_preset)


# Numbers


def test_twelve_threads_at_once_get_the_answers_of_one(space, forgetful, monkeypatch):
    questions = [
        {"grain": grain, "by": by} for grain, by in itertools.product(("month", "quarter"), ((), ("segment",)))
    ]
    answers = [space.table(**question) for question in questions]
    for name in ("_PANELS", "_CUBES", "_FRAMES"):
        monkeypatch.setattr(numbers, name, Kept(400))
    with ThreadPoolExecutor(12) as pool:
        jobs = [(number, pool.submit(space.table, **questions[number])) for number in [0, 1, 2, 3] * 3]
    for number, job in jobs:
        pd.testing.assert_frame_equal(job.result(), answers[number], check_exact=True)


def test_segments_add_up_to_the_total(space):
    names = [name for name in measures.all_measures() if name in space.panel().frame.columns]
    total = space.cube(View(start="2024-01")).set_index("period")[names]
    split = space.cube(View(start="2024-01", by=("segment",)))
    added = split.groupby("period", observed=True)[names].sum(min_count=1)
    np.testing.assert_allclose(added.to_numpy(float), total.loc[added.index].to_numpy(float), rtol=1e-9, atol=1e-6)


def test_numerators_of_segments_add_up_to_the_total(space):
    total = space.table(ADDITIVE, start=MONTH, end=MONTH).set_index("kpi")
    split = space.table(ADDITIVE, start=MONTH, end=MONTH, by=("segment",))
    compared = 0
    for key, groups in split.groupby("kpi"):
        one, parts = catalogue.kpi(key), ("numerator", "denominator")
        accounts = workspace.accounts(space, key, MONTH)
        for part in parts:
            whole = total.loc[key, part]
            if one.company_only or accounts[part].isna().all() or groups[part].isna().any() or np.isnan(whole):
                continue  # a formula that multiplies sums, or numbers that segments do not carry
            assert groups[part].sum() == pytest.approx(whole, rel=1e-9, abs=1e-6), (key, part)
            compared += 1
    assert compared > 25


def test_a_kpi_alone_is_what_it_is_among_all(space):
    for where in ({}, {"segment": [space.dimensions["segment"][0]]}):
        whole = space.table(start=MONTH, by=("segment",), where=where).astype({"period": str})
        for key, expected in whole.groupby("kpi", sort=False):
            alone = space.table([key], start=MONTH, by=("segment",), where=where).astype({"period": str})
            pd.testing.assert_frame_equal(alone, expected.reset_index(drop=True), check_dtype=False)


def test_health_of_a_quarter_is_that_of_its_last_month_and_a_week_has_none(space):
    keys = [one.key for one in catalogue.KPIS if any(name.startswith("health_") for name in one.measures)]
    assert keys
    quarter = space.table(keys, grain="quarter", start=QUARTER, end=QUARTER, by=("segment",))
    month = space.table(keys, start="2024-09", end="2024-09", by=("segment",))
    for name in ("value", "numerator", "denominator"):
        np.testing.assert_array_equal(quarter[name], month[name])
    assert quarter["value"].notna().any()
    week = space.table(keys, grain="week", start="2024-W30", end="2024-W33")
    assert len(week)
    assert week["value"].isna().all()


def test_accounts_behind_a_number_add_up_to_it(space):
    table = space.table(start=MONTH, end=MONTH).set_index("kpi")
    compared = 0
    for key in ADDITIVE:
        behind = workspace.accounts(space, key, MONTH)
        for part in ("numerator", "denominator"):
            if behind[part].notna().any() and not np.isnan(table.loc[key, part]):
                assert behind[part].sum() == pytest.approx(table.loc[key, part], rel=1e-9, abs=1e-6), (key, part)
                compared += 1
    assert compared > 30


def test_lit_is_having_a_value_in_some_month(space, forgetful):
    told = space.lit().set_index("kpi")["lit"]
    whole = space.table()
    valued = set(whole.loc[whole["value"].notna(), "kpi"])
    assert set(told[told].index) == valued
    assert list(told.index) == [one.key for one in catalogue.KPIS]


@pytest.mark.parametrize(
    "asked",
    [
        {"keys": ["logo_chrun"]},
        {"grain": "fortnight"},
        {"start": "2024-13"},
        {"end": "yesterday"},
        {"by": ["sgment"]},
        {"where": {"colour": ["red"]}},
    ],
)
def test_what_is_unknown_is_a_problem_told(space, asked):
    with pytest.raises(DataProblem):
        space.table(**asked)


def test_an_empty_workspace_is_an_empty_table(home, tmp_path):
    store = Store(tmp_path)
    empty = Workspace(store, store.create_workspace("nothing yet").id)
    assert empty.empty
    assert empty.periods() == ()
    table = empty.table()
    assert table.empty
    assert {"kpi", "period", *COLUMNS, "unit"} <= set(table.columns)
    told = empty.lit().set_index("kpi")
    assert not told["lit"].any()
    assert all(told["needs"])  # every dark KPI says what it waits for
    for key in ("survival_12m", "lifetime_median", "health_score"):
        assert told.loc[key, "needs"] == ("subscriptions",)
    assert told.loc["first_response_time_p90", "needs"] == ("contacts.first_response_at",)
    assert empty.records() == []
    assert not folders.panels(store.home, empty.id).exists()
