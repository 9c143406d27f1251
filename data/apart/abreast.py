"""Pieces of work side by side, their results in order, no more of them begun than are needed next."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

ABREAST = 2
Given = TypeVar("Given")
Made = TypeVar("Made")


def abreast(pool: ThreadPoolExecutor, work: Callable[[Given], Made], pieces: Iterable[Given]) -> Iterator[Made]:
    """The result of each piece, in order; what was begun is given up when one fails or nobody asks on."""
    rest = iter(pieces)
    running: list[Future[Made]] = [pool.submit(work, one) for one in islice(rest, ABREAST)]
    try:
        while running:
            made = running.pop(0).result()
            running += [pool.submit(work, one) for one in islice(rest, 1)]
            yield made
    finally:
        for future in running:
            future.cancel()
