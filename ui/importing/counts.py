"""Where each row of a file went: read = ready + set aside + left out + merged, so that nothing is lost unsaid."""

from collections.abc import Sequence

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
