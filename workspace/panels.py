"""Panels kept on disk, so that a restarted server and the next command find them built.

A file is one panel. Its name is a fingerprint of everything the panel depends on: the data version, the grain,
the as-of day, the policies, the health preset, and the code and libraries that build it. Files are written
aside and renamed, and what cannot be read back is built again: the folder may be emptied at any time.
"""

import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import data.panel
import kpis.health
from data.calendar import Period
from data.panel import Panel

NEWEST = 50
LEFT_OVER_SECONDS = 3600  # older files written aside were left by a process that died

_KEYS = ("account_id", "period")
_TELLS = b"farol"
_UNREADABLE = (OSError, pa.ArrowException, ValueError, KeyError, TypeError)
_LOG = logging.getLogger(__name__)


def kept(
    place: Path, key: tuple[Any, ...], periods: tuple[Period, ...], as_of: date, build: Callable[[], Panel]
) -> Panel:
    """The panel of a key, read back exactly as it was built, or built and written.

    Args:
        periods: the periods it must have; a file with others is not used.
    """
    path = place / f"{fingerprint(key)}.parquet"
    found = _read(path, periods, as_of)
    if found is not None:
        return found
    built = build()
    if built.periods == periods and built.as_of == as_of:
        _write(path, built)
    return built


def fingerprint(key: tuple[Any, ...]) -> str:
    """A name for all that a panel depends on."""
    return hashlib.sha256(f"{code_version()} {key!r}".encode()).hexdigest()[:40]


@cache
def code_version() -> str:
    """Changes with the code and the libraries that make panels."""
    engine, scores = Path(data.panel.__file__).parent, Path(kpis.health.__file__).parent
    sources = [*engine.glob("*.py"), *(engine / "measures").glob("*.py"), *(engine / "engines").glob("*.py")]
    sources += [*scores.glob("health*"), Path(__file__)]
    told = hashlib.sha256(f"{version('duckdb')} {pd.__version__}".encode())
    for path in sorted(path for path in sources if path.is_file()):
        told.update(path.read_bytes())
    return told.hexdigest()


def _read(path: Path, periods: tuple[Period, ...], as_of: date) -> Panel | None:
    if not path.exists():
        return None
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        told = json.loads(table.schema.metadata[_TELLS])
        ids = [period.id for period in periods]
        if told["periods"] != ids or told["as_of"] != as_of.isoformat():
            return None
        codes = {name: table.column(name).to_numpy() for name in _KEYS}
        columns: dict[str, Any] = {
            "account_id": pd.Categorical.from_codes(codes["account_id"], pd.Index(told["accounts"])),
            "period": pd.Categorical.from_codes(codes["period"], pd.Index(ids), ordered=True),
        }
        columns |= {name: _array(table.column(name), kind) for name, kind in told["kinds"].items()}
        os.utime(path)
    except _UNREADABLE as error:
        _LOG.warning("A kept panel cannot be read and is built again: %s", error)
        return None
    return Panel(pd.DataFrame(columns), periods, as_of)


def _array(column: pa.ChunkedArray, kind: str) -> Any:
    array = column.combine_chunks()
    missing = np.asarray(array.is_null().to_numpy(zero_copy_only=False), dtype=bool)
    values = np.array(array.fill_null(0).to_numpy(zero_copy_only=False))
    if kind == "float64":
        return values
    return pd.arrays.IntegerArray(values, missing) if kind == "Int64" else pd.arrays.FloatingArray(values, missing)


def _write(path: Path, built: Panel) -> None:
    aside = ""
    try:
        table = _table(built)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        os.close(handle)
        pq.write_table(table, aside, compression="zstd", write_page_checksum=True)
        os.replace(aside, path)
        _prune(path.parent.parent)
    except (OSError, pa.ArrowException) as error:
        _LOG.warning("A panel cannot be kept on disk: %s", error)
        if aside:
            Path(aside).unlink(missing_ok=True)


def _table(built: Panel) -> pa.Table:
    frame = built.frame
    arrays, kinds = [pa.array(np.array(frame[name].cat.codes)) for name in _KEYS], {}
    for name in frame.columns.drop(list(_KEYS)):
        kinds[name] = kind = str(frame[name].dtype)
        if kind == "float64":
            arrays.append(pa.array(frame[name].to_numpy(), from_pandas=False))
            continue
        values = frame[name].array.to_numpy(np.int64 if kind == "Int64" else np.float64, na_value=0)
        arrays.append(pa.array(values, mask=frame[name].array.isna(), from_pandas=False))
    told = {
        "periods": [period.id for period in built.periods],
        "as_of": built.as_of.isoformat() if built.as_of else None,
        "accounts": frame["account_id"].cat.categories.tolist(),
        "kinds": kinds,
    }
    table = pa.Table.from_arrays(arrays, names=[*_KEYS, *kinds])
    return table.replace_schema_metadata({_TELLS: json.dumps(told).encode()})


def _prune(place: Path) -> None:
    """Drop all but the most recently used panels of the home, and what dead processes left."""
    used = sorted(((path.stat().st_mtime, path) for path in place.glob("*/*.parquet")), reverse=True)
    for _, path in used[NEWEST:]:
        path.unlink(missing_ok=True)
    for path in place.glob("*/.*.part"):
        if path.stat().st_mtime < time.time() - LEFT_OVER_SECONDS:
            path.unlink(missing_ok=True)
