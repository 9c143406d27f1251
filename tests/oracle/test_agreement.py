"""The product against the oracle: every KPI by period and segment, from the same CSV files.

Two companies: the sample company of 300 accounts, and a small hostile one made of edges.
"""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from . import hostile
from .oracle import KEYS, Oracle, load

TOLERANCE = 1e-9
ASKED = [
    *((grain, by, None) for grain in ("month", "quarter") for by in (None, "segment")),
    ("half", None, None),
    ("year", None, None),
    pytest.param("week", None, None, marks=pytest.mark.slow),
    ("month", None, "2024-09-17"),  # seen as of a day in the middle of a month
]
COMPANIES = (
    "sample",
    pytest.param("hostile 1", marks=pytest.mark.slow),
    pytest.param("hostile 2", marks=pytest.mark.slow),
)


class Both:
    """One company, brought into the product and given to the oracle from the same CSV files; each question once."""

    def __init__(self, company: str, folder: Path) -> None:
        """Write the files of the company and import them."""
        import workspace

        files, home = folder / "files", folder / "home"
        files.mkdir()
        home.mkdir()
        if company == "sample":
            workspace.write_sample(files, accounts=300)
        else:
            for name, frame in hostile.company(seed=int(company.split()[1])).items():
                stamp = "%Y-%m-%d %H:%M:%S" if name in ("contacts", "surveys") else "%Y-%m-%d"
                frame.to_csv(files / f"{name}.csv", index=False, date_format=stamp)
        reports = workspace.import_files(sorted(files.glob("*.csv")), "checked", home=home)
        assert {r["file"] for r in reports} == {f"{r['table']}.csv" for r in reports}
        assert all(r["rows_rejected"] == 0 for r in reports)
        self.product = workspace.Workspace.open("checked", home)
        self.tables = load(files)
        self.oracles: dict[tuple, Oracle] = {}
        self.kept: dict[tuple, pd.DataFrame] = {}

    def ask(self, grain: str, by: str | None, as_of: str | None = None) -> pd.DataFrame:
        """Both answers to a question, side by side."""
        if (grain, as_of) not in self.oracles:
            self.oracles[grain, as_of] = Oracle(self.tables, as_of or self.product.as_of, grain)
        if (grain, by, as_of) not in self.kept:
            day = date.fromisoformat(as_of) if as_of else None
            theirs = self.product.table(list(KEYS), grain=grain, by=(by,) if by else (), as_of=day)
            theirs = theirs.assign(group=theirs[by] if by else None, value=pd.to_numeric(theirs["value"]))
            self.kept[grain, by, as_of] = compared(self.oracles[grain, as_of].answer(by), theirs, cut=by is not None)
        return self.kept[grain, by, as_of]


@pytest.fixture(scope="module", params=COMPANIES)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """Each company, once."""
    return Both(request.param, tmp_path_factory.mktemp(request.param.replace(" ", "_")))


def compared(ours: pd.DataFrame, theirs: pd.DataFrame, cut: bool) -> pd.DataFrame:
    """Both answers side by side, with `agrees`: the same value, or no value in both.

    In cuts, what has no group (the company row, accounts without the attribute) is not compared.
    """
    keys = ["kpi", "period", "group"]
    left = ours[[*keys, "value"]].assign(group=ours["group"].fillna(""))
    right = theirs[[*keys, "value"]].assign(group=theirs["group"].fillna(""))
    if cut:
        left, right = left[left["group"] != ""], right[right["group"] != ""]
    both = left.merge(right, on=keys, how="outer", suffixes=("_oracle", "_product"))
    a, b = both["value_oracle"].to_numpy(dtype=float), both["value_product"].to_numpy(dtype=float)
    both["agrees"] = np.isclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
    return both


def test_as_of(both: Both) -> None:
    """Both find the same latest observed date."""
    assert Oracle(both.tables).context.as_of == pd.Timestamp(str(both.product.as_of))


REST = ("quarter", "half", "year", "week")


@pytest.mark.parametrize("grain", ["month", *(pytest.param(g, marks=pytest.mark.slow) for g in REST)])
def test_periods(both: Both, grain: str) -> None:
    """Both lay out the same periods."""
    worked = Oracle(both.tables, both.product.as_of, grain).context.periods
    assert [p.id for p in worked] == [p.id for p in both.product.periods(grain)]


@pytest.mark.parametrize(("grain", "by", "as_of"), ASKED)
def test_agreement(both: Both, grain: str, by: str | None, as_of: str | None) -> None:
    """Value for value, and no value where the definition gives none: every KPI, period and group."""
    side_by_side = both.ask(grain, by, as_of)
    assert set(side_by_side["kpi"]) == set(KEYS)
    wrong = side_by_side[~side_by_side["agrees"]]
    counts = wrong.groupby("kpi").size().to_dict()
    examples = wrong.groupby("kpi").head(3).to_string()
    assert wrong.empty, f"{len(wrong)} of {len(side_by_side)} differ: {counts}\n{examples}"
