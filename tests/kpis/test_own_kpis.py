"""KPIs of a company's own: what may be written, what it computes, what is refused, and names that stay plain words."""

import math
from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis import own
from kpis.explain import explain, formula_text
from kpis.own import Definition, Ingredient
from kpis.own_formula import Formula, OwnProblem, parse

KNOWN = {
    "lost": Ingredient("count"),
    "opening": Ingredient("count"),
    "mrr": Ingredient("money"),
    "wait": Ingredient("seconds"),
    "visits": Ingredient(),
    "cost": Ingredient("money", company=True),
    "score": Ingredient("points", by_week=False),
    "solved": Ingredient("count", mature=True),
}
NUMBERS = {
    "lost": 3.0,
    "opening": 40.0,
    "mrr": 1200.0,
    "wait": 60.0,
    "visits": 7.5,
    "cost": 9.0,
    "score": 1.0,
    "solved": 2.0,
}


def defined(formula: str, unit: str = "ratio", name: str = "Mine", **more: str) -> Definition:
    return Definition(**{"key": "own_mine", "objective": "retention", "role": "leading", "direction": "up"} | more,
                      name=name, unit=unit, formula=formula)  # fmt: skip


@pytest.mark.parametrize(
    ("written", "value", "shown"),
    [
        ("lost ÷ opening", 3 / 40, "lost ÷ opening"),
        ("1 - lost / opening", 37 / 40, "(opening − lost) ÷ opening"),
        ("(lost + 2 × solved) / (opening - lost) * 100", 700 / 37, "(100 × lost + 200 × solved) ÷ (opening − lost)"),
        ("lost/opening + solved/opening", 5 / 40, "(lost + solved) ÷ opening"),
        ("-lost + opening", 37.0, "opening − lost"),
        ("-lost", -3.0, "-1 × lost"),
        ("mrr / 12", 100.0, "mrr ÷ 12"),
        ("0,5 * mrr", 600.0, "0.5 × mrr"),
        ("mrr ÷ -(0 - opening)", 30.0, "mrr ÷ opening"),
        ("visits : opening · 2", 0.375, "2 × visits ÷ opening"),
    ],
)
def test_what_is_written_is_computed_and_shown(written: str, value: float, shown: str) -> None:
    made = own.kpi(defined(written), KNOWN)
    assert math.isclose(made.value(NUMBERS), value)
    assert formula_text(made) == shown
    assert math.isclose(explain(made, NUMBERS).value, value)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "empty"),
        ("lost +", "ends_early"),
        ("(lost", "bracket_open"),
        ("lost) + 1", "unexpected"),
        ("lost opening", "unexpected"),
        ("lost ** opening", "unexpected"),
        ("__import__('os').system('true')", "unknown_measure"),
        ("opeming", "unknown_measure"),
        ("12", "only_numbers"),
        ("lost + 1", "number_added"),
        ("1 / lost", "number_added"),
        ("1,000 * lost", "number_unclear"),
        ("lost * opening", "measures_multiplied"),
        ("lost / (opening / solved)", "divided_twice"),
        ("lost / opening / solved", "divided_twice"),
        ("lost / 0", "divided_by_zero"),
        ("lost/opening + lost/solved", "ratios_added"),
        ("lost/opening + lost", "ratios_added"),
        ("lost - lost", "cancels_out"),
        ("lost / (opening - opening)", "cancels_out"),
        ("(" * 30 + "lost" + ")" * 30, "too_deep"),
        ("lost" + " + lost" * 200, "too_long"),
        ("mrr + wait", "units_mixed"),
        ("lost / (mrr + opening)", "units_mixed"),
    ],
)
def test_what_cannot_stand_is_named(written: str, why: str) -> None:
    assert [problem.id for problem in own.problems(defined(written), KNOWN, [])] == [why]


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(OwnProblem) as refused:
        parse("lost / openings", KNOWN)
    assert refused.value.params == {"name": "openings", "hints": ("opening",)}


@pytest.mark.parametrize(
    ("written", "unit", "why"),
    [
        ("mrr / opening", "money", []),
        ("mrr / opening", "ratio", ["unit_differs"]),
        ("mrr / mrr", "ratio", []),
        ("mrr", "count", ["unit_differs"]),
        ("wait / solved", "seconds", []),
        ("visits / opening", "money", []),  # what observations count only their company knows
        ("lost / opening", "share", []),
        ("lost", "share", ["share_of_nothing"]),
        ("mrr / mrr", "share", ["share_of_amounts"]),
    ],
)
def test_units(written: str, unit: str, why: list[str]) -> None:
    assert [problem.id for problem in own.problems(defined(written, unit), KNOWN, [])] == why


def test_everything_wrong_is_said_at_once() -> None:
    found = own.problems(defined("lost +", name="a_b <c>"), KNOWN, [])
    assert [problem.id for problem in found] == ["name_not_plain", "ends_early"]
    assert [p.id for p in own.problems(defined("lost", "count", name=" churn "), KNOWN, ["Churn"])] == ["name_taken"]


def test_what_measures_are_shapes_the_kpi() -> None:
    share = own.kpi(defined("lost / opening", "share"), KNOWN)
    assert (share.unit, share.interval, share.company_only, share.by_week, share.mature) == (
        "ratio",
        "wilson",
        False,
        True,
        "",
    )
    assert own.kpi(defined("cost / opening", "money"), KNOWN).company_only
    assert not own.kpi(defined("score / opening", "points"), KNOWN).by_week
    assert own.kpi(defined("solved / opening"), KNOWN).mature == "solve_mature"
    assert own.kpi(defined("lost / opening"), KNOWN).interval is None


def test_the_same_formula_is_the_same_value() -> None:
    assert parse("lost/opening", KNOWN) == parse(" lost ÷ (opening)", KNOWN)
    assert hash(own.kpi(defined("lost/opening"), KNOWN)) == hash(own.kpi(defined("lost ÷ opening"), KNOWN))


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from([*KNOWN, *"+-*/().,:×÷−", " ", "1", "0", "2.5"]), max_size=25).map("".join)
)
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_formula_or_refused(text: str) -> None:
    with suppress(OwnProblem):
        assert set(parse(text, KNOWN).measures) <= set(KNOWN)


_ACCOUNTS = st.lists(
    st.fixed_dictionaries({name: st.integers(0, 50).map(float) for name in ("lost", "opening")}), min_size=1, max_size=6
)


@given(st.lists(st.tuples(st.sampled_from(["lost", "opening"]), st.integers(-9, 9)), min_size=1, max_size=5), _ACCOUNTS)
@settings(max_examples=100, deadline=None)
def test_values_add_up_over_accounts(terms: list[tuple[str, int]], accounts: list[dict[str, float]]) -> None:
    """What is computed of sums is the sum of what is computed of accounts: the law of every KPI."""
    text = " + ".join(f"({times}) * {name}" for name, times in terms).replace("(-", "(0-")
    if not any(sum(times for one, times in terms if one == name) for name in ("lost", "opening")):
        with pytest.raises(OwnProblem, match="cancels_out"):
            parse(text, KNOWN)
        return
    formula = parse(text, KNOWN)
    whole = {name: sum(one[name] for one in accounts) for name in ("lost", "opening")}

    def upper(of: dict[str, float]) -> float:
        return float(formula(**{name: of[name] for name in formula.measures}).numerator)

    assert math.isclose(upper(whole), sum(upper(one) for one in accounts), abs_tol=1e-9)
    assert math.isclose(upper(whole), sum(times * whole[name] for name, times in terms), abs_tol=1e-9)


@given(st.text(max_size=80) | st.text(alphabet="<>[]()*_`$|\\#!&;:@/.='+-{}~^ wxyéã1", max_size=80))
@settings(max_examples=300, deadline=None)
def test_names_are_plain_words(text: str) -> None:
    name = own.plain(text, own.LONGEST_NAME)
    assert not set(name) & set('<>[]{}*_`$|\\#!;:@=~^"\n\r\t')
    assert not name.startswith(("-", "+", "=", "@", " "))
    assert "www.w" not in name
    assert own.plain(name, own.LONGEST_NAME) == name


def test_names_that_people_give_stay() -> None:
    for name in (
        "Taxa de ativação (30 dias)",
        "% of accounts onboarded",
        "Tickets / cliente",
        "NPS – 2ª onda",
        "R&D's hours",
        "Índice 1.5",
    ):
        assert own.plain(name, 60) == name
    assert (
        own.plain("[x](http://evil.example) **b** www.evil.example", 60) == "x (http //evil example) b www evil example"
    )


def test_keys_are_never_given_twice() -> None:
    assert own.key_for("Taxa de ativação!", []) == "own_taxa_de_ativacao"
    assert own.key_for("Taxa de Ativação", ["own_taxa_de_ativacao"]) == "own_taxa_de_ativacao_2"
    assert own.key_for("指标", []) == "own_kpi"


def test_what_is_stored_is_read_back_and_what_is_broken_is_left_out() -> None:
    good = defined("lost / opening", says="Who left")
    assert own.read([good.record()]) == (good,)
    bad = [None, 1, {}, {"key": "own_x"}, good.record() | {"key": "nrr"}, good.record() | {"unit": "euros"},
           good.record() | {"key": "own_y~z"}, good.record() | {"formula": "x" * 501}]  # fmt: skip
    assert own.read(bad) == ()
    assert own.read("own_x") == ()
    assert own.read(None) == ()
    (harmless,) = own.read([good.record() | {"name": "<b>x</b>", "says": "[x](http://y)"}])
    assert (harmless.name, harmless.says) == ("b x /b", "x (http //y)")


def test_terms_are_exact() -> None:
    assert parse("lost / 3 + lost / 3 + lost / 3", KNOWN) == Formula((("lost", Fraction(1)),))
