"""The companies that engines are compared on, imported once: the sample company and a hostile one."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import workspace
from data.facts import Facts
from tests.oracle import hostile

COMPANIES = ("sample", "hostile")
AS_OF = {"sample": date(2024, 9, 17), "hostile": date(2024, 10, 10)}


def imported(company: str, folder: Path) -> workspace.Workspace:
    """A company as a team would bring it in, from CSV files, in a home of its own."""
    files, home = folder / "files", folder / "home"
    files.mkdir()
    home.mkdir()
    if company == "sample":  # an empty home gets it, from such files
        return workspace.Workspace.open("sample", home)
    for name, frame in hostile.company(seed=1).items():
        stamp = "%Y-%m-%d %H:%M:%S" if name in ("contacts", "surveys") else "%Y-%m-%d"
        frame.to_csv(files / f"{name}.csv", index=False, date_format=stamp)
    for path in sorted(files.glob("*.csv")):
        workspace.import_files([path], company, home=home, tables=[path.stem])
    return workspace.Workspace.open(company, home)


def arrow_tables(facts: Facts) -> dict[str, pa.Table]:
    """The committed rows of every table, as they lie in the files."""
    return {
        name: pa.concat_tables([pq.read_table(path) for path in facts.files[name]], promote_options="default")
        for name in facts.tables()
    }


__all__ = ["AS_OF", "COMPANIES", "arrow_tables", "imported"]
