"""Dataclasses as JSON and back, by their declared types: what crosses from the child is plain data, never objects."""

import types
from collections.abc import Mapping as Pairs
from dataclasses import fields, is_dataclass
from functools import cache
from string import Formatter
from typing import Any, Union, get_args, get_origin, get_type_hints

from data.problems import DataProblem


def plain(value: Any) -> Any:
    """The value as JSON holds it: dataclasses as objects of their fields, tuples as lists, what else as text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {"is": type(value).__name__} | {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Pairs):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    return str(value)


def shaped(kind: Any, value: Any) -> Any:
    """The value that `plain` was given, of a declared type; fields that the JSON lacks keep their defaults.

    Raises:
        ValueError, TypeError, KeyError: the JSON is not of that type.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any or value is None:
        return value
    if origin in (Union, types.UnionType):
        return _one_of([one for one in inner if one is not type(None)], value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: shaped(hints[name], one) for name, one in value.items() if name in hints})
    if origin is tuple:
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(shaped(inner[0], one) for one in value)
        return tuple(shaped(each, one) for each, one in zip(inner, value, strict=True))
    if origin in (list, set, frozenset):
        return origin(shaped(inner[0], one) for one in value)
    if origin is dict:
        return {shaped(inner[0], key): shaped(inner[1], one) for key, one in value.items()}
    if kind in (int, float, str, bool) and not isinstance(value, kind | (int if kind is float else kind)):
        raise TypeError(f"{value!r} is not {kind.__name__}")
    return value


def _one_of(kinds: list[Any], value: Any) -> Any:
    if len(kinds) == 1:
        return shaped(kinds[0], value)
    if isinstance(value, dict):
        for kind in kinds:
            if isinstance(kind, type) and is_dataclass(kind) and kind.__name__ == value.get("is"):
                return shaped(kind, value)
    for kind in kinds:
        if (get_origin(kind) or kind) in (tuple, list) and isinstance(value, list):
            return shaped(kind, value)
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {one.name: hints[one.name] for one in fields(kind) if one.init}


def problem_out(problem: DataProblem) -> dict[str, Any]:
    """A refusal as JSON."""
    return {"id": problem.id, "message": problem.message, "params": plain(problem.params), "said": str(problem)}


def problem_in(given: Any) -> DataProblem:
    """A refusal that the child sent. Its template may name parameters and nothing inside them.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """
    params = {str(name): value for name, value in dict(given["params"]).items()}
    message = str(given["message"])
    for _, name, _, _ in Formatter().parse(message):
        if name and name not in params:
            raise ValueError(f"{name!r} is no parameter")
    return DataProblem(str(given["id"]), message, **params)
