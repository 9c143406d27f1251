"""What keeps the child in: limits of the system, no new rights, no network, no life after its parent.

All of it is best effort: where a system lacks one of them, the others and the clock of the parent still hold.
"""

import ctypes
import platform
import struct
import sys
from contextlib import suppress

from data.apart.limits import MEGABYTE, Limits

_PDEATHSIG, _NO_NEW_PRIVS, _SECCOMP, _FILTER = 1, 38, 22, 2
_KILL, _SIGKILL = 9, 9
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # the latter answers "operation not permitted"
# Architecture of the filter, then what is refused: socket, connect, bind, execve, execveat, ptrace, and reading or
# writing the memory of other processes.
_CALLS = {
    "x86_64": (0xC000003E, (41, 42, 49, 59, 322, 101, 310, 311)),
    "aarch64": (0xC00000B7, (198, 203, 200, 221, 281, 117, 270, 271)),
}


def die_with_parent() -> None:
    """End when the process that made this one ends (Linux)."""
    _prctl(_PDEATHSIG, _KILL)


def close_in(limits: Limits, file_bytes: int) -> None:
    """Take limits and give up rights, before anything of a file is read.

    Args:
        limits: What the child may take.
        file_bytes: Size of the file, which is mapped into memory and so counts as memory to the system.
    """
    with suppress(ImportError):
        import resource

        memory = limits.memory_mb * MEGABYTE + file_bytes
        for which, most in (
            (resource.RLIMIT_AS, _mapped() + memory),
            (resource.RLIMIT_CPU, limits.seconds * 4),
            (resource.RLIMIT_FSIZE, limits.written_mb * MEGABYTE),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_NOFILE, 256),
        ):
            with suppress(ValueError, OSError):  # a lower limit is in force already
                resource.setrlimit(which, (most, most))
    _prctl(_NO_NEW_PRIVS, 1)
    _without_network()


def _mapped() -> int:
    """Bytes of address space in use; libraries take a gigabyte of it without using memory."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * 4096
    except (OSError, ValueError):
        return 2048 * MEGABYTE


def _prctl(option: int, value: int, more: int = 0) -> None:
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(more), 0, 0)


def _without_network() -> None:
    """Refuse new sockets, new programs and looking into other processes."""
    if sys.platform != "linux" or platform.machine() not in _CALLS:
        return
    architecture, calls = _CALLS[platform.machine()]
    steps = [
        struct.pack("HBBI", _LOAD, 0, 0, 4),
        struct.pack("HBBI", _EQUAL, 0, len(calls) + 1, architecture),
        struct.pack("HBBI", _LOAD, 0, 0, 0),
        *(struct.pack("HBBI", _EQUAL, len(calls) - place, 0, call) for place, call in enumerate(calls)),
        struct.pack("HBBI", _RETURN, 0, 0, _ALLOW),
        struct.pack("HBBI", _RETURN, 0, 0, _REFUSE),
    ]
    code = ctypes.create_string_buffer(b"".join(steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
    _prctl(_SECCOMP, _FILTER, ctypes.addressof(program))
