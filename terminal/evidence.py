"""Does it lead: every declared pair of a workspace graded, or two columns of any file."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import workspace as farol
from terminal import saying
from terminal.saying import Json, WorkspaceName, gathered, say, show, word
from words import catalogue
from words import evidence as leading_words

OUTCOMES = {
    "churn": "logo_churn",
    "contraction": "contraction_rate",
    "expansion": "expansion_rate",
    "renewal": "renewal_rate",
}


def evidence(
    workspace: WorkspaceName = "default",
    outcome: Annotated[str | None, typer.Option(help=word("evidence.cli_outcome"))] = None,
    where: Annotated[list[str] | None, typer.Option(help=say("kpis.where"))] = None,
    exploratory: Annotated[bool, typer.Option("--all", help=word("evidence.cli_all"))] = False,
    as_json: Json = False,
) -> None:
    """Print what the data say about every declared pair, graded."""
    opened = farol.living.opened(farol.Workspace.open(workspace))
    catalogue.call_own(opened.own.names())
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


def told(share: float, what: str) -> None:
    """Progress of long work."""
    print(f"{share:4.0%} {what}", file=sys.stderr)


def recorded(found: Any) -> dict[str, Any]:
    """One pair with its sentence."""
    return found.record() | {"sentence": leading_words.told(found, saying.LOCALE)}


def print_pair(found: Any) -> None:
    """One pair in words."""
    print(f"{found.leading} → {found.lagging}  [{leading_words.grade_word(found.grade, saying.LOCALE)}]")
    print(f"  {leading_words.told(found, saying.LOCALE)}")


def lead_lag(
    file: Annotated[Path, typer.Argument(help=word("evidence.cli_file"))],
    leading: Annotated[str, typer.Option(help=word("evidence.cli_leading"))],
    lagging: Annotated[str, typer.Option(help=word("evidence.cli_lagging"))],
    month: Annotated[str | None, typer.Option(help=word("evidence.cli_month"))] = None,
    as_json: Json = False,
) -> None:
    """Say whether one column of a file moves before another."""
    found = farol.two_series(file, leading, lagging, month)
    if as_json:
        print(json.dumps(recorded(found), ensure_ascii=False, default=str, allow_nan=False))
    else:
        print_pair(found)
