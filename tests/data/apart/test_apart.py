"""The child: what crosses is what would be found here; when it dies, hangs or is too big, somebody says so."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
import pytest

from data import apart
from data.apart import Limits, asking, launching
from data.importing import Known, inspect, prepare
from data.problems import DataProblem
from data.readers import Assumed
from tests.data.apart.asked import look

USAGE = b"account_id,used_on,user_id,events\nA,2024-01-01,u,3\nB,2024-01-02,v,x\nA,2024-01-03,,5\nZ,2024-01-03,w,7\n"
CASES = {
    "usage.csv": USAGE,
    "assinaturas.csv": (
        "Relatório\r\n\r\nCódigo da assinatura;Cliente;Início;Mensalidade\r\nS1;C1;05/01/2024;R$ 1.234,50\r\n"
        "S2;C2;31/01/2024;R$ 99,90\r\n\r\nS3;C3;01/02/2024;x\r\nTotal;;;R$ 1.334,40\r\n"
    ).encode("cp1252"),
    "accounts.csv": b"account_id,name,created_on,Cor\nA,Um,2024-01-01,azul\nA,Um,2024-01-01,azul\nB,Dois,bad,\n",
    "accounts.jsonl": b'{"account_id": "A", "name": "Um"}\n{"account_id": "B", "name": null}\n',
}


@pytest.mark.parametrize("name", CASES)
def test_what_crosses_is_what_would_be_found_here(name, tmp_path):
    known = Known(pa.array(["A", "C1"]), None, ("BRL",))
    here, there = inspect(CASES[name], name), look(CASES[name], name, tmp_path)
    assert (there.name, there.sha256, there.size) == (here.name, here.sha256, here.size)
    assert there.suggestions == here.suggestions
    for one, other in zip(here.tables, there.tables, strict=True):
        assert other.frame.equals(one.frame)
        assert (other.headers, other.preview_lines, other.notes) == (one.headers, one.preview_lines, one.notes)
        assert [other.sample(header) for header in other.headers] == [one.sample(header) for header in one.headers]
    apart_rows = apart.check(there, known=known)
    for one, other in zip(prepare(here, known=known), apart_rows, strict=True):
        assert other.report() == json.loads(json.dumps(one.report()))
        assert other.accepted.to_pylist() == one.accepted.to_pylist()
        assert other.accepted.column_names == one.accepted.column_names
        assert other.rejected.to_pylist() == one.rejected.to_pylist()
        assert other.mapping == one.mapping


def test_refusals_cross_with_their_words_and_parameters(tmp_path):
    with pytest.raises(DataProblem) as problem:
        look(b"%PDF-1.7 nothing", "{0.__class__} report.pdf", tmp_path)
    assert problem.value.id == "not_a_table"
    assert "{0.__class__} report.pdf is not a table" in str(problem.value)
    with pytest.raises(DataProblem) as problem:
        look(USAGE, "usage.csv", tmp_path, assumed=Assumed(header_row=99))
    assert problem.value.id == "no_such_row"
    with pytest.raises(DataProblem) as problem:
        look(tmp_path / "nothing.csv", "nothing.csv", tmp_path)
    assert problem.value.id == "no_such_file"


def test_the_name_of_an_upload_makes_no_path(tmp_path):
    inside = tmp_path / "home" / "staging"
    upload = look(USAGE, "../../../evil.csv", inside)
    rows = apart.check(upload)
    assert upload.name == "../../../evil.csv"
    assert rows[0].accepted.num_rows == 3
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert not list(tmp_path.rglob("*evil*"))


def test_the_file_as_it_was_read_is_there_whatever_becomes_of_it(tmp_path):
    path = tmp_path / "usage.csv"
    path.write_bytes(USAGE)
    upload = look(path, "../../sent by ACME.CSV", tmp_path / "in")
    path.write_bytes(b"something else")
    assert upload.original.read_bytes() == USAGE
    assert upload.original.name == "original.csv"
    assert upload.original.is_relative_to(tmp_path / "in")
    assert look(path, "usage.a b", tmp_path).original.name == "original"
    del upload
    assert not list((tmp_path / "in").iterdir())


def test_files_go_when_nobody_needs_them(tmp_path):
    upload = look(USAGE, "usage.csv", tmp_path)
    rows = apart.check(upload)
    assert list(tmp_path.rglob("*.parquet"))
    del upload
    assert rows[0].accepted.num_rows == 3
    assert rows[0].accepted.to_pylist()[0]["account_id"] == "A"
    del rows
    assert not list(tmp_path.iterdir())


def test_the_child_knows_no_secrets(tmp_path, monkeypatch):
    for name in ("FAROL_DATABASE_URL", "FAROL_HOME", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH"):
        monkeypatch.setenv(name, "a secret")
    assert "a secret" not in launching.environment().values()
    seen = subprocess.run(
        [sys.executable, "-c", "import os; print(dict(os.environ))"],
        env=launching.environment(),
        capture_output=True,
        check=True,
    )
    assert b"secret" not in seen.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="forks, signals and /proc as Linux has them")
class TestDeaths:
    """The child in trouble."""

    @pytest.fixture
    def sleeping(self, monkeypatch):
        """Children that stop in the middle of their work, and their process ids."""
        started: list[int] = []
        original = launching.Child.line

        def line(self, seconds):
            found = original(self, seconds)
            if found is not None and b'"phase"' in found and not started:
                number = children()[-1]
                os.kill(number, signal.SIGSTOP)
                started.append(number)
            return found

        monkeypatch.setattr(launching.Child, "line", line)
        return started

    def test_one_that_is_killed(self, tmp_path, sleeping):
        def kill() -> None:
            while not sleeping:
                time.sleep(0.01)
            os.kill(sleeping[0], signal.SIGKILL)

        threading.Thread(target=kill, daemon=True).start()
        with pytest.raises(DataProblem) as problem:
            look(USAGE * 20_000, "usage.csv", tmp_path)
        assert problem.value.id == "reading_crashed"
        assert look(USAGE, "usage.csv", tmp_path).tables

    def test_one_that_hangs(self, tmp_path, sleeping):
        with pytest.raises(DataProblem) as problem:
            look(USAGE * 20_000, "usage.csv", tmp_path, limits=Limits(seconds=1))
        assert (problem.value.id, problem.value.params["seconds"]) == ("reading_too_slow", 1)
        assert not alive(sleeping[0])

    def test_one_whose_nursery_is_killed(self, tmp_path):
        look(USAGE, "usage.csv", tmp_path)
        os.kill(launching._shared().process.pid, signal.SIGKILL)
        launching._shared().process.wait()
        assert look(USAGE, "usage.csv", tmp_path).tables

    @pytest.mark.parametrize("request_line", [b"nonsense\n", b"{}\n", b"\n"])
    def test_one_that_meets_what_nobody_foresaw_does_not_end_like_a_success(self, tmp_path, request_line):
        child = launching.start(request_line, tmp_path / "complaints.txt")
        assert child.line(30) is None
        child.end()
        assert child.status() == 1
        assert "Traceback" in (tmp_path / "complaints.txt").read_text()

    def test_the_log_says_what_it_met(self, tmp_path, caplog):
        with pytest.raises(DataProblem) as problem:
            asking._asked({"step": "dance", "bytes": 0}, tmp_path, "f", None, None)
        assert problem.value.id == "reading_crashed"
        assert "ended with 1" in caplog.text
        assert "KeyError: 'dance'" in caplog.text

    @pytest.mark.slow
    def test_none_outlives_its_parent(self, tmp_path):
        path = tmp_path / "usage.csv"
        path.write_bytes(USAGE * 200_000)
        script = (
            "import sys, os; from pathlib import Path; from data import apart; from data.apart import launching\n"
            "from tests.data.apart.test_apart import children\n"
            "import signal\n"
            "def say(phase, share):\n"
            "    found = children(); os.kill(found[-1], signal.SIGSTOP)\n"
            "    print(launching._shared().process.pid, found[-1], flush=True)\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n"
            f"apart.look(Path({str(path)!r}), 'usage.csv', None, None, Path({str(tmp_path / 'in')!r}), progress=say)\n"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, cwd=launching.ROOT, timeout=120)
        numbers = [int(text) for text in done.stdout.split()]
        assert len(numbers) == 2, done.stderr
        until = time.monotonic() + 10
        while any(alive(number) for number in numbers) and time.monotonic() < until:
            time.sleep(0.05)
        assert not [number for number in numbers if alive(number)]

    def test_the_fence_holds(self, tmp_path):
        """Inside it there are no new sockets, no new programs, no files beyond a size."""
        script = (
            "import os, socket, subprocess, sys; from data.apart import fence; from data.apart.limits import Limits\n"
            "fence.close_in(Limits(written_mb=1, memory_mb=300), 0)\n"
            "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "def tried(work):\n"
            "    try:\n        work()\n    except BaseException as error:\n        print(type(error).__name__)\n"
            "tried(lambda: socket.socket())\n"
            "tried(lambda: os.execv('/bin/true', ['true']))\n"
            "tried(lambda: open(sys.argv[1], 'wb').write(bytes(3 << 20)))\n"
            "tried(lambda: bytes(400 << 20))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "big")],
            capture_output=True,
            text=True,
            cwd=launching.ROOT,
            check=True,
        )
        assert done.stdout.split() == ["PermissionError", "PermissionError", "OSError", "MemoryError"]


def test_deaths_have_their_words():
    def died(status: int | None, complaint: bytes = b"") -> str:
        return asking._death("f", status, complaint, Limits()).id

    assert died(-signal.SIGSEGV) == died(-signal.SIGKILL) == died(None) == died(0) == "reading_crashed"
    assert died(-signal.SIGABRT, b"memory allocation of 17179869184 bytes failed") == "reading_too_big"
    assert (
        died(-signal.SIGABRT, b"terminate called after throwing an instance of 'std::bad_alloc'") == "reading_too_big"
    )
    for words in (
        b"pyarrow.lib.ArrowException: Unknown error: Failed to launch worker thread: Resource temporarily unavailable",
        b"RuntimeError: can't start new thread",
        b"_duckdb.OutOfMemoryException: Out of Memory Error: Failed to allocate block of 262144 bytes",
        b"ValueOrDie called on an error: Out of memory: malloc of size 2700032 failed",
    ):
        assert died(1, words) == "reading_too_big"
    assert died(-signal.SIGXCPU) == "reading_too_slow"


def test_limits_are_settings(monkeypatch):
    monkeypatch.setenv("FAROL_IMPORT_SECONDS", "7")
    monkeypatch.setenv("FAROL_IMPORT_COLUMNS", "none")
    monkeypatch.setenv("FAROL_IMPORT_CELLS", "0")
    assert Limits.from_environment() == Limits(seconds=7)


def test_a_result_that_is_none_is_a_crash(tmp_path):
    with pytest.raises(DataProblem) as problem, asking._Taking("f"):
        asking.problem_in({"id": "x", "message": "{name.__class__}", "params": {"name": "y"}})
    assert problem.value.id == "reading_crashed"


def children() -> list[int]:
    """Children of this process's nursery, oldest first."""
    nursery = launching._shared().process.pid
    found = Path(f"/proc/{nursery}/task/{nursery}/children")
    return sorted(int(number) for number in found.read_text().split())


def alive(number: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
