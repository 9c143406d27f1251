"""Evidence kept on disk: read back exactly, tested again when it cannot be read."""

from pathlib import Path
from typing import Any

from kpis.evidence.result import Evidence, Lead, Remark, refused
from workspace.remembered import kept

FOUND = Evidence(
    "adoption",
    "logo_churn",
    "account",
    "strong",
    "early_warning",
    3,
    by_lead=(Lead(1, 0.3, 0.02, 0.2, 0.4, -3.0, 60),),
    warnings=(Remark("no_notice_dates", {"n": 3, "of": 4}),),
    checks={"no_leak": True},
    tenths=(3, 2, 1, 0, 0, 0, 0, 0, 0, 1),
)
REFUSED = refused("nps", "logo_churn", "account", "few_events", n=4, needed=10)


def told(times: list[int]) -> dict[str, Any]:
    times.append(1)
    return {"months": 36, "events": {"logo_churn": 64}, "found": [FOUND, REFUSED]}


def test_read_back_exactly_and_tested_once(tmp_path: Path) -> None:
    times: list[int] = []
    first = kept(tmp_path, ("a", 1), lambda: told(times))
    again = kept(tmp_path, ("a", 1), lambda: told(times))
    assert len(times) == 1
    assert repr(again["found"]) == repr([FOUND, REFUSED])  # NaN is not equal to itself
    assert again["events"] == first["events"]


def test_another_version_is_another_map(tmp_path: Path) -> None:
    times: list[int] = []
    kept(tmp_path, ("a", 1), lambda: told(times))
    kept(tmp_path, ("a", 2), lambda: told(times))
    assert len(times) == 2


def test_a_damaged_file_is_tested_again(tmp_path: Path) -> None:
    times: list[int] = []
    kept(tmp_path, ("a", 1), lambda: told(times))
    for file in tmp_path.glob("*.json"):
        file.write_text(file.read_text()[:-20])
    assert kept(tmp_path, ("a", 1), lambda: told(times))["months"] == 36
    assert len(times) == 2
    assert not list(tmp_path.glob("*.part"))
