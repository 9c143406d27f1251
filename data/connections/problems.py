"""What a database or a network says, as a problem people can act on; without a secret, without a chain."""

from typing import Any

from data.connections.secret import Secret, redacted
from data.problems import DataProblem

_POSTGRES = {
    "28P01": "denied",
    "28000": "denied",
    "3D000": "no_database",
    "57014": "slow",
    "55P03": "locked",
    "25P03": "slow",
    "42501": "no_right",
    "25006": "read_only",
    "42P01": "gone",
    "42703": "gone",
}
_MYSQL = {
    1045: "denied",
    1698: "denied",
    1044: "no_database",
    1049: "no_database",
    2003: "unreachable",
    3024: "slow",
    1969: "slow",
    1205: "locked",
    1142: "no_right",
    1143: "no_right",
    1792: "read_only",
    1146: "gone",
    1054: "gone",
    2026: "tls",
}
_WORDS = (
    ("password authentication failed", "denied"),
    ("no pg_hba.conf entry", "denied"),
    ("does not exist", "no_database"),
    ("certificate", "tls"),
    ("ssl", "tls"),
    ("timeout", "unreachable"),
    ("timed out", "unreachable"),
    ("refused", "unreachable"),
    ("unreachable", "unreachable"),
)
_SAID = {
    "denied": "{host} did not let {user} in. Check the user, and the secret the connection names.",
    "no_database": "{host} has no database {database} that {user} may use. Check its name and the rights.",
    "slow": "{host} took too long, so the reading was stopped. Try at a quieter hour, or pick a smaller view.",
    "locked": "Something at {host} keeps the table locked. Try again later.",
    "no_right": "{user} may not read that table at {host}. Give the role the right to read it.",
    "read_only": "Something tried to write at {host}, and Farol only reads. The view may call a function that writes.",
    "gone": "A table or column is no longer there at {host}. Pick the tables again.",
    "tls": "No encrypted connection to {host} that can be trusted: {why}. Check the certificate, or choose another way "
    "of encryption.",
    "unreachable": "{host} does not answer. Check host and port, and whether a firewall is in between.",
    "failed": "{host} reported: {why}.",
}


def failed(error: BaseException, secret: Secret, host: str, user: str = "", database: str = "") -> DataProblem:
    """A driver's error as a data problem; raise it `from None`."""
    origin: Any = getattr(error, "orig", None) or error
    kind = _kind(origin)
    first = " ".join(str(origin).split("\n")[0].split())[:300].strip(" .")
    return DataProblem(
        f"connection_{kind}",
        _SAID[kind],
        host=host,
        user=user,
        database=database,
        why=redacted(first, secret),
    )


def _kind(origin: Any) -> str:
    state = getattr(origin, "sqlstate", None)
    if state in _POSTGRES:
        return _POSTGRES[state]
    arguments = getattr(origin, "args", ())
    if arguments and isinstance(arguments[0], int) and arguments[0] in _MYSQL:
        return _MYSQL[arguments[0]]
    if state is None:
        text = str(origin).lower()
        return next((kind for words, kind in _WORDS if words in text), "failed")
    return "failed"
