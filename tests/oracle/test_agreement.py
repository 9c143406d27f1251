"""The product against the oracle: every KPI of the sample company, by period and segment, from the same CSV files."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .oracle import KEYS, Oracle, load

TOLERANCE = 1e-9
ASKED = [
    ("month", None),
    ("month", "segment"),
    ("quarter", None),
    ("quarter", "segment"),
    ("year", None),
    ("week", None),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company of 300 accounts as CSV files."""
    import workspace

    folder = tmp_path_factory.mktemp("sample")
    workspace.write_sample(folder, accounts=300)
    return folder


@pytest.fixture(scope="module")
def product(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A workspace into which those files were brought."""
    import workspace

    home = tmp_path_factory.mktemp("home")
    workspace.import_files(sorted(folder.glob("*.csv")), "oracle", home=home)
    return workspace.Workspace.open("oracle", home)


@pytest.fixture(scope="module")
def told(product: Any) -> dict:
    """The product's answers, kept so that each question is asked once."""
    kept: dict = {}

    def ask(grain: str, by: str | None) -> pd.DataFrame:
        if (grain, by) not in kept:
            frame = product.table(list(KEYS), grain=grain, by=(by,) if by else ())
            group = frame[by].fillna("") if by else None
            kept[grain, by] = frame.assign(group=group, value=pd.to_numeric(frame["value"]))
        return kept[grain, by]

    return {"ask": ask}


@pytest.fixture(scope="module")
def worked_out(folder: Path, product: Any) -> Any:
    """The oracle's answers, on the product's as-of date."""
    tables = load(folder)
    oracles: dict[str, Oracle] = {}
    kept: dict = {}

    def ask(grain: str, by: str | None) -> pd.DataFrame:
        if grain not in oracles:
            oracles[grain] = Oracle(tables, product.as_of, grain)
        if (grain, by) not in kept:
            kept[grain, by] = oracles[grain].answer(by)
        return kept[grain, by]

    return ask


def compared(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Both answers side by side, with `agrees`: the same value, or no value in both.

    Rows outside every account group (the company row) are part of totals only, and are not compared in cuts.
    """
    keys = ["kpi", "period", "group"]
    if ours["group"].notna().all():
        theirs = theirs[theirs["group"].isin(set(ours["group"]))]
    left = ours[[*keys, "value"]].assign(group=ours["group"].fillna(""))
    right = theirs[[*keys, "value"]].assign(group=theirs["group"].fillna(""))
    both = left.merge(right, on=keys, how="outer", suffixes=("_oracle", "_product"))
    a, b = both["value_oracle"].to_numpy(dtype=float), both["value_product"].to_numpy(dtype=float)
    both["agrees"] = np.isclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
    return both


def test_as_of(folder: Path, product: Any) -> None:
    """Both find the same latest observed date."""
    assert Oracle(load(folder)).context.as_of == pd.Timestamp(product.as_of)


@pytest.mark.parametrize("grain", ["month", "quarter", "half", "year", "week"])
def test_periods(folder: Path, product: Any, grain: str) -> None:
    """Both lay out the same periods."""
    worked = Oracle(load(folder), product.as_of, grain).context.periods
    assert [p.id for p in worked] == [p.id for p in product.periods(grain)]


@pytest.mark.parametrize(("grain", "by"), ASKED)
@pytest.mark.parametrize("key", KEYS)
def test_agreement(key: str, grain: str, by: str | None, told: dict, worked_out: Any) -> None:
    """Value for value, and no value where the definition gives none."""
    ours, theirs = worked_out(grain, by), told["ask"](grain, by)
    both = compared(ours[ours["kpi"] == key], theirs[theirs["kpi"] == key])
    wrong = both[~both["agrees"]]
    assert wrong.empty, f"{len(wrong)} of {len(both)} differ:\n{wrong.head(8).to_string()}"
    assert len(both) >= len(ours[ours["kpi"] == key])
