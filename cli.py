"""The terminal face: the same numbers as the pages, for cron, scripts and checks. Every command, and where it is.

Results go to stdout, progress and problems to stderr. Exit codes: 0 done, 1 done with rejected rows
or warnings to read, 2 refused and nothing changed.
"""

from collections.abc import Callable

import typer

from terminal import connections, evidence, importing, keeping, numbers
from terminal.saying import guarded, word

Group = tuple[tuple[str, Callable[..., None], str], ...]  # name, what it does, id of its help

COMMANDS: Group = (
    ("sample", importing.sample, "cli.sample.help"),
    ("import", importing.import_, "cli.import.help"),
    ("kpis", numbers.kpis, "cli.kpis.help"),
    ("accounts", numbers.accounts, "cli.accounts.help"),
    ("evidence", evidence.evidence, "evidence.cli_help"),
    ("lead-lag", evidence.lead_lag, "evidence.cli_two"),
    ("workspaces", keeping.workspaces, "cli.workspaces.help"),
    ("history", keeping.history, "cli.history.help"),
    ("undo", keeping.undo, "cli.undo.help"),
    ("redo", keeping.redo, "data.cli_redo"),
    ("replay", keeping.replay, "data.cli_replay"),
    ("backup", keeping.backup, "data.cli_backup"),
    ("restore", keeping.restore, "data.cli_restore"),
    ("erase", keeping.erase, "data.cli_erase"),
    ("sweep", keeping.sweep, "data.cli_sweep"),
    ("refresh", connections.refresh, "connections.cli_refresh"),
)
CONNECTED: Group = (
    ("list", connections.list_, "connections.cli_list"),
    ("add", connections.add, "connections.cli_add"),
    ("test", connections.try_out, "connections.cli_test"),
    ("pick", connections.pick, "connections.cli_pick"),
    ("live", connections.live, "connections.cli_switch"),
    ("remove", connections.remove, "connections.cli_remove"),
)


def group(commands: Group, help: str) -> typer.Typer:
    """Commands under one name, each with its help in the reader's language."""
    made = typer.Typer(help=help, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    for name, command, says in commands:
        made.command(name, help=word(says))(guarded(command))
    return made


app = group(COMMANDS, word("cli.help"))
app.add_typer(group(CONNECTED, word("connections.cli_help")), name="connections")

if __name__ == "__main__":
    app()
