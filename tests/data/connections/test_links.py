"""Published files by link: what comes, what is refused, and what is left when something goes wrong."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from data.connections import HostRules, Secret, fetch
from data.problems import DataProblem
from data.store import ConnectionInfo, Store
from workspace import Workspace, connecting, refreshing

CSV = b"account_id,name,segment,created_on\nA1,Ana,SMB,2024-01-05\nA2,Bia,SMB,2024-02-05\n"
RULES = HostRules(("127.0.0.1", "localhost"))


class Site(BaseHTTPRequestHandler):
    """Files and traps."""

    body = CSV
    seen: list[tuple[str, dict[str, str]]] = []

    def do_GET(self) -> None:
        type(self).seen.append((self.path, dict(self.headers)))
        path = self.path.partition("?")[0]
        if path == "/accounts.csv":
            if self.headers.get("If-None-Match") == f'"{hash(self.body)}"':
                return self._send(304, b"")
            return self._send(200, self.body, ETag=f'"{hash(self.body)}"', Type="text/csv")
        if path == "/plain.csv":
            return self._send(200, self.body, Type="text/csv")
        if path == "/named":
            return self._send(200, CSV, Type="text/csv", Disposition='attachment; filename="../../x y.csv"')
        if path == "/login":
            return self._send(200, b"<html><input type='password'>Sign in</html>", Type="text/html")
        if path == "/page":
            return self._send(200, b"\n <!DOCTYPE html><p>hello", Type="text/plain")
        if path == "/secret":
            return self._send(401, b"")
        if path == "/away":
            return self._send(302, b"", Location="http://169.254.169.254/latest/meta-data/")
        if path == "/moved":
            return self._send(302, b"", Location="/accounts.csv")
        if path == "/other":
            return self._send(302, b"", Location=f"http://localhost:{self.server.server_address[1]}/plain.csv")
        if path == "/plainer":
            return self._send(302, b"", Location="file:///etc/passwd")
        if path == "/round":
            return self._send(302, b"", Location="/round")
        if path == "/lies":
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            return self.wfile.write(b"a,b\n1,2\n") and None
        if path == "/endless":
            self.send_response(200)
            self.end_headers()
            for _ in range(400):
                self.wfile.write(b"x" * 10_000)
            return None
        if path == "/drip":
            self.send_response(200)
            self.end_headers()
            for _ in range(40):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)
            return None
        return self._send(404, b"")

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(f"Content-{name}" if name in ("Type", "Disposition") else name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def site() -> Iterator[str]:
    Site.body, Site.seen = CSV, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients hang up in these tests
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_file_comes_whole_and_once(site: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    found = fetch(f"{site}/moved", path, RULES)
    assert path.read_bytes() == CSV
    assert (found.name, found.size) == ("accounts.csv", len(CSV))
    again = fetch(f"{site}/accounts.csv", tmp_path / "y", RULES, etag=found.etag)
    assert not again.changed
    assert not (tmp_path / "y").exists()
    assert fetch(f"{site}/named", path, RULES).name == "x y.csv"


@pytest.mark.parametrize(
    ("where", "problem"),
    [
        ("login", "link_sign_in"), ("secret", "link_sign_in"), ("page", "link_is_page"), ("nothing", "link_gone"),
        ("away", "host_refused_metadata"), ("plainer", "connection_address_bad"), ("round", "link_in_circles"),
        ("lies", "link_unreachable"), ("endless", "link_too_large"), ("drip", "link_slow"),
    ],
)  # fmt: skip
def test_traps(site: str, tmp_path: Path, where: str, problem: str) -> None:
    began = time.monotonic()
    rules = (
        HostRules((*RULES.allowed, "*.nothing")) if where != "away" else HostRules(("127.0.0.1", "169.254.169.254.x"))
    )
    with pytest.raises(DataProblem) as refused:
        fetch(f"{site}/{where}", tmp_path / "x", rules, most_bytes=1_000_000, seconds=0.7)
    expected = {problem, "link_not_https"} if where == "away" else {problem}
    assert refused.value.id in expected
    assert time.monotonic() - began < 5
    assert not list(tmp_path.iterdir())


def test_a_token_goes_to_its_own_host_alone(site: str, tmp_path: Path) -> None:
    fetch(f"{site}/other", tmp_path / "x", RULES, Secret("t0ken"))
    sent = {path: headers.get("Authorization") for path, headers in Site.seen}
    assert sent == {"/other": "Bearer t0ken", "/plain.csv": None}


def test_a_redirect_to_a_refused_host_is_not_followed(site: str, tmp_path: Path) -> None:
    with pytest.raises(DataProblem):
        fetch(f"{site}/other", tmp_path / "x", HostRules(("127.0.0.1",), ("localhost",)))
    assert [path for path, _ in Site.seen] == ["/other"]


@pytest.mark.parametrize("file", ["accounts.csv", pytest.param("plain.csv", marks=pytest.mark.slow)])
def test_a_link_refreshes_like_a_table(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    monkeypatch.setenv("FAROL_ALLOWED_HOSTS", "127.0.0.1")
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "home"))
    store = Store(tmp_path / "home")
    space = Workspace(store, store.create_workspace("acme").id)
    connecting.add(space, ConnectionInfo("sheet", "link", options={"url": f"{site}/{file}"}))
    connecting.pick(space, "sheet", connecting.peek(space, "sheet"))

    def refreshed() -> tuple[str, int]:
        (report,) = refreshing.refresh(Workspace(store, space.id))
        assert report["error"] is None
        return report["mode"], store.rows(space.id)["accounts"]

    assert refreshed() == ("replace", 2)
    assert refreshed() == ("unchanged", 2)
    Site.body = CSV + b"A3,Caio,SMB,2024-03-05\n"
    assert refreshed() == ("replace", 3)
    Site.body = b"<html>Please sign in</html>"
    (report,) = refreshing.refresh(Workspace(store, space.id))
    assert report["error"]["id"] in ("link_sign_in",)
    assert store.rows(space.id)["accounts"] == 3
    assert not [path for path in (tmp_path / "home" / "staging").iterdir() if path.suffix == ".download"]
