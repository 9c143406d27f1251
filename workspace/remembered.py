"""Evidence kept on disk, so that a restarted server finds the map it has tested before.

One JSON file for each map, named by a fingerprint of all it depends on, the code included. It holds counts and
test results, nothing about single accounts. Files are written aside and renamed; what cannot be read back is tested
again, so the folder may be emptied at any time.
"""

import dataclasses
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import kpis
from data import departures
from kpis.evidence.result import Evidence, Lead, Remark
from workspace.panels import fingerprint

NEWEST = 40
_LOG = logging.getLogger(__name__)


def kept(folder: Path, key: tuple[Any, ...], test: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The fields of a map, read back or tested and written; `found` is a list of evidence.

    Args:
        folder: where the files of one workspace lie.
        key: everything the map depends on besides the code.
        test: computes it.
    """
    path = folder / f"{fingerprint((_code(), *key))}.json"
    known = _read(path)
    if known is not None:
        return known
    tested = test()
    _write(path, tested)
    return tested


@cache
def _code() -> str:
    """Changes with the formulas and the engine."""
    told = hashlib.sha256()
    formulas = Path(next(iter(kpis.__path__)))
    here = [Path(__file__), *(Path(__file__).with_name(name) for name in ("leading.py", "account_history.py"))]
    here.append(Path(departures.__file__))
    for path in [*here, *sorted(formulas.rglob("*.py")), *sorted(formulas.glob("*.csv"))]:
        told.update(path.read_bytes())
    return told.hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return told | {"found": [_evidence(one) for one in told["found"]]}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        _LOG.warning("Evidence kept in %s cannot be used and is tested again: %s", path.name, error)
        return None


def _evidence(told: dict[str, Any]) -> Evidence:
    leads = {name: tuple(Lead(**one) for one in told[name]) for name in ("by_lead", "change", "reverse")}
    refusal = None if told["refusal"] is None else Remark(**told["refusal"])
    warnings = tuple(Remark(**one) for one in told["warnings"])
    plain = {name: tuple(told[name]) for name in ("tenths", "months_named")}
    return Evidence(**told | leads | plain | {"refusal": refusal, "warnings": warnings})


def _fields(one: Any) -> dict[str, Any]:
    """The fields of a piece of evidence, or of what it holds."""
    return {field.name: getattr(one, field.name) for field in dataclasses.fields(one)}


def _write(path: Path, told: dict[str, Any]) -> None:
    text = json.dumps(told, default=_fields)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(aside).replace(path)
        for old in sorted(path.parent.glob("*.json"), key=lambda p: p.stat().st_mtime, reverse=True)[NEWEST:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        _LOG.warning("Evidence could not be kept in %s: %s", path.parent, error)
