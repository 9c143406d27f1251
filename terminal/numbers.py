"""The numbers: values of KPIs, and who is behind one."""

from typing import Annotated

import typer

import workspace as farol
from terminal.saying import Json, WorkspaceName, day, gathered, pairs, say, show, word


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
    live: Annotated[str, typer.Option(help=word("connections.cli_live"))] = "",
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
