"""Bringing rows in: the sample company as files, and files into a workspace."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import workspace as farol
from terminal import saying
from terminal.saying import Json, WorkspaceName, pairs, say, show, word
from words import catalogue


def sample(
    out: Annotated[Path, typer.Option(help=say("sample.out"))],
    accounts: Annotated[int, typer.Option(help=say("sample.accounts"), min=1)] = 300,
    months: Annotated[int, typer.Option(help=say("sample.months"), min=1)] = 36,
    seed: Annotated[int, typer.Option(help=say("sample.seed"))] = 7,
) -> None:
    """Write the sample company as CSV files."""
    for path in farol.write_sample(out, accounts=accounts, months=months, seed=seed):
        print(path)


def import_(
    paths: Annotated[list[Path], typer.Argument(help=say("import.paths"))],
    workspace: WorkspaceName = "default",
    table: Annotated[list[str] | None, typer.Option(help=say("import.table"))] = None,
    mapping: Annotated[Path | None, typer.Option(help=say("import.mapping"))] = None,
    mode: Annotated[str, typer.Option(help=say("import.mode"))] = "append",
    constants: Annotated[list[str] | None, typer.Option("--set", help=say("import.set"))] = None,
    force: Annotated[bool, typer.Option("--force", help=say("import.force"))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=say("import.dry_run"))] = False,
    as_json: Json = False,
) -> None:
    """Bring files into a workspace, all of them or none."""
    reports = farol.import_files(
        paths,
        workspace,
        tables=table,
        mapping=json_file(mapping),
        mode=mode,
        constants=pairs(constants),
        force=force,
        dry_run=dry_run,
        progress=lambda message: print(message, file=sys.stderr),
    )
    if as_json:
        show(reports, True)
    else:
        for report in reports:
            print_report(report, dry_run)
        if reports and (lit := reports[-1]["kpis_lit"]):
            print(say("import.lit", n=len(lit), kpis=", ".join(lit)))
    if any(report["rows_rejected"] or report["problems"] for report in reports):
        raise typer.Exit(1)


def json_file(path: Path | None) -> dict[str, Any] | None:
    """The contents of a JSON file.

    Raises:
        DataProblem: it cannot be read or is not JSON.
    """
    if path is None:
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(found, dict):
            raise ValueError('{"tables": {"accounts": {"columns": {}}}}')
        return found
    except (OSError, ValueError) as error:
        raise farol.DataProblem("mapping_unread", "{path} is not a mapping file: {why}", path=path, why=error) from None


def print_report(report: dict[str, Any], dry_run: bool = False) -> None:
    """What one table of one file brought, or would bring, in words."""
    said = {k: report[k] for k in ("file", "table", "rows_read", "rows_accepted", "rows_rejected")}
    if report["duplicate_of"]:
        print(say("import.again", **said, version=report["duplicate_of"]))
        return
    print(say("import.would" if dry_run else "import.done", **said))
    for problem in report["problems"]:
        print("  " + finding(problem))
    if report["rejected_file"]:
        print("  " + say("import.rejected", path=report["rejected_file"]))


def finding(problem: dict[str, Any]) -> str:
    """One problem on one line: what, in which column, how often, where, and what was expected."""
    name, wanted = (f"import.{kind}_{problem['problem']}" for kind in "pe")
    what = word(name) if catalogue.has(name, saying.LOCALE) else problem["problem"]
    own = saying.LOCALE == "en" or not catalogue.has(wanted, saying.LOCALE)
    expected = problem["expected"] if own else word(wanted, **problem["params"])
    examples = ", ".join(f"{e['row']}: {e['value']}" for e in problem["examples"][:3])
    where = f" ({examples})" if examples else ""
    column = f"{problem['column']}: " if problem["column"] else ""
    return f"{column}{what} × {problem['count']}{where} → {expected}"
