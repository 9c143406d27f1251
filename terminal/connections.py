"""Connections: add, try, pick tables, live or not, refresh."""

import sys
from typing import Annotated

import typer

import workspace as farol
from terminal.saying import Json, WorkspaceName, pairs, refusal, show, word

ConnectionName = Annotated[str, typer.Argument(help=word("connections.cli_name"))]


def list_(workspace: WorkspaceName = "default", as_json: Json = False) -> None:
    """List the connections of a workspace."""
    show(farol.connecting.records(farol.Workspace.open(workspace)), as_json)


def add(
    name: ConnectionName,
    url: Annotated[str, typer.Option(help=word("connections.cli_url"))],
    secret: Annotated[str, typer.Option(help=word("connections.cli_secret"))] = "",
    tls: Annotated[str, typer.Option(help=word("connections.cli_tls"))] = "",
    workspace: WorkspaceName = "default",
    as_json: Json = False,
) -> None:
    """Add a connection."""
    opened = farol.Workspace.open(workspace)
    added = farol.connecting.add_url(opened, name, url, secret, tls)
    show([row for row in farol.connecting.records(opened) if row["name"] == added.name], as_json)


def try_out(name: ConnectionName, workspace: WorkspaceName = "default", as_json: Json = False) -> None:
    """Try a connection and list what it offers."""
    opened = farol.Workspace.open(workspace)
    tried = farol.connecting.probe(opened, name)
    if tried.may_write:
        print(word("connections.may_write"), file=sys.stderr)
    show(farol.connecting.offered_records(opened, name), as_json)


def pick(
    name: ConnectionName,
    tables: Annotated[list[str] | None, typer.Option("--table", help=word("connections.cli_table"))] = None,
    cursors: Annotated[list[str] | None, typer.Option("--cursor", help=word("connections.cli_cursor"))] = None,
    workspace: WorkspaceName = "default",
    as_json: Json = False,
) -> None:
    """Choose the tables that a connection brings in."""
    show(farol.connecting.picked_by_name(farol.Workspace.open(workspace), name, tables or [], pairs(cursors)), as_json)


def live(
    name: ConnectionName,
    minutes: Annotated[int, typer.Option(help=word("connections.cli_minutes"))] = 15,
    off: Annotated[bool, typer.Option("--off", help=word("connections.cli_live_off"))] = False,
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


def remove(name: ConnectionName, workspace: WorkspaceName = "default", as_json: Json = False) -> None:
    """Forget a connection; the rows it brought in stay."""
    farol.connecting.remove(farol.Workspace.open(workspace), name)
    show([{"removed": name}], as_json)


def refresh(
    workspace: WorkspaceName = "default",
    names: Annotated[list[str] | None, typer.Option("--connection", help=word("connections.cli_name"))] = None,
    whole: Annotated[bool, typer.Option("--whole", help=word("connections.cli_whole"))] = False,
    force: Annotated[bool, typer.Option("--force", help=word("connections.cli_force"))] = False,
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
