"""Changing the declared map once the data could be looked at gains nothing: by hand, and whatever the p of pairs."""

from dataclasses import replace

import numpy as np
import pytest

from kpis.evidence.grades import ADDED, REMOVED, TURNED, grade
from kpis.evidence.result import GRADES, Remark, refused
from tests.kpis.evidence.test_evidence_grades import ACCOUNT, SERIES


def pair(name, p, **changes):
    return replace(ACCOUNT, leading=name, p=p, **changes)


def changed(id, *names):
    return {(name, "y"): Remark(id) for name in names}


def test_an_added_pair_costs_and_never_helps():
    """Two declared pairs with .04 and .06; adding one known to hold (.001) would bring both to q = .06 otherwise."""
    declared = {("a", "y"): -1, ("b", "y"): -1, ("new", "y"): -1}
    found = [pair("a", 0.04), pair("b", 0.06), pair("new", 0.001)]
    honest = grade(found, declared, changed(ADDED, "new"))
    assert [one.q for one in honest] == pytest.approx([0.09, 0.09, 0.001])  # 0.06 × 3 ÷ 2; its own outside the family
    assert [one.q for one in grade(found, declared)] == pytest.approx([0.06, 0.06, 0.003])
    assert [one.grade for one in honest] == ["likely", "likely", "weak"]
    assert [warning.id for warning in honest[2].warnings] == [ADDED]
    assert honest[2].family == "declared"


def test_a_removed_pair_goes_on_counting():
    """Without the removed one the .03 would need no correction; it stays at .06."""
    found = [pair("a", 0.03), pair("gone", 0.8)]
    kept = grade(found, {("a", "y"): -1}, changed(REMOVED, "gone"))
    assert kept[0].q == pytest.approx(0.06)
    assert (kept[1].family, kept[1].warnings) == ("exploratory", ())
    assert grade(found, {("a", "y"): -1})[0].q == pytest.approx(0.03)


def test_a_turned_sign_is_capped_and_leaves_the_others():
    declared, turned = {("x", "y"): 1, ("b", "y"): -1}, {("x", "y"): -1, ("b", "y"): -1}
    found = [ACCOUNT, pair("b", 0.02), SERIES]
    before, after = grade(found, turned), grade(found, declared, changed(TURNED, "x"))
    assert [one.grade for one in before] == ["strong", "strong", "strong"]
    assert [one.grade for one in after] == ["weak", "strong", "weak"]
    assert [one.q for one in after] == [one.q for one in before]


def test_a_refused_pair_counts_nowhere():
    found = [pair("a", 0.03), refused("new", "y", "account", "snapshot")]
    after = grade(found, {("a", "y"): -1, ("new", "y"): -1}, changed(ADDED, "new"))
    assert after[0].q == pytest.approx(0.03)
    assert (after[1].grade, after[1].warnings) == ("not_enough_data", ())


def test_whatever_is_added_no_grade_rises_and_whatever_is_removed_no_grade_moves():
    random = np.random.default_rng(7)
    for _ in range(40):
        size, more = int(random.integers(1, 8)), int(random.integers(1, 8))
        old = [pair(f"d{place}", float(p)) for place, p in enumerate(random.random(size) ** 3)]
        new = [pair(f"n{place}", float(p)) for place, p in enumerate(random.random(more) ** 4)]
        few = {(one.leading, "y"): -1 for one in old}
        many = few | {(one.leading, "y"): -1 for one in new}
        alone, added = grade(old, few), grade([*old, *new], many, changed(ADDED, *(one.leading for one in new)))
        for one, other in zip(alone, added[:size], strict=True):
            assert GRADES.index(other.grade) <= GRADES.index(one.grade)
            assert other.q >= one.q
        assert all(GRADES.index(one.grade) <= GRADES.index("weak") for one in added[size:])
        whole = grade([*old, *new], many)
        without = grade([*old, *new], few, changed(REMOVED, *(one.leading for one in new)))
        assert without[:size] == whole[:size]
