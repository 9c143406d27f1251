"""Private database servers for tests: fixtures `postgres` and `mariadb`, started once a session and taken away after.

Each has a data folder of its own under the system's temporary folder, listens on the loopback address only, at a
free port, and is run by the user its package made when the tests run as root (both refuse root). Where a server is
not installed, the tests that need it are skipped and say so.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

USER = "farol"
START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A running server. `url` is an administrator's; its password is random, and made for this run only."""

    url: sa.URL

    def execute(self, *statements: str, database: str | None = None) -> None:
        """Run statements as the administrator, each on its own, outside a transaction."""
        url = self.url.set(database=database) if database else self.url
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    def new_database(self) -> sa.URL:
        """The administrator's address of a fresh, empty database."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url.set(database=name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A private PostgreSQL server."""
    found = shutil.which("postgres") or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)), None
    )
    initdb = found and Path(found).resolve().with_name("initdb")
    if not found or not initdb or not initdb.exists():
        pytest.skip("PostgreSQL is not installed")
    with _folder("postgres") as (folder, as_user):
        password, data = secrets.token_hex(12), folder / "data"
        secret = folder / "password"
        secret.write_text(password)
        secret.chmod(0o644)  # in a folder that only the server's user may enter
        made = [str(initdb), "-D", str(data), "-U", USER, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"]
        _run([*made, "--no-sync", f"--pwfile={secret}"], as_user)
        port = _free_port()
        command = [found, "-D", str(data), "-p", str(port), "-k", str(folder), "-h", "127.0.0.1", "-F"]
        url = sa.URL.create("postgresql+psycopg", USER, password, "127.0.0.1", port, "postgres")
        with _running(command, as_user, url, folder / "log", signal.SIGQUIT):  # at once: nothing is kept
            yield Server(url)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    """A private MariaDB server (or MySQL, under MariaDB's names)."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    server, install = shutil.which("mariadbd", path=path), shutil.which("mariadb-install-db", path=path)
    if not server or not install:
        pytest.skip("MariaDB is not installed")
    with _folder("mysql") as (folder, as_user):
        password, data = secrets.token_hex(12), folder / "data"
        made = [install, "--no-defaults", f"--datadir={data}", "--skip-test-db"]
        _run([*made, "--auth-root-authentication-method=normal"], as_user)
        first = folder / "first.sql"
        first.write_text(
            f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{password}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n"
            "DELETE FROM mysql.global_priv WHERE User = '';\nFLUSH PRIVILEGES;\n"
        )
        first.chmod(0o644)
        port = _free_port()
        command = [server, "--no-defaults", f"--datadir={data}", f"--port={port}", f"--init-file={first}"]
        command += ["--bind-address=127.0.0.1", f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}"]
        command += ["--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4", "--skip-log-bin"]
        url = sa.URL.create("mysql+pymysql", USER, password, "127.0.0.1", port, "mysql", {"charset": "utf8mb4"})
        with _running(command, as_user, url, folder / "log", signal.SIGTERM):
            yield Server(url)


@contextlib.contextmanager
def _folder(user: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A folder that the server's user owns, and what makes a process that user's."""
    as_user: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix=f"farol-{user}-"))
    try:
        if os.geteuid() == 0:
            try:
                account = pwd.getpwnam(user)
            except KeyError:
                pytest.skip(f"as root, a database server is run by the user {user}, which is missing")
            os.chown(folder, account.pw_uid, account.pw_gid)
            as_user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        yield folder, as_user
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(
    command: Sequence[str], as_user: Mapping[str, Any], url: sa.URL, log: Path, stop: signal.Signals
) -> Iterator[None]:
    with log.open("wb") as output:
        streams = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output}
        server = subprocess.Popen(command, cwd=log.parent, **streams, **as_user)
    try:
        _wait(server, url, log)
        yield
    finally:
        server.send_signal(stop)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(server: "subprocess.Popen[bytes]", url: sa.URL, log: Path) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with engine.connect():
                return
        except sa.exc.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)


def _run(command: Sequence[str], as_user: Mapping[str, Any]) -> None:
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", env=environment, **as_user)
    if done.returncode:
        pytest.fail(f"{command[0]}: {done.stdout[-1000:]}{done.stderr[-1000:]}")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]
