"""The process that forks children. It imports what they need and reads nothing of any file itself.

It ends when the socket of its owner closes, and its children end with it.
"""

import errno
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress

_KILL_BYTES = 10


def main() -> None:
    """Fork a child for each request until the owner is gone."""
    from data.apart import child  # what is imported here, every child has

    control = socket.socket(fileno=int(sys.argv[2]))
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([control.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 512)
            _reap(running)
        if control.fileno() not in ready:
            continue
        asked, handed, _, _ = socket.recv_fds(control, 1, 3)
        if asked == b"n" and len(handed) == 3:
            _fork(child, handed, running)
        elif asked == b"n":  # too many files are open: this one cannot be read now, others may
            for handle in handed:
                os.close(handle)
        elif asked == b"k":
            number = int(control.recv(_KILL_BYTES, socket.MSG_WAITALL))
            if number in running:
                os.kill(number, signal.SIGKILL)
        else:
            break
    for number in running:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def _fork(child, handed: list[int], running: dict[int, int]) -> None:  # type: ignore[no-untyped-def]
    talk, report, errors = handed
    try:
        number = os.fork()
    except OSError as error:  # no memory or no process to be had: that ends this reading, not those that run
        os.write(errors, f"fork: {errno.errorcode.get(error.errno or 0)}".encode())
        for handle in handed:
            os.close(handle)
        return
    if number == 0:
        _be_child(child, talk, errors)
    for handle in (talk, errors):
        os.close(handle)
    running[number] = report
    with suppress(OSError):  # nobody listens any more
        os.write(report, b"%d\n" % number)


def _be_child(child, talk: int, errors: int) -> None:  # type: ignore[no-untyped-def]
    """Serve and end; what it could not cope with is in its complaints, and its status is not that of success."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(talk, 0)
        os.dup2(errors, 2)
        os.closerange(3, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 65_536 else 65_536)
        child.serve(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(0), "wb"), os.getppid())
        status = 0
    except BaseException:  # nothing may go back into the nursery's loop
        with suppress(Exception):
            traceback.print_exc()
            sys.stderr.flush()
    finally:
        os._exit(status)


def _reap(running: dict[int, int]) -> None:
    with suppress(ChildProcessError):
        while True:
            number, status = os.waitpid(-1, os.WNOHANG)
            if number == 0:
                return
            report = running.pop(number, None)
            if report is not None:
                with suppress(OSError):
                    os.write(report, b"%d\n" % os.waitstatus_to_exitcode(status))
                os.close(report)
