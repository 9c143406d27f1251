"""A published file by link: fetched under the host rules, every redirect checked anew, within time and size.

The address that was looked up and checked is the one that is connected to. A page where a file should be (a
sign-in, an error) is recognised and said, never read as rows.
"""

import hashlib
import http.client
import os
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from data.connections.hosts import HostRules, resolved
from data.connections.secret import Secret
from data.connections.spec import checked_link
from data.problems import DataProblem

MOST_BYTES = 200 * 1024**2
SECONDS, CONNECT_SECONDS = 120.0, 10.0
REDIRECTS = 5
CHUNK = 1 << 16
_SIGN_IN_HOSTS = re.compile(r"(?i)^(accounts\.google|login\.|signin\.|sso\.|auth\.|.*\.okta\.com$|.*\.auth0\.com$)")
_SIGN_IN_WORDS = re.compile(rb"(?i)type=[\"']?password|sign[ -]?in|log[ -]?in|fazer login|entrar na conta|iniciar sesi")
_SUFFIXES = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/x-ndjson": ".jsonl",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/zip": ".zip",
    "application/gzip": ".gz",
}
_KNOWN_SUFFIX = re.compile(r"(?i)\.(csv|tsv|txt|xlsx|xlsm|xlsb|xls|ods|parquet|jsonl|ndjson|json|zip|gz)$")


@dataclass(frozen=True)
class Fetched:
    """A file that was fetched. `changed` is False when the server says it is as it was; then nothing was written."""

    changed: bool
    name: str = ""
    sha256: str = ""
    size: int = 0
    etag: str = ""
    modified: str = ""


def fetch(
    url: str,
    path: Path,
    rules: HostRules,
    secret: Secret = Secret(""),  # noqa: B008 - immutable
    etag: str = "",
    modified: str = "",
    most_bytes: int = MOST_BYTES,
    seconds: float = SECONDS,
) -> Fetched:
    """Fetch a link into a file.

    Args:
        url: As `spec.checked_link` gives it.
        path: The file to write; taken away again when something goes wrong.
        rules: What may be reached.
        secret: Sent as a bearer token, to the link's own host alone.
        etag: What the server called the last version.
        modified: When it said that was changed.
        most_bytes: The largest file.
        seconds: The longest time, all redirects included.

    Raises:
        DataProblem: refused, not found, a page instead of a file, too large, too slow.
    """
    end = time.monotonic() + seconds
    first = urlsplit(url)
    try:
        for _ in range(REDIRECTS + 1):
            parts = urlsplit(checked_link(url, rules))
            headers = {"Accept-Encoding": "identity", "User-Agent": "Farol", "Accept": "*/*"}
            headers |= {"If-None-Match": etag} if etag else {}
            headers |= {"If-Modified-Since": modified} if modified else {}
            if secret and (parts.scheme, parts.netloc) == (first.scheme, first.netloc):
                headers["Authorization"] = f"Bearer {secret.reveal()}"
            connection = _connected(url, rules, end)
            try:
                connection.request(
                    "GET", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", headers=headers
                )
                response = connection.getresponse()
                if response.status in (301, 302, 303, 307, 308):
                    url = urljoin(url, response.headers.get("Location", ""))
                    continue
                if response.status == 304:
                    return Fetched(False, etag=etag, modified=modified)
                return _received(response, parts.hostname or "", unquote(parts.path), path, most_bytes, end, connection)
            finally:
                connection.close()
    except TimeoutError:
        raise DataProblem(
            "link_slow", "The link took longer than {seconds} seconds and was given up.", seconds=int(seconds)
        ) from None
    except ssl.SSLError:
        raise DataProblem(
            "link_untrusted", "{host} shows no certificate that can be trusted.", host=urlsplit(url).hostname or ""
        ) from None
    except (OSError, http.client.HTTPException, ValueError, UnicodeError):
        raise DataProblem(
            "link_unreachable", "{host} does not answer as it should. Try again later.", host=first.hostname or ""
        ) from None
    raise DataProblem("link_in_circles", "The link leads from one address to the next without end.")


def _connected(url: str, rules: HostRules, end: float) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    address = resolved(host, port, rules, "link")
    wire = socket.create_connection((address, port), min(CONNECT_SECONDS, _left(end)))
    try:
        wire.settimeout(_left(end))
        if secure:
            context = ssl.create_default_context(cafile=os.environ.get("FAROL_TLS_CA") or None)
            wire = context.wrap_socket(wire, server_hostname=host)
    except BaseException:
        wire.close()
        raise
    connection = http.client.HTTPConnection(host, port)
    if port != (443 if secure else 80):
        connection.port = port
    elif secure:
        connection.default_port = 443
    connection.sock = wire
    return connection


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _received(
    response: http.client.HTTPResponse,
    host: str,
    where: str,
    path: Path,
    most_bytes: int,
    end: float,
    connection: http.client.HTTPConnection,
) -> Fetched:
    kind = response.headers.get_content_type() if response.headers.get("Content-Type") else ""
    if response.status in (401, 403, 407):
        raise _sign_in(host)
    if response.status in (404, 410):
        raise DataProblem("link_gone", "There is no file at this link any more. Ask whoever published it.")
    if response.status != 200:
        raise DataProblem(
            "link_refused", "{host} answered {status}. Try again later.", host=host, status=response.status
        )
    declared = response.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared) > most_bytes:
        raise _too_large(most_bytes)
    digest, size, head = hashlib.sha256(), 0, b""
    try:
        with path.open("wb") as stream:
            while chunk := _chunk(response, connection, end):
                size += len(chunk)
                if size > most_bytes:
                    raise _too_large(most_bytes)
                head = head if len(head) >= CHUNK else head + chunk
                digest.update(chunk)
                stream.write(chunk)
        if declared.isdigit() and size < int(declared):
            raise http.client.IncompleteRead(b"")
        _refuse_pages(kind, head, host)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Fetched(
        True,
        _name(response.headers, where, kind),
        digest.hexdigest(),
        size,
        response.headers.get("ETag", "")[:500],
        response.headers.get("Last-Modified", "")[:100],
    )


def _chunk(response: http.client.HTTPResponse, connection: http.client.HTTPConnection, end: float) -> bytes:
    left = _left(end)
    if connection.sock is not None:
        connection.sock.settimeout(left)
    return response.read1(CHUNK)


def _refuse_pages(kind: str, head: bytes, host: str) -> None:
    start = head[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if kind in ("text/html", "application/xhtml+xml") or start.startswith((b"<!doctype html", b"<html")):
        if _SIGN_IN_HOSTS.match(host) or _SIGN_IN_WORDS.search(head):
            raise _sign_in(host)
        raise DataProblem(
            "link_is_page",
            "The link leads to a web page, not to a file. Use the link that downloads the file; for a sheet: publish "
            "it to the web as CSV.",
        )


def _sign_in(host: str) -> DataProblem:
    return DataProblem(
        "link_sign_in",
        "This link leads to a sign-in page of {host}. Share the file so that anybody with the link can see it, or "
        "download it and bring in the file.",
        host=host,
    )


def _too_large(most_bytes: int) -> DataProblem:
    return DataProblem(
        "link_too_large", "The file is larger than {limit} MB. Bring it in as a file.", limit=most_bytes // 1024**2
    )


def _name(headers: Message | Mapping[str, str], where: str, kind: str) -> str:
    """A harmless name with a suffix that readers know: the server's, else that of the address."""
    given = headers.get_filename() if isinstance(headers, Message) else None
    name = re.sub(r"[^\w .()-]", "_", (given or where).replace("\\", "/").rsplit("/", 1)[-1])[:100].strip(". ")
    if not _KNOWN_SUFFIX.search(name):
        name = (name or "sheet") + _SUFFIXES.get(kind, ".csv")
    return name
