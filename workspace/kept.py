"""Results kept in memory by key: panels, cubes and tables of the data versions in use."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any


class Kept:
    """Results by key, the most recently used kept, each computed once however many threads ask."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._results: OrderedDict[Any, Any] = OrderedDict()
        self._locks: dict[Any, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, key: Any, compute: Callable[[], Any]) -> Any:
        """The result under a key, computed when it is not there."""
        with self._guard:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key]
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            with self._guard:
                if key in self._results:
                    return self._results[key]
            result = compute()
            with self._guard:
                self._results[key] = result
                self._locks.pop(key, None)
                while len(self._results) > self._size:
                    self._results.popitem(last=False)
            return result

    def peek(self, key: Any) -> Any:
        """The result under a key; None when it is not there (yet)."""
        with self._guard:
            return self._results.get(key)
