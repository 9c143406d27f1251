"""The terminal face: the same numbers as the pages, for cron, scripts and checks.

Results go to stdout, progress and problems to stderr. Exit codes: 0 done, 1 done with rejected rows
or warnings to read, 2 refused and nothing changed.
"""

import json
import os
import sys
from collections.abc import Callable
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

import workspace as farol
from words import LANGUAGES, catalogue, text
from words import evidence as leading_words


def terminal_locale() -> str:
    """The reader's language: FAROL_LANG, else the terminal's own, else English."""
    for name in ("FAROL_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        asked = os.environ.get(name, "").split(".")[0].replace("-", "_")
        for locale in LANGUAGES:
            if asked and (asked == locale or asked.split("_")[0] == locale.split("_")[0]):
                return locale
    return "en"


LOCALE = terminal_locale()


def say(key: str, **params: Any) -> str:
    """A sentence of the terminal face in the reader's language."""
    return text(f"cli.{key}", LOCALE, **params)


app = typer.Typer(help=say("help"), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

WorkspaceName = Annotated[str, typer.Option("--workspace", "-w", help=say("workspace"))]
Json = Annotated[bool, typer.Option("--json", help=say("json"))]


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Turn a data problem into exit code 2 with its reason, never a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except farol.DataProblem as problem:
            if kwargs.get("as_json"):
                print(json.dumps({"error": str(problem)}, ensure_ascii=False))
            print(refusal(problem), file=sys.stderr)
            raise typer.Exit(2) from None

    return run


def refusal(problem: farol.DataProblem) -> str:
    """A refusal in the reader's language, in English where the catalogue does not know it."""
    id = f"problems.{problem.id}"
    if LOCALE == "en" or not catalogue.has(id, LOCALE):
        return str(problem)
    return text(id, LOCALE, **problem.params)


def pairs(options: list[str] | None) -> dict[str, str]:
    """NAME=VALUE options as a mapping.

    Raises:
        DataProblem: an option without an equals sign.
    """
    found = {}
    for option in options or []:
        name, equals, value = option.partition("=")
        if not equals:
            raise farol.DataProblem("not_a_pair", "{option!r} should look like NAME=VALUE.", option=option)
        found[name.strip()] = value
    return found


def day(value: str | None) -> date | None:
    """An ISO date option.

    Raises:
        DataProblem: the text is not a date.
    """
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise farol.DataProblem("not_a_date", "{value!r} is not a date; write 2024-12-31.", value=value) from None


def show(rows: list[dict[str, Any]], as_json: bool) -> None:
    """Print rows as JSON or as an aligned table."""
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, default=str, allow_nan=False))
        return
    if not rows:
        print(say("nothing"), file=sys.stderr)
        return
    shown = [name for name in rows[0] if any(row[name] not in (None, "", [], {}) for row in rows)]
    lines = [shown] + [[cell(row[name]) for name in shown] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(shown))]
    for line in lines:
        print("  ".join(value.ljust(width) for value, width in zip(line, widths, strict=True)).rstrip())


def cell(value: Any) -> str:
    """One value for the terminal."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    if isinstance(value, dict):
        return ", ".join(f"{k}={v}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


@app.command(help=say("sample.help"))
@guarded
def sample(
    out: Annotated[Path, typer.Option(help=say("sample.out"))],
    accounts: Annotated[int, typer.Option(help=say("sample.accounts"), min=1)] = 300,
    months: Annotated[int, typer.Option(help=say("sample.months"), min=1)] = 36,
    seed: Annotated[int, typer.Option(help=say("sample.seed"))] = 7,
) -> None:
    """Write the sample company as CSV files."""
    for path in farol.write_sample(out, accounts=accounts, months=months, seed=seed):
        print(path)


@app.command("import", help=say("import.help"))
@guarded
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
    what = text(name, LOCALE) if catalogue.has(name, LOCALE) else problem["problem"]
    own = LOCALE == "en" or not catalogue.has(wanted, LOCALE)
    expected = problem["expected"] if own else text(wanted, LOCALE, **problem["params"])
    examples = ", ".join(f"{e['row']}: {e['value']}" for e in problem["examples"][:3])
    where = f" ({examples})" if examples else ""
    column = f"{problem['column']}: " if problem["column"] else ""
    return f"{column}{what} × {problem['count']}{where} → {expected}"


@app.command(help=say("kpis.help"))
@guarded
def kpis(
    workspace: WorkspaceName = "default",
    kpi: Annotated[list[str] | None, typer.Option(help=say("kpis.kpi"))] = None,
    grain: Annotated[str, typer.Option(help=say("kpis.grain"))] = "month",
    start: Annotated[str | None, typer.Option("--from", help=say("kpis.from"))] = None,
    end: Annotated[str | None, typer.Option("--to", help=say("kpis.to"))] = None,
    by: Annotated[str | None, typer.Option(help=say("kpis.by"))] = None,
    where: Annotated[list[str] | None, typer.Option(help=say("kpis.where"))] = None,
    as_of: Annotated[str | None, typer.Option(help=say("kpis.as_of"))] = None,
    policies: Annotated[list[str] | None, typer.Option("--set", help=say("kpis.set"))] = None,
    live: Annotated[str, typer.Option(help=text("connections.cli_live", LOCALE))] = "",
    as_json: Json = False,
) -> None:
    """Print KPI values."""
    opened = farol.Workspace.open(workspace)
    opened = farol.living.live(opened, live) if live else farol.living.opened(opened)
    rows = opened.records(
        keys=kpi,
        grain=grain,
        start=start,
        end=end,
        by=(by,) if by else (),
        where=gathered(where),
        as_of=day(as_of),
        policies=opened.policies_with(pairs(policies)),
    )
    if not as_json:
        rows = [
            {k: row[k] for k in ("kpi", "period", "by", "value", "unit", "n", "low", "high", "reason")} for row in rows
        ]
    show(rows, as_json)


def gathered(options: list[str] | None) -> dict[str, list[str]]:
    """Repeated DIMENSION=VALUE options: values of the same dimension are alternatives."""
    found: dict[str, list[str]] = {}
    for option in options or []:
        for name, value in pairs([option]).items():
            found.setdefault(name, []).append(value)
    return found


@app.command(help=say("accounts.help"))
@guarded
def accounts(
    kpi: Annotated[str, typer.Option(help=say("accounts.kpi"))],
    period: Annotated[str, typer.Option(help=say("accounts.period"))],
    workspace: WorkspaceName = "default",
    where: Annotated[list[str] | None, typer.Option(help=say("kpis.where"))] = None,
    as_json: Json = False,
) -> None:
    """Print who is behind a number."""
    opened = farol.living.opened(farol.Workspace.open(workspace))
    frame = farol.accounts(opened, kpi, period, gathered(where))
    show(farol.as_records(frame), as_json)


@app.command("evidence", help=text("evidence.cli_help", LOCALE))
@guarded
def evidence_(
    workspace: WorkspaceName = "default",
    outcome: Annotated[str | None, typer.Option(help=text("evidence.cli_outcome", LOCALE))] = None,
    where: Annotated[list[str] | None, typer.Option(help=say("kpis.where"))] = None,
    exploratory: Annotated[bool, typer.Option("--all", help=text("evidence.cli_all", LOCALE))] = False,
    as_json: Json = False,
) -> None:
    """Print what the data say about every declared pair, graded."""
    opened = farol.living.opened(farol.Workspace.open(workspace))
    found = farol.lead_map(opened, gathered(where), progress=told)
    lagging = OUTCOMES.get(outcome, outcome) if outcome else None
    seen = {one.lagging for one in found.found}
    if lagging and lagging not in seen:
        raise farol.DataProblem(
            "outcome_unknown",
            "Nothing was tried for {outcome!r}. There is: {known}.",
            outcome=outcome,
            known=", ".join([*OUTCOMES, *sorted(seen)]),
        )
    rows = [
        one
        for one in found.found
        if (one.family == "declared" or exploratory) and (lagging is None or one.lagging == lagging)
    ]
    if as_json:
        show([recorded(one) for one in rows], True)
        return
    for one in rows:
        print_pair(one)


OUTCOMES = {
    "churn": "logo_churn",
    "contraction": "contraction_rate",
    "expansion": "expansion_rate",
    "renewal": "renewal_rate",
}


def told(share: float, what: str) -> None:
    """Progress of long work."""
    print(f"{share:4.0%} {what}", file=sys.stderr)


def recorded(found: Any) -> dict[str, Any]:
    """One pair with its sentence."""
    return found.record() | {"sentence": leading_words.told(found, LOCALE)}


def print_pair(found: Any) -> None:
    """One pair in words."""
    print(f"{found.leading} → {found.lagging}  [{leading_words.grade_word(found.grade, LOCALE)}]")
    print(f"  {leading_words.told(found, LOCALE)}")


@app.command("lead-lag", help=text("evidence.cli_two", LOCALE))
@guarded
def lead_lag(
    file: Annotated[Path, typer.Argument(help=text("evidence.cli_file", LOCALE))],
    leading: Annotated[str, typer.Option(help=text("evidence.cli_leading", LOCALE))],
    lagging: Annotated[str, typer.Option(help=text("evidence.cli_lagging", LOCALE))],
    month: Annotated[str | None, typer.Option(help=text("evidence.cli_month", LOCALE))] = None,
    as_json: Json = False,
) -> None:
    """Say whether one column of a file moves before another."""
    found = farol.two_series(file, leading, lagging, month)
    if as_json:
        print(json.dumps(recorded(found), ensure_ascii=False, default=str, allow_nan=False))
    else:
        print_pair(found)


@app.command(help=say("workspaces.help"))
@guarded
def workspaces(as_json: Json = False) -> None:
    """List the workspaces."""
    show([{"id": w.id, "name": w.name, "version": w.version} for w in farol.list_workspaces()], as_json)


Import = Annotated[int | None, typer.Option("--import", help=text("data.cli_version", LOCALE))]


@app.command(help=say("history.help"))
@guarded
def history(workspace: WorkspaceName = "default", as_json: Json = False) -> None:
    """List what was imported, undone, redone, read again and erased."""
    store, found = farol.keeping.find(workspace)
    rows = farol.keeping.records(store, found.id)
    columns = ("version", "when", "action", "who", "in_force", "imports", "can")
    show(rows if as_json else [{name: row[name] for name in columns} for row in rows], as_json)


@app.command(help=say("undo.help"))
@guarded
def undo(workspace: WorkspaceName = "default", of: Import = None, as_json: Json = False) -> None:
    """Undo the last import, or another one."""
    store, found = farol.keeping.find(workspace)
    moved("undo", store.undo(found.id, of=of), as_json)


@app.command(help=text("data.cli_redo", LOCALE))
@guarded
def redo(workspace: WorkspaceName = "default", of: Import = None, as_json: Json = False) -> None:
    """Bring the last undone import back, or another one."""
    store, found = farol.keeping.find(workspace)
    moved("redo", store.redo(found.id, of=of), as_json)


@app.command(help=text("data.cli_replay", LOCALE))
@guarded
def replay(
    of: Annotated[int, typer.Option("--import", help=text("data.cli_version", LOCALE))],
    workspace: WorkspaceName = "default",
    as_json: Json = False,
) -> None:
    """Import the files of an import again."""
    store, found = farol.keeping.find(workspace)
    moved("replay", farol.keeping.replay(store, found.id, of), as_json)


def moved(action: str, version: int, as_json: bool) -> None:
    """Say which version is in force now."""
    if as_json:
        show([{"version": version}], True)
    else:
        words = "cli.undo.done" if action == "undo" else f"data.done_{action}"
        print(text(words, LOCALE, version=version))


@app.command(help=text("data.cli_backup", LOCALE))
@guarded
def backup(
    out: Annotated[Path, typer.Argument(help=text("data.cli_out", LOCALE))],
    workspace: Annotated[str | None, typer.Option("--workspace", "-w", help=text("data.cli_one", LOCALE))] = None,
    with_keys: Annotated[bool, typer.Option("--with-keys", help=text("data.cli_with_keys", LOCALE))] = False,
    as_json: Json = False,
) -> None:
    """Write a backup."""
    made = farol.keeping.backup(out, workspace, with_keys)
    if as_json:
        show([farol.keeping.as_record(made)], True)
    else:
        print(text("data.cli_backed_up", LOCALE, n=made.files, path=str(made.path), size=made.bytes))
    if made.missing:
        print(text("data.cli_missing", LOCALE, n=made.missing), file=sys.stderr)
        raise typer.Exit(1)


@app.command(help=text("data.cli_restore", LOCALE))
@guarded
def restore(
    file: Annotated[Path, typer.Argument(help=text("data.cli_file", LOCALE))],
    workspace: Annotated[str | None, typer.Option("--workspace", "-w", help=text("data.cli_one", LOCALE))] = None,
    name: Annotated[str | None, typer.Option("--workspace-name", help=text("data.cli_new_name", LOCALE))] = None,
    mend: Annotated[bool, typer.Option("--mend", help=text("data.cli_mend", LOCALE))] = False,
    as_json: Json = False,
) -> None:
    """Restore a backup."""
    if mend:
        count = farol.open_store().mend(file)
        show([{"mended": count}], True) if as_json else print(text("data.mended", LOCALE, n=count))
        return
    found = farol.keeping.restore(file, workspace, name)
    if as_json:
        show([farol.keeping.as_record(one) for one in found], True)
    for one in found if not as_json else ():
        print(text("data.restored", LOCALE, name=one.name))
    if any(one.new_key for one in found):
        print(text("data.restored_new_key", LOCALE), file=sys.stderr)
        raise typer.Exit(1)


@app.command(help=text("data.cli_erase", LOCALE))
@guarded
def erase(
    account: Annotated[str, typer.Option(help=text("data.cli_account", LOCALE))],
    workspace: WorkspaceName = "default",
    dry_run: Annotated[bool, typer.Option("--dry-run", help=text("data.cli_dry_run", LOCALE))] = False,
    as_json: Json = False,
) -> None:
    """Erase an account everywhere."""
    store, found = farol.keeping.find(workspace)
    show([farol.keeping.as_record(farol.keeping.erase(store, found.id, account, dry_run))], as_json)


@app.command(help=text("data.cli_sweep", LOCALE))
@guarded
def sweep(as_json: Json = False) -> None:
    """Remove what is not to be kept any longer."""
    swept = farol.keeping.sweep()
    if as_json:
        show([farol.keeping.as_record(swept)], True)
    else:
        print(text("data.cli_swept", LOCALE, files=swept.files, size=swept.bytes, versions=swept.versions))


connections = typer.Typer(help=text("connections.cli_help", LOCALE), no_args_is_help=True)
app.add_typer(connections, name="connections")
ConnectionName = Annotated[str, typer.Argument(help=text("connections.cli_name", LOCALE))]


@connections.command("list", help=text("connections.cli_list", LOCALE))
@guarded
def connections_list(workspace: WorkspaceName = "default", as_json: Json = False) -> None:
    """List the connections of a workspace."""
    show(farol.connecting.records(farol.Workspace.open(workspace)), as_json)


@connections.command("add", help=text("connections.cli_add", LOCALE))
@guarded
def connections_add(
    name: ConnectionName,
    url: Annotated[str, typer.Option(help=text("connections.cli_url", LOCALE))],
    secret: Annotated[str, typer.Option(help=text("connections.cli_secret", LOCALE))] = "",
    tls: Annotated[str, typer.Option(help=text("connections.cli_tls", LOCALE))] = "",
    workspace: WorkspaceName = "default",
    as_json: Json = False,
) -> None:
    """Add a connection."""
    opened = farol.Workspace.open(workspace)
    added = farol.connecting.add_url(opened, name, url, secret, tls)
    show([row for row in farol.connecting.records(opened) if row["name"] == added.name], as_json)


@connections.command("test", help=text("connections.cli_test", LOCALE))
@guarded
def connections_test(name: ConnectionName, workspace: WorkspaceName = "default", as_json: Json = False) -> None:
    """Try a connection and list what it offers."""
    opened = farol.Workspace.open(workspace)
    tried = farol.connecting.probe(opened, name)
    if tried.may_write:
        print(text("connections.may_write", LOCALE), file=sys.stderr)
    show(farol.connecting.offered_records(opened, name), as_json)


@connections.command("pick", help=text("connections.cli_pick", LOCALE))
@guarded
def connections_pick(
    name: ConnectionName,
    tables: Annotated[list[str] | None, typer.Option("--table", help=text("connections.cli_table", LOCALE))] = None,
    cursors: Annotated[list[str] | None, typer.Option("--cursor", help=text("connections.cli_cursor", LOCALE))] = None,
    workspace: WorkspaceName = "default",
    as_json: Json = False,
) -> None:
    """Choose the tables that a connection brings in."""
    show(farol.connecting.picked_by_name(farol.Workspace.open(workspace), name, tables or [], pairs(cursors)), as_json)


@connections.command("live", help=text("connections.cli_switch", LOCALE))
@guarded
def connections_live(
    name: ConnectionName,
    minutes: Annotated[int, typer.Option(help=text("connections.cli_minutes", LOCALE))] = 15,
    off: Annotated[bool, typer.Option("--off", help=text("connections.cli_live_off", LOCALE))] = False,
    workspace: WorkspaceName = "default",
    as_json: Json = False,
) -> None:
    """Let all numbers come live from a connection, or no longer."""
    opened = farol.Workspace.open(workspace)
    if off:
        farol.living.switch_off(opened, name)
    else:
        farol.living.switch_on(opened, name, minutes)
    show([{"connection": name, "live": not off, "minutes": None if off else minutes}], as_json)


@connections.command("remove", help=text("connections.cli_remove", LOCALE))
@guarded
def connections_remove(name: ConnectionName, workspace: WorkspaceName = "default", as_json: Json = False) -> None:
    """Forget a connection; the rows it brought in stay."""
    farol.connecting.remove(farol.Workspace.open(workspace), name)
    show([{"removed": name}], as_json)


@app.command(help=text("connections.cli_refresh", LOCALE))
@guarded
def refresh(
    workspace: WorkspaceName = "default",
    names: Annotated[list[str] | None, typer.Option("--connection", help=text("connections.cli_name", LOCALE))] = None,
    whole: Annotated[bool, typer.Option("--whole", help=text("connections.cli_whole", LOCALE))] = False,
    force: Annotated[bool, typer.Option("--force", help=text("connections.cli_force", LOCALE))] = False,
    as_json: Json = False,
) -> None:
    """Bring in what changed at the connections, one after the other."""
    opened = farol.Workspace.open(workspace)
    progress = lambda message: print(message, file=sys.stderr)  # noqa: E731
    reports = farol.refreshing.refresh(opened, names or (), whole, force, progress=progress)
    columns = ("connection", "source", "table", "mode", "rows_read", "rows_accepted", "rows_rejected", "rows_removed")
    show(reports if as_json else [{name: report[name] for name in columns} for report in reports], as_json)
    failed = [farol.connecting.as_problem(report["error"]) for report in reports if report["error"]]
    for problem in failed:
        print(refusal(problem), file=sys.stderr)
    if failed and len(failed) == len(reports):
        raise typer.Exit(2)
    if failed or any(report["rows_rejected"] or report["problems"] for report in reports):
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
