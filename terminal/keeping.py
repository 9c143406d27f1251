"""Looking after what is stored: workspaces, history, undo, backup, erasure."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import workspace as farol
from terminal.saying import Json, WorkspaceName, say, show, word

SHOWN = ("version", "when", "action", "who", "in_force", "imports", "can")
Import = Annotated[int | None, typer.Option("--import", help=word("data.cli_version"))]


def workspaces(as_json: Json = False) -> None:
    """List the workspaces."""
    show([{"id": w.id, "name": w.name, "version": w.version} for w in farol.list_workspaces()], as_json)


def history(workspace: WorkspaceName = "default", as_json: Json = False) -> None:
    """List what was imported, undone, redone, read again and erased."""
    store, found = farol.keeping.find(workspace)
    rows = farol.keeping.records(store, found.id)
    show(rows if as_json else [_in_words(row) for row in rows], as_json)


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    """A line of the history with headings in the reader's language."""
    told = row | {"action": word(f"data.action_{row['action']}"), "in_force": "✓" if row["in_force"] else ""}
    return {say(f"history.{name}"): told[name] for name in SHOWN}


def undo(workspace: WorkspaceName = "default", of: Import = None, as_json: Json = False) -> None:
    """Undo the last import, or another one."""
    store, found = farol.keeping.find(workspace)
    moved("undo", store.undo(found.id, of=of), as_json)


def redo(workspace: WorkspaceName = "default", of: Import = None, as_json: Json = False) -> None:
    """Bring the last undone import back, or another one."""
    store, found = farol.keeping.find(workspace)
    moved("redo", store.redo(found.id, of=of), as_json)


def replay(
    of: Annotated[int, typer.Option("--import", help=word("data.cli_version"))],
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
        print(word(words, version=version))


def backup(
    out: Annotated[Path, typer.Argument(help=word("data.cli_out"))],
    workspace: Annotated[str | None, typer.Option("--workspace", "-w", help=word("data.cli_one"))] = None,
    with_keys: Annotated[bool, typer.Option("--with-keys", help=word("data.cli_with_keys"))] = False,
    as_json: Json = False,
) -> None:
    """Write a backup."""
    made = farol.keeping.backup(out, workspace, with_keys)
    if as_json:
        show([farol.keeping.as_record(made)], True)
    else:
        print(word("data.cli_backed_up", n=made.files, path=str(made.path), size=made.bytes))
    if made.missing:
        print(word("data.cli_missing", n=made.missing), file=sys.stderr)
        raise typer.Exit(1)


def restore(
    file: Annotated[Path, typer.Argument(help=word("data.cli_file"))],
    workspace: Annotated[str | None, typer.Option("--workspace", "-w", help=word("data.cli_one"))] = None,
    name: Annotated[str | None, typer.Option("--workspace-name", help=word("data.cli_new_name"))] = None,
    mend: Annotated[bool, typer.Option("--mend", help=word("data.cli_mend"))] = False,
    as_json: Json = False,
) -> None:
    """Restore a backup."""
    if mend:
        count = farol.open_store().mend(file)
        show([{"mended": count}], True) if as_json else print(word("data.mended", n=count))
        return
    found = farol.keeping.restore(file, workspace, name)
    if as_json:
        show([farol.keeping.as_record(one) for one in found], True)
    for one in found if not as_json else ():
        print(word("data.restored", name=one.name))
    if any(one.new_key for one in found):
        print(word("data.restored_new_key"), file=sys.stderr)
        raise typer.Exit(1)


def erase(
    account: Annotated[str, typer.Option(help=word("data.cli_account"))],
    workspace: WorkspaceName = "default",
    dry_run: Annotated[bool, typer.Option("--dry-run", help=word("data.cli_dry_run"))] = False,
    as_json: Json = False,
) -> None:
    """Erase an account everywhere."""
    store, found = farol.keeping.find(workspace)
    show([farol.keeping.as_record(farol.keeping.erase(store, found.id, account, dry_run))], as_json)


def sweep(as_json: Json = False) -> None:
    """Remove what is not to be kept any longer."""
    swept = farol.keeping.sweep()
    if as_json:
        show([farol.keeping.as_record(swept)], True)
    else:
        print(word("data.cli_swept", files=swept.files, size=swept.bytes, versions=swept.versions))
