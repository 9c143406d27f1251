"""Putting a file in its place so that it is there, whole, after a crash: write aside, sync, rename, sync the folder.

Each step is a function of its own, so that tests can make each one fail.
"""

import hashlib
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

TEMPORARY = ".tmp"


def place(folder: Path, suffix: str, fill: Callable[[BinaryIO], None]) -> str:
    """Store what `fill` writes as `folder/<sha256><suffix>` and return that name.

    The file is complete and durable when this returns. Nothing but a temporary file, swept later, is left by a
    crash; nothing at all by an error.

    Raises:
        OSError: disk full, no right to write, …
    """
    make_folder(folder)
    aside = temporary(folder)
    try:
        with open_new(aside) as stream:
            fill(stream)
            stream.flush()
            sync_file(stream)
        return _settle(aside, suffix)
    finally:
        aside.unlink(missing_ok=True)


def adopt(folder: Path, suffix: str, source: Path) -> str:
    """Like `place`, for a file that is already written: linked in, without copying where the disk allows.

    The source stays; the caller removes it once the state knows the stored one.
    """
    make_folder(folder)
    aside = temporary(folder)
    try:
        link_or_copy(source, aside)
        os.utime(aside)
        with aside.open("rb+") as stream:
            sync_file(stream)
        return _settle(aside, suffix)
    finally:
        aside.unlink(missing_ok=True)


def copy(folder: Path, suffix: str, source: Path) -> str:
    """Like `place`, with the bytes of a file that its owner may change later."""

    def fill(stream: BinaryIO) -> None:
        with source.open("rb") as given:
            shutil.copyfileobj(given, stream, 1 << 20)

    return place(folder, suffix, fill)


def _settle(aside: Path, suffix: str) -> str:
    name = digest(aside) + suffix
    move(aside, aside.parent / name)
    sync_folder(aside.parent)
    return name


def make_folder(folder: Path) -> None:
    """Create a folder and make its entry durable, parents included."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def temporary(folder: Path) -> Path:
    """A fresh name that no reader looks at."""
    return folder / f".{uuid.uuid4().hex}{TEMPORARY}"


def open_new(path: Path) -> BinaryIO:
    """Open a file that must not exist yet."""
    return path.open("xb")


def sync_file(stream: BinaryIO) -> None:
    """Wait until the file's bytes are on the disk."""
    os.fsync(stream.fileno())


def link_or_copy(source: Path, target: Path) -> None:
    """A second name for the same bytes, or a copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def move(aside: Path, target: Path) -> None:
    """Give the file its final name; the same content under that name is replaced by itself, and looks new again."""
    try:
        os.replace(aside, target)
    except PermissionError:  # Windows, while somebody reads the same content
        if not target.exists():
            raise
        os.utime(target)


def sync_folder(folder: Path) -> None:
    """Wait until the folder's entries are on the disk (where folders can be synced: not on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
