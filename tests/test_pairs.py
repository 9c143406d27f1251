"""The declared map of a workspace: differences to the default, what they cost, and that changing it gains nothing."""

from pathlib import Path

import pytest

import workspace
from data.problems import DataProblem
from data.sample import as_arrow, generate
from data.store import Batch, Store
from kpis.catalogue import default_pairs
from workspace import pairs
from workspace.numbers import Workspace

FIRST = ("adoption", "logo_churn")
NEW = ("contact_rate", "logo_churn")
HOSTILE = "=1+1 <b>[x](http://evil.example)</b>\x00\nsecond line"


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home with a sample company of 60 accounts."""
    where = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FAROL_DATABASE_URL", raising=False)
        store = Store(where, None)
        space = store.create_workspace("filled")
        batches = [Batch(name, as_arrow(name, frame), source_name=name) for name, frame in generate(60, 30).items()]
        store.commit(space.id, batches, expected_version=0)
        store.create_workspace("empty")
    return where, space.id


@pytest.fixture
def home(homes: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)
    store = Store(homes[0], None)
    for space in store.workspaces():
        store.save_settings(space.id, {"declared_map": None})
    return homes[0]


def opened(home: Path, name: str = "filled") -> Workspace:
    return Workspace.open(name, home)


def added(home: Path, names: tuple[str, str] = NEW, name: str = "filled") -> None:
    pairs.add(opened(home, name), names, "retention", "+", (1, 3), "Many contacts wear people down")


def on_map(home: Path, name: str = "filled") -> dict[tuple[str, str], object]:
    return {pair.names: pair for pair in opened(home, name).catalogue.pairs}


def test_without_changes_the_map_is_the_file(home: Path) -> None:
    assert pairs.in_force([]) == (default_pairs(), ())
    assert opened(home).catalogue.pairs == default_pairs()


def test_add_then_remove_and_remove_then_put_back_leave_no_trace(home: Path) -> None:
    added(home)
    assert list(on_map(home))[-1] == NEW
    assert len(on_map(home)) == 33
    pairs.remove(opened(home), NEW)
    assert opened(home).catalogue.pairs == default_pairs()
    pairs.remove(opened(home), FIRST)
    assert FIRST not in on_map(home)
    assert [pair.names for pair in opened(home).catalogue.removed] == [FIRST]
    pairs.put_back(opened(home), FIRST)
    assert (opened(home).catalogue.pairs, opened(home).catalogue.removed) == (default_pairs(), ())
    assert opened(home).settings["declared_map"] == []


def test_the_order_of_changes_does_not_matter(home: Path) -> None:
    def remove() -> None:
        pairs.remove(opened(home), FIRST)

    def change() -> None:
        pairs.change(opened(home), ("nps", "logo_churn"), "+", (2, 5), "As we see it")

    found = []
    for order in ((lambda: added(home), remove, change), (change, remove, lambda: added(home))):
        for act in order:
            act()
        now = opened(home)
        found.append((now.catalogue.pairs, now.catalogue.removed, now.settings["declared_map"]))
        pairs.reset(opened(home))
    assert found[0] == found[1]
    assert opened(home).catalogue.pairs == default_pairs()


def test_only_differences_are_stored(home: Path) -> None:
    """A later default reaches what was not changed: sign and reason are not stored with the lead."""
    first = default_pairs()[0]
    pairs.change(opened(home), FIRST, first.sign, (2, 5), first.rationale)
    (entry,) = opened(home).settings["declared_map"]
    assert entry == {
        "change": "changed",
        "leading": "adoption",
        "lagging": "logo_churn",
        "lead_months": [2, 5],
        "on": entry["on"],
        "until": "",
    }
    pairs.change(opened(home), FIRST, first.sign, first.lead_months, first.rationale)
    assert opened(home).settings["declared_map"] == []


def test_every_change_is_recorded_and_undone(home: Path) -> None:
    pairs.remove(opened(home), FIRST)
    before = pairs.entries(opened(home))
    added(home)
    pairs.restore(opened(home), {NEW: before.get(NEW)})
    assert pairs.entries(opened(home)) == before
    newest = Store(home, None).changes(opened(home).id, "setting")[:2]
    assert [one.name for one in newest] == ["declared_map", "declared_map"]
    assert len(newest[0].before) == 2
    assert len(newest[0].after) == 1


def test_what_was_changed_after_looking_waits_for_six_new_months(home: Path) -> None:
    last = pairs.last_month(opened(home))
    added(home)
    pairs.change(opened(home), ("nps", "logo_churn"), "+", (1, 6), "Why not")
    pairs.change(opened(home), ("csat", "logo_churn"), "-", (1, 2), "Only the lead: no test looks at it")
    pairs.remove(opened(home), FIRST)
    catalogue = opened(home).catalogue
    both = (*catalogue.pairs, *catalogue.removed)
    waiting = {name: remark.id for name, remark in pairs.changed(both, last).items()}
    assert waiting == {
        NEW: "added_after_looking",
        ("nps", "logo_churn"): "turned_after_looking",
        FIRST: "removed_after_looking",
    }
    pair = next(pair for pair in both if pair.names == NEW)
    assert (pair.since, pair.counts_from) == (last, pairs_later(last, 6))
    assert pair.waits(pairs_later(last, 5))
    assert not pair.waits(pairs_later(last, 6))
    assert not pairs.changed(both, pairs_later(last, 6))


def pairs_later(month: str, n: int) -> str:
    """A month id some months later, counted on the fingers."""
    year, number = map(int, month.split("-"))
    for _ in range(n):
        year, number = (year + 1, 1) if number == 12 else (year, number + 1)
    return f"{year}-{number:02d}"


def test_turning_a_sign_twice_is_no_change(home: Path) -> None:
    first = default_pairs()[0]
    for sign in ("+", "-"):
        pairs.change(opened(home), FIRST, sign, first.lead_months, first.rationale)
    assert opened(home).catalogue.pairs == default_pairs()


def test_a_later_edit_of_the_lead_keeps_the_month_of_the_turn(home: Path) -> None:
    entry = {"change": "changed", "leading": "nps", "lagging": "logo_churn", "sign": "+"}
    entry |= {"on": "2025-02-01", "until": "2025-01"}
    space = opened(home)
    space.store.save_settings(space.id, {"declared_map": [entry]})
    pairs.change(opened(home), ("nps", "logo_churn"), "+", (2, 3), "Still so")
    pair = on_map(home)["nps", "logo_churn"]
    assert (pair.lead_months, pair.since) == ((2, 3), "2025-01")  # type: ignore[attr-defined]


def test_a_pair_that_a_later_default_holds_as_well_stands_as_declared() -> None:
    """Added here first, in the default now: it waits no longer, unless its sign was turned against the default's."""
    entry = {"change": "added", "leading": "adoption", "lagging": "logo_churn", "objective": "retention", "sign": "-"}
    entry |= {"lead_months": [1, 2], "why": "We saw it", "on": "2026-01-31", "until": "2025-12"}
    on, off = pairs.in_force([entry])
    assert (len(on), off) == (32, ())
    assert (on[0].names, on[0].lead_months, on[0].rationale, on[0].since) == (FIRST, (1, 2), "We saw it", "")
    assert pairs.in_force([entry | {"sign": "+"}])[0][0].since == "2025-12"


def test_before_there_are_data_nothing_could_be_looked_at(home: Path) -> None:
    added(home, name="empty")
    pair = on_map(home, "empty")[NEW]
    assert not pairs.changed([pair], "2026-10")  # type: ignore[list-item]
    pairs.remove(opened(home, "empty"), NEW)
    assert opened(home, "empty").settings["declared_map"] == []


@pytest.mark.parametrize(
    ("names", "id"),
    [
        (("adoption", "adoption"), "pair_of_one"),
        (FIRST, "pair_known"),
        (("nonsense", "logo_churn"), "kpi_unknown"),
        (("adoption", "nrr"), "pair_overlaps"),
    ],
)
def test_what_cannot_be_a_pair_is_refused(home: Path, names: tuple[str, str], id: str) -> None:
    with pytest.raises(DataProblem) as problem:
        added(home, names)
    assert problem.value.id == id
    assert opened(home).settings["declared_map"] == []


def test_a_removed_default_is_added_as_it_was(home: Path) -> None:
    pairs.remove(opened(home), FIRST)
    pairs.add(opened(home), FIRST, "retention", "-", (1, 4), "")
    assert opened(home).catalogue.pairs == default_pairs()


def test_a_reason_is_one_harmless_line(home: Path) -> None:
    pairs.add(opened(home), NEW, "retention", "+", (1, 3), HOSTILE)
    assert on_map(home)[NEW].rationale == "=1+1 <b>[x](http://evil.example)</b> second line"  # type: ignore[attr-defined]
    with pytest.raises(DataProblem, match="300"):
        pairs.change(opened(home), NEW, "+", (1, 3), "x" * 301)


def test_a_kpi_that_is_gone_is_kept_and_does_no_harm(home: Path) -> None:
    space = opened(home)
    entry = {"change": "added", "leading": "own_gone", "lagging": "logo_churn", "objective": "retention", "sign": "+"}
    entry |= {"lead_months": [1, 2], "why": "", "on": "2026-01-31", "until": "2025-12"}
    space.store.save_settings(space.id, {"declared_map": [entry]})
    assert ("own_gone", "logo_churn") in on_map(home)
    assert "own_gone" not in {one.key for one in opened(home).catalogue.page("retention")}
    found = workspace.lead_map(opened(home))
    assert found.pair("own_gone", "logo_churn") is None
    assert len(found.verdicts) > 100


@pytest.mark.parametrize(
    "changes",
    [
        {"change": "gone"},
        {"lagging": "adoption"},
        {"sign": "?"},
        {"lead_months": [0, 2]},
        {"lead_months": [3, 2]},
        {"lead_months": [True, 2]},
        {"why": "a\nb"},
        {"why": "x" * 301},
        {"on": "2026-02-30"},
        {"until": "2026-13"},
        {"leading": "a b"},
        {"objective": "peace"},
        {"more": 1},
    ],
)
def test_unsound_entries_are_not_stored(home: Path, changes: dict[str, object]) -> None:
    entry = {"change": "added", "leading": "adoption", "lagging": "nps", "objective": "quality", "sign": "+"}
    entry |= {"lead_months": [1, 2], "why": "", "on": "2026-01-31", "until": ""}
    store, id = Store(home, None), opened(home).id
    store.save_settings(id, {"declared_map": [entry]})
    for wrong in ([entry | changes], [entry, entry], entry):
        with pytest.raises(DataProblem):
            store.save_settings(id, {"declared_map": wrong})


def test_objective_pages_follow_the_map(home: Path) -> None:
    assert "abandonment" not in {one.key for one in opened(home).catalogue.page("retention")}
    added(home, ("abandonment", "logo_churn"))
    assert "abandonment" in {one.key for one in opened(home).catalogue.page("retention")}
    for lagging in ("logo_churn", "renewal_rate"):
        pairs.remove(opened(home), ("nps", lagging))
    assert "nps" not in {one.key for one in opened(home).catalogue.page("retention")}


def test_the_engine_follows_the_map_and_tests_only_what_is_new(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = workspace.lead_map(opened(home))
    tested: list[str] = []
    test = workspace.leading._test
    monkeypatch.setattr(workspace.leading, "_test", lambda *a: tested.append("") or test(*a))
    added(home)
    one = workspace.lead_map(opened(home)).pair(*NEW)
    assert one is not None
    assert one.shown.family == "declared"
    assert [w.id for w in one.shown.warnings if w.id.endswith("looking")] == ["added_after_looking"]
    pairs.remove(opened(home), FIRST)
    after = workspace.lead_map(opened(home))
    assert after.pair(*FIRST).shown.family == "exploratory"  # type: ignore[union-attr]
    assert not tested, "graded again, not tested again"
    assert workspace.lead_map_at_hand(opened(home)) is after
    added(home, ("sla_breach", "arr"))
    assert workspace.lead_map_at_hand(opened(home)) is None
    assert workspace.lead_map(opened(home)).pair("sla_breach", "arr") is not None
    assert len(tested) == 1
    pairs.reset(opened(home))
    assert workspace.lead_map(opened(home)) is before


def test_a_removed_pair_changes_nothing_for_the_others(home: Path) -> None:
    before = {(e.leading, e.lagging, e.level): e for e in workspace.lead_map(opened(home)).found}
    pairs.remove(opened(home), ("fcr", "logo_churn"))
    for one in workspace.lead_map(opened(home)).found:
        if one.family == "declared":
            assert repr(one) == repr(before[one.leading, one.lagging, one.level])


def test_shared_ingredients_stand_only_with_a_reason(home: Path) -> None:
    """The health score holds adoption: refused for company series, unless the map says why the pair may stand."""
    names = ("adoption", "health_score")

    def refusal(why: str) -> str | None:
        pairs.reset(opened(home))
        pairs.add(opened(home), names, "retention", "+", (1, 3), why)
        found = workspace.lead_map(opened(home)).pair(*names)
        assert found is not None
        return found.shown.refusal.id if found.shown.refusal else None

    assert refusal("") == "shared_ingredients"
    assert refusal("The score reads use of the month before") is None


def counting(home: Path, names: tuple[str, str] = NEW) -> Workspace:
    """A company whose own pair was added long before its data end."""
    entry = {"change": "added", "leading": names[0], "lagging": names[1], "objective": "retention", "sign": "+"}
    entry |= {"lead_months": [1, 3], "why": "", "on": "2020-01-31", "until": "2019-12"}
    space = opened(home)
    space.store.save_settings(space.id, {"declared_map": [entry]})
    return opened(home)


def waiting(home: Path) -> dict[tuple[str, str], str]:
    catalogue = opened(home).catalogue
    last = pairs.last_month(opened(home))
    return {names: said.id for names, said in pairs.changed((*catalogue.pairs, *catalogue.removed), last).items()}


@pytest.mark.parametrize("way", ["remove", "put back and remove", "add and remove", "turn and remove", "reset"])
def test_no_way_off_the_map_drops_a_pair_that_counted(home: Path, way: str) -> None:
    """Its own p stays among those that are corrected for, so that what failed cannot be lost."""
    counting(home)
    assert not waiting(home)
    if way == "reset":
        pairs.reset(opened(home))
    elif way == "turn and remove":
        pairs.change(opened(home), NEW, "-", (1, 3), "")
        assert waiting(home) == {NEW: "turned_after_looking"}
    elif way != "remove":
        pairs.remove(opened(home), NEW)
        added(home) if way.startswith("add") else pairs.put_back(opened(home), NEW)
        assert waiting(home) == {NEW: "turned_after_looking"}
    if way != "reset":
        pairs.remove(opened(home), NEW)
    assert waiting(home) == {NEW: "removed_after_looking"}


@pytest.mark.parametrize("until", ["", "2019-12"], ids=["before there were data", "long ago"])
def test_a_default_pair_that_did_not_count_counts_as_added_when_it_is_put_back(home: Path, until: str) -> None:
    """Else one could remove all pairs and put back those that are seen to hold."""
    entry = {"change": "removed", "leading": FIRST[0], "lagging": FIRST[1], "on": "2020-01-31", "until": until}
    first = default_pairs()[0]
    for back in (pairs.put_back, lambda space, _: pairs.reset(space)):
        opened(home).store.save_settings(opened(home).id, {"declared_map": [entry]})
        assert not waiting(home)
        back(opened(home), FIRST)
        assert waiting(home) == {FIRST: "added_after_looking"}
    for lead in ((1, 6), first.lead_months):
        pairs.change(opened(home), FIRST, first.sign, lead, first.rationale)
        assert (on_map(home)[FIRST].lead_months, waiting(home)) == (lead, {FIRST: "added_after_looking"})  # type: ignore[attr-defined]
    pairs.reset(opened(home))
    assert waiting(home) == {FIRST: "added_after_looking"}
    pairs.remove(opened(home), FIRST)
    assert not waiting(home)
    pairs.put_back(opened(home), FIRST)
    assert waiting(home) == {FIRST: "added_after_looking"}
