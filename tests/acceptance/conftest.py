"""A terminal in a home and workspace of its own: write files, import them, ask for numbers."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

TRY_DATA = Path(os.environ.get("FAROL_TRY_DATA") or Path(__file__).parents[3] / "shared" / "data")


class Terminal:
    """`cli.py` with a home of its own; results as JSON."""

    def __init__(self, folder: Path, workspace: str) -> None:
        self.folder = folder
        self.workspace = workspace

    def run(self, *words: str) -> Any:
        """The JSON that a command prints, in the test's own workspace unless another is named."""
        import cli

        own = () if "--workspace" in words else ("--workspace", self.workspace)
        result = CliRunner().invoke(cli.app, [*words, *own, "--json"])
        assert result.exit_code in (0, 1), f"{words}: {result.output}\n{result.exception!r}"
        return json.loads(result.stdout)

    def bring_in(self, *options: str, **tables: list[dict[str, Any]] | pd.DataFrame) -> list[dict[str, Any]]:
        """Write each table as a CSV file of that name and import them all at once."""
        paths = []
        for name, rows in tables.items():
            path = self.folder / f"{name}.csv"
            pd.DataFrame(rows).to_csv(path, index=False)
            paths.append(str(path))
        return self.run("import", *paths, *options)

    def row(self, kpi: str, period: str, grain: str = "month", *options: str) -> dict[str, Any]:
        """The one row of a KPI in a period."""
        rows = self.run("kpis", "--kpi", kpi, "--grain", grain, "--from", period, "--to", period, *options)
        assert len(rows) == 1, rows
        return rows[0]

    def value(self, kpi: str, period: str, grain: str = "month", *options: str) -> float | None:
        """The value of a KPI in a period."""
        return self.row(kpi, period, grain, *options)["value"]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for the session; the sample company is there, under its own name."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def terminal(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal with a workspace of its own."""
    monkeypatch.setenv("FAROL_HOME", str(home))
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)
    return Terminal(tmp_path, f"test {tmp_path.parent.name} {tmp_path.name}"[-60:])


@pytest.fixture
def real_data() -> Callable[[str], Path]:
    """A file of the folder with real exports; the test is skipped where the folder is absent."""

    def find(name: str) -> Path:
        path = TRY_DATA / "real" / name
        if not path.exists():
            pytest.skip(f"{name} is not here: put it beside the project or set FAROL_TRY_DATA")
        return path

    return find


@pytest.fixture
def messy_data() -> Callable[[], Path]:
    """The folder of awkward files; the test is skipped where it is absent."""

    def find() -> Path:
        path = TRY_DATA / "messy"
        if not path.exists():
            pytest.skip("the awkward files are not here: put them beside the project or set FAROL_TRY_DATA")
        return path

    return find
