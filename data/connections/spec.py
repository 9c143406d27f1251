"""What a connection must look like before it is stored: checked fields, no secret among them."""

import re
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from data.connections.hosts import HostRules, checked_host
from data.connections.secret import checked_reference
from data.problems import DataProblem, did_you_mean
from data.store.connections import ConnectionInfo

KINDS = ("postgresql", "mysql", "link")
PORTS = {"postgresql": 5432, "mysql": 3306}
TLS = ("verify", "require", "off")
OTHER_NAMES = {
    "postgres": "postgresql", "postgresql+psycopg": "postgresql", "postgresql+psycopg2": "postgresql",
    "mariadb": "mysql", "mysql+pymysql": "mysql", "https": "link", "http": "link", "csv": "link", "sheet": "link",
}  # fmt: skip
_NAME = re.compile(r"[\w][\w .-]{0,59}")
_SECRET_WORDS = re.compile(
    r"(?i)^(.*(password|passwd|pwd|secret|token|credential|signature|api_?key|access_?key).*|auth|sig|pass|key_?id)$"
)


def checked(info: ConnectionInfo, rules: HostRules) -> ConnectionInfo:
    """The connection as it is stored.

    Raises:
        DataProblem: what is missing or not allowed, and what to do; never repeating what may be a secret.
    """
    kind = OTHER_NAMES.get(info.kind.strip().lower(), info.kind.strip().lower())
    if kind not in KINDS:
        raise DataProblem(
            "connection_kind_untested",
            "Farol has not been tested with {kind} and does not connect to it.{hint} It connects to PostgreSQL, "
            "MySQL and MariaDB, and to a CSV file or published sheet by link. From elsewhere, bring in a file.",
            kind=info.kind[:40],
            hint=did_you_mean(kind, KINDS),
        )
    name = " ".join(info.name.split())
    if not _NAME.fullmatch(name):
        raise DataProblem(
            "connection_name_bad", "A connection's name has 1 to 60 letters, digits, blanks, dots and dashes."
        )
    secret = checked_reference(info.secret)
    if secret and rules.shared and not rules.allowed:
        raise DataProblem(
            "secret_needs_hosts",
            "Farol is shared with others, so a password is sent only to hosts that whoever runs it has listed in "
            "FAROL_ALLOWED_HOSTS. Ask them to add this one.",
        )
    if kind == "link":
        url = checked_link(str(info.options.get("url", "")), rules)
        host = checked_host(urlsplit(url).hostname or "")
        return replace(info, name=name, kind=kind, host=host, port=None, secret=secret, options={"url": url})
    host = checked_host(info.host)
    database, user = info.database.strip(), info.user.strip()
    for field, value in (("database", database), ("user", user)):
        if not value or not value.isprintable() or "://" in value:
            raise DataProblem("connection_field_missing", "The connection needs the {field}.", field=field)
    port = info.port or PORTS[kind]
    if not 0 < port < 65536:
        raise DataProblem("connection_port_bad", "A port is a number from 1 to 65535.")
    options = {"tls": str(info.options.get("tls") or "verify"), "live": bool(info.options.get("live", False))}
    if options["tls"] not in TLS:
        raise DataProblem("connection_tls_bad", "Encryption is one of {known}.", known=", ".join(TLS))
    return replace(
        info, name=name, kind=kind, host=host, port=port, database=database, user=user, secret=secret, options=options
    )


def from_url(name: str, url: str, secret: str = "", tls: str = "") -> ConnectionInfo:
    """A connection from an address such as postgresql://user@host:5432/database, or a link.

    Raises:
        DataProblem: a password in it, or no address at all; it is never repeated.
    """
    try:
        parts = urlsplit(url.strip())
        host, port, password = parts.hostname or "", parts.port, parts.password
    except ValueError:
        raise _bad_address() from None
    if password is not None or _has_secret(parts.query):
        raise password_in_url()
    if not parts.scheme or not host:
        raise _bad_address()
    kind = OTHER_NAMES.get(parts.scheme.lower(), parts.scheme.lower())
    if kind == "link":
        return ConnectionInfo(name, "link", host, secret=secret, options={"url": url.strip()})
    options = {"tls": tls} if tls else {}
    return ConnectionInfo(name, kind, host, port, parts.path.lstrip("/"), parts.username or "", secret, options)


def checked_link(url: str, rules: HostRules) -> str:
    """A link as it is stored: https, or http to a host that is allowed by name; the file behind a sheet's page.

    Raises:
        DataProblem: it is no such link, or holds a secret; it is never repeated.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _bad_address() from None
    if parts.username is not None or parts.password is not None or _has_secret(parts.query):
        raise password_in_url()
    if parts.scheme not in ("http", "https") or not host:
        raise _bad_address()
    if parts.scheme == "http" and not rules.names(checked_host(host)):
        raise DataProblem(
            "link_not_https",
            "The link must begin with https://; without it, anybody on the way can change the rows. Plain http is "
            "followed only to hosts listed in FAROL_ALLOWED_HOSTS.",
        )
    return _file_behind(urlunsplit(parts._replace(fragment="")), parts.fragment)


def _file_behind(url: str, fragment: str) -> str:
    """The file itself where a link leads to the page that shows it (Google Sheets, Dropbox)."""
    parts = urlsplit(url)
    sheet = re.fullmatch(r"(/spreadsheets/d/(?!e/)[\w-]+)(/(edit|view|htmlview).*)?/?", parts.path)
    if parts.hostname == "docs.google.com" and sheet:
        gid = re.search(r"gid=(\d+)", f"{fragment}&{parts.query}")
        query = "format=csv" + (f"&gid={gid[1]}" if gid else "")
        return urlunsplit(parts._replace(path=f"{sheet[1]}/export", query=query))
    if parts.hostname in ("www.dropbox.com", "dropbox.com") and "dl=0" in parts.query:
        return urlunsplit(parts._replace(query=parts.query.replace("dl=0", "dl=1")))
    return url


def password_in_url() -> DataProblem:
    """A refusal that says how, and does not repeat the address."""
    return DataProblem(
        "password_in_url",
        "The address holds a password, key or token. Addresses end up in logs and histories, so it was not kept: give "
        "it without, and say where the password is (env:FAROL_SECRET_NAME or file:name).",
    )


def _bad_address() -> DataProblem:
    return DataProblem(
        "connection_address_bad",
        "This is no address Farol understands. Write postgresql://user@host/database, mysql://user@host/database, or "
        "a link that begins with https://.",
    )


def _has_secret(query: str) -> bool:
    return any(_SECRET_WORDS.match(name) for name, _ in parse_qsl(query, keep_blank_values=True))
