"""Secrets by reference: where a password is, never what it is.

`env:FAROL_SECRET_CRM` is an environment variable (only names with that prefix can be named, so that nobody reads
others through us); `file:crm` is a file of that name in the folder that FAROL_SECRETS names, or an entry of the
section [farol] in the TOML file that it names (`.streamlit/secrets.toml` without it).
"""

import os
import re
import tomllib
from pathlib import Path
from urllib.parse import quote, quote_plus

from data.problems import DataProblem

PREFIX = "FAROL_SECRET_"
SECTION = "farol"
HIDDEN = "•••"
_ENV = re.compile(rf"{PREFIX}[A-Z0-9_]{{1,60}}")
_FILE = re.compile(r"[A-Za-z0-9_-]{1,60}")
_TYPED = re.compile(r"(?i)\b(password|passwd|pwd|token|secret)(\s*[=:]\s*)[^\s&,;'\")]+")
_LOGIN = re.compile(r"(://[^\s:/@]*:)[^\s/]+@")
MOST_BYTES = 10_000


class Secret:
    """A value that does not show itself: not in text, not in a traceback, not in a pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Hold a value."""
        self._value = value

    def __repr__(self) -> str:
        """Never the value."""
        return HIDDEN

    __str__ = __repr__

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self._value)

    def __reduce__(self) -> str:
        """A secret stays in its process."""
        raise TypeError("a secret cannot be pickled")

    def reveal(self) -> str:
        """The value, for the driver alone."""
        return self._value


def checked_reference(reference: str) -> str:
    """A reference as it is stored.

    Raises:
        DataProblem: it is none; what was typed is not repeated, for it may be a password.
    """
    given = reference.strip()
    kind, _, name = given.partition(":")
    if not given or (kind == "env" and _ENV.fullmatch(name)) or (kind == "file" and _FILE.fullmatch(name)):
        return given
    raise DataProblem(
        "secret_reference_bad",
        "Say where the password is, not what it is: env:{prefix}NAME for an environment variable, or file:name for "
        "an entry of the secrets file. What you typed was not kept.",
        prefix=PREFIX,
    )


def resolve(reference: str) -> Secret:
    """The secret a reference names; an empty one without a reference.

    Raises:
        DataProblem: it is not there, with the way to provide it.
    """
    kind, _, name = checked_reference(reference).partition(":")
    if not kind:
        return Secret("")
    value = os.environ.get(name) if kind == "env" else _from_file(name)
    if value is None:
        raise DataProblem(
            "secret_missing",
            "There is no secret {reference}. Set it where Farol runs ({how}), then try again.",
            reference=reference,
            how=f"environment variable {name}" if kind == "env" else f"secrets file, entry {name}",
        )
    return Secret(value)


def redacted(text: object, *secrets: Secret) -> str:
    """A text without secrets: neither these, in any spelling, nor what looks like one."""
    shown = str(text)
    for secret in secrets:
        value = secret.reveal()
        for spelled in sorted(
            {value, quote(value, safe=""), quote(value), quote_plus(value), repr(value)[1:-1]}, key=len
        ):
            if spelled:
                shown = shown.replace(spelled, HIDDEN)
    return _TYPED.sub(rf"\1\2{HIDDEN}", _LOGIN.sub(rf"\1{HIDDEN}@", shown))


def _from_file(name: str) -> str | None:
    place = Path(os.environ.get("FAROL_SECRETS") or Path(".streamlit") / "secrets.toml")
    try:
        if place.is_dir():
            path = place / name
            if path.resolve().parent != place.resolve() or not path.is_file() or path.stat().st_size > MOST_BYTES:
                return None
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        if not place.is_file():
            return None
        value = tomllib.loads(place.read_text(encoding="utf-8")).get(SECTION, {}).get(name)
    except (OSError, ValueError, AttributeError):  # what it says is not repeated: it is full of secrets
        raise DataProblem(
            "secrets_unreadable", "The secrets file cannot be read. Check that it is UTF-8 text and valid TOML."
        ) from None
    return value if isinstance(value, str) else None
