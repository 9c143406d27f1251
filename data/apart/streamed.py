"""Big text files, block by block."""

from typing import Any


def read(*_: Any) -> None:
    return None
