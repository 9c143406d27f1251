"""What every command shares: the reader's language, refusals, options that are read, rows that are printed."""

import json
import sys
from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Annotated, Any

import typer

import workspace as farol
from words import catalogue, terminal_locale, text

LOCALE = terminal_locale()


def word(id: str, **params: Any) -> str:
    """A text in the reader's language."""
    return text(id, LOCALE, **params)


def say(key: str, **params: Any) -> str:
    """A sentence of the terminal face in the reader's language."""
    return word(f"cli.{key}", **params)


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
    return word(id, **problem.params)


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


def gathered(options: list[str] | None) -> dict[str, list[str]]:
    """Repeated DIMENSION=VALUE options: values of the same dimension are alternatives."""
    found: dict[str, list[str]] = {}
    for option in options or []:
        for name, value in pairs([option]).items():
            found.setdefault(name, []).append(value)
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
