"""Links hold ids only, leave defaults out and survive a round trip."""

from ui.link import Link, opened, parse, query


def test_round_trip() -> None:
    state = Link(
        lang="pt_BR",
        workspace="w1",
        period="2026-Q3",
        grain="quarter",
        span="all",
        compare="year",
        by="plan",
        kpi="nrr",
        where=(("plan", ("Pro",)), ("segment", ("Enterprise", "SMB"))),
    )
    assert Link(**parse(query(state))) == state


def test_defaults_stay_out() -> None:
    assert query(Link()) == {}
    assert query(opened(Link(lang="es"), "nps")) == {"lang": ["es"], "kpi": ["nps"]}


def test_unknown_values_of_closed_lists_are_left_out() -> None:
    assert parse({"grain": ["decade"], "span": ["12"], "evil": ["x"], "f.segment": []}) == {"span": "12"}


def test_filters_are_sorted_and_unique() -> None:
    assert parse({"f.segment": ["SMB", "Enterprise", "SMB"]}) == {"where": (("segment", ("Enterprise", "SMB")),)}
