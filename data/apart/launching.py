"""Starting a child for one step, listening to it, ending it.

On Linux a nursery process imports the libraries once and forks a fresh child for each step, in milliseconds.
Elsewhere each step starts an interpreter.
"""

import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from data.apart.{module} import main; main()"
_HANDED_DOWN = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONTZPATH", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT")
_LONGEST = 1 << 20


class Child:
    """A running child: lines come from it until it ends."""

    def __init__(self, stream: IO[bytes], end: Callable[[], None], status: Callable[[], int | None]) -> None:
        """`end` kills it; `status` waits for it and gives its exit code, below 0 for a signal, None when unknown."""
        self.end = end
        self.status = status
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, args=(stream,), daemon=True, name="farol-child").start()

    def line(self, seconds: float) -> bytes | None:
        """The next line, None after the last one.

        Raises:
            TimeoutError: nothing came in time.
        """
        try:
            return self._lines.get(timeout=max(0.0, seconds))
        except queue.Empty:
            raise TimeoutError from None

    def _listen(self, stream: IO[bytes]) -> None:
        with stream, suppress(OSError, ValueError):
            while line := stream.readline(_LONGEST):
                self._lines.put(line)
        self._lines.put(None)


def environment() -> dict[str, str]:
    """What a child may know of its surroundings: no addresses of databases, no keys."""
    kept = {name: os.environ[name] for name in _HANDED_DOWN if name in os.environ}
    return kept | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "MALLOC_ARENA_MAX": "4",
    }


def _command(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-I", "-c", _BOOT.format(module=module), str(ROOT), *arguments]


class _Nursery:
    """The process that forks children; one for each process that asks."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.lock = threading.Lock()
        ours, theirs = socket.socketpair()
        self.control = ours
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                _command("nursery", str(theirs.fileno())),
                pass_fds=(theirs.fileno(),),
                env=environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def start(self, request: bytes, complaints: Path) -> Child:
        ours, theirs = socket.socketpair()
        told, tells = os.pipe()
        with theirs, complaints.open("wb") as errors:
            try:
                with self.lock:
                    socket.send_fds(self.control, [b"n"], [theirs.fileno(), tells, errors.fileno()])
            except OSError:
                ours.close()
                os.close(told)
                raise
            finally:
                os.close(tells)
        ours.sendall(request)
        reports = os.fdopen(told, "rb")
        number: list[int] = []

        def read(expected: int) -> None:
            while len(number) < expected and (text := reports.readline()):
                number.append(int(text))

        def end() -> None:
            read(1)
            if number:
                with self.lock, suppress(OSError):
                    self.control.sendall(b"k%10d" % number[0])

        def status() -> int | None:
            with reports:
                read(2)
            return number[1] if len(number) > 1 else None

        with ours:
            return Child(ours.makefile("rb"), end, status)


_nursery: _Nursery | None = None
_making = threading.Lock()


def warm() -> None:
    """Have the libraries loaded before the first file comes; returns at once."""
    if sys.platform == "linux":
        _shared()


def _shared(instead_of: _Nursery | None = None) -> _Nursery:
    global _nursery
    with _making:
        gone = _nursery is None or _nursery is instead_of or _nursery.owner != os.getpid()
        if gone or (_nursery is not None and _nursery.process.poll() is not None):
            _nursery = _Nursery()
        assert _nursery is not None  # noqa: S101 - for the type checker
        return _nursery


def start(request: bytes, complaints: Path) -> Child:
    """A child at work on a request (one line); what it complains of goes to a file."""
    if sys.platform != "linux":
        return _start_alone(request, complaints)
    nursery = _shared()
    try:
        return nursery.start(request, complaints)
    except OSError:  # it was killed: a new one
        return _shared(nursery).start(request, complaints)


def _start_alone(request: bytes, complaints: Path) -> Child:
    with complaints.open("wb") as errors:
        process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            _command("child"), env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        )
    stdin: Any = process.stdin
    with suppress(OSError):
        stdin.write(request)
        stdin.flush()  # left open: its end tells the child that nobody listens any more
    stdout: Any = process.stdout
    return Child(stdout, process.kill, process.wait)
