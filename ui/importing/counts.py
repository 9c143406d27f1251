"""Where each row of a file went: read = ready + set aside + left out + merged, so that nothing is lost unsaid."""

from collections.abc import Sequence

import pandas as pd

from data.importing import Prepared
from ui.importing import wording
from ui.telling import Teller
from ui.text import escaped


def closes(one: Prepared) -> bool:
    """Whether every row read is accounted for."""
    done = one.checked
    there = done.rows_read + done.rows_made
    return there == one.accepted.num_rows + one.rejected.num_rows + done.rows_left_out + done.rows_merged


def sentences(rows: Sequence[Prepared], tell: Teller) -> list[str]:
    """One Markdown-safe line for each table fed, with a ✓ where it closes."""
    found = []
    for one in rows:
        name = one.checked.key or one.table
        start = f"{escaped(wording.capital(wording.table(name, tell)))}: " if len(rows) > 1 else ""
        found.append(start + sentence(one, tell))
    return found


def sentence(one: Prepared, tell: Teller) -> str:
    """The sum of one table; what is 0 is not named."""
    done = one.checked
    read = tell.t("import.count_read", n=done.rows_read)
    if done.rows_made:
        read += " " + tell.t("import.count_made", n=done.rows_made)
    parts = [("ready", one.accepted.num_rows), ("aside", one.rejected.num_rows)]
    parts += [("left_out", done.rows_left_out), ("merged", done.rows_merged)]
    said = " + ".join(tell.t(f"import.count_{name}", n=n) for name, n in parts if n or name == "ready")
    return f"{read} = {said}" + (" ✓" if closes(one) else "")


def table(rows: Sequence[Prepared], tell: Teller, out: Sequence[tuple[str, int]] = ()) -> pd.DataFrame:
    """Every table fed by several files: file, table, and where the rows went; columns without a row are not there.

    Args:
        rows: The tables fed.
        tell: The language.
        out: Files that feed nothing, with how many rows they have.
    """
    nothing = [0] * len(out)
    counts = {
        "read": [*(one.checked.rows_read for one in rows), *(n for _, n in out)],
        "made": [*(one.checked.rows_made for one in rows), *nothing],
        "ready": [*(one.accepted.num_rows for one in rows), *nothing],
        "aside": [*(one.rejected.num_rows for one in rows), *nothing],
        "left_out": [*(one.checked.rows_left_out for one in rows), *(n for _, n in out)],
        "merged": [*(one.checked.rows_merged for one in rows), *nothing],
    }
    tables = [wording.table(one.checked.key or one.table, tell) for one in rows]
    named = {
        tell.t("import.file"): [*(one.file for one in rows), *(file for file, _ in out)],
        tell.t("import.table"): [*tables, *(tell.t("import.feeds_nothing") for _ in out)],
    }
    used = {f"import.col_{name}": n for name, n in counts.items() if name in ("read", "ready") or any(n)}
    closed = ["✓" if closes(one) else "" for one in rows] + ["✓"] * len(out)
    return pd.DataFrame(named | {tell.t(id): n for id, n in used.items()} | {" ": closed})
