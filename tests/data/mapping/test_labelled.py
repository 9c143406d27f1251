"""How often suggestions are right, on a labelled set: known exports, files like those tuned on, and files held out.

`labelled/known.json` holds the headers of real exports; the other two are files as companies keep them, in three
languages. `is` says what a header feeds (`?` = fine either way), `values` what its cells look like. `generic_held.json`
was written before the suggestions were tuned and never used for it.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from data.mapping import suggest
from data.mapping.exports import exports
from data.readers import read

HERE = Path(__file__).parent / "labelled"
ROWS = 40
FORMS = {
    "id": lambda i: f"{91000 + i * 7}",
    "pairs": lambda i: f"{91000 + i // 2 * 7}",
    "int": lambda i: str((i * 5) % 17),
    "big": lambda i: str(300 + (i * 5) % 17),
    "minutes": lambda i: str(20 + (i * 7) % 90),
    "score10": lambda i: str((i * 3) % 11),
    "money": lambda i: f"{120 + i * 3}.{10 + i}",
    "brl": lambda i: f"R$ {120 + i * 3},{10 + i}",
    "person": lambda i: ("Ana Lima", "Bruno Sá", "Carla Paz")[i % 3],
    "company": lambda i: f"Empresa {i}",
    "email": lambda i: f"pessoa{i}@cliente.example",
    "word": lambda i: ("Alfa", "Beta", "Gama", "Delta")[i % 4],
    "text": lambda i: f"Texto livre número {i}",
    "day": lambda i: f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}",
    "day2": lambda i: f"2025-{1 + i % 12:02d}-{1 + i % 28:02d}",
    "fixday": lambda i: f"2024-{1 + i // 2 % 12:02d}-10",
    "dmy": lambda i: f"{1 + i % 28:02d}/{1 + i % 12:02d}/2024",
    "dmy2": lambda i: f"{1 + i % 28:02d}/{1 + i % 12:02d}/2025",
    "time": lambda i: f"2024-{1 + i % 12:02d}-{1 + i % 28:02d} 09:{i:02d}:00",
    "time2": lambda i: f"2025-{1 + i % 12:02d}-{1 + i % 28:02d} 10:{i:02d}:00",
    "month": lambda i: f"2024-{1 + i % 12:02d}",
    "blank": lambda i: "",
}


def cases(name):
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def file_of(case, rows=ROWS):
    """The file of a case, as text read back."""

    def cell(kind, i):
        listed = kind[1:].split(";") if kind.startswith("=") else None
        return listed[i % len(listed)] if listed else FORMS[kind](i)

    lines = ["\t".join(column["header"] for column in case["columns"])]
    lines += ["\t".join(cell(column["values"], i) for column in case["columns"]) for i in range(rows)]
    return read("\n".join(lines).encode(), case["file"])[0]


def fed(mapping):
    """Every (header, "table.column") of a mapping; what an unpivot makes counts for the headers it took apart."""
    found = set()
    for name, body in mapping.tables.items():
        months = [header for step in body.rows if hasattr(step, "columns") for header in step.columns]
        for column, source in body.columns.items():
            for header in source.headers:
                for one in months if header not in mapping_headers(mapping) and months else [header]:
                    found.add((one, f"{name.partition(':')[0]}.{column}"))
    return found


def mapping_headers(mapping):
    return {*mapping.unmapped, *(header for body in mapping.tables.values() for header in body.headers)}


def score(name):
    """Right, wrong and missed headers, tables guessed right, and what went wrong in words."""
    count, wrong = Counter(), []
    for case in cases(name):
        mapping = suggest(file_of(case))
        got = fed(mapping)
        sure, maybe, tables = set(), set(), set()
        for column in case["columns"]:
            for label in column["is"]:
                target = label.lstrip("?")
                table, _, canonical = target.partition(".")
                pair = (column["header"], f"{table.partition(':')[0]}.{canonical}")
                (maybe if label.startswith("?") else sure).add(pair)
                if not label.startswith("?"):
                    tables.add(table.partition(":")[0])
        right = got & sure
        count["right"] += len(right)
        count["wrong"] += len(got - sure - maybe)
        count["missed"] += len(sure - got)
        found = {table.partition(":")[0] for table in mapping.tables}
        count["tables_right"] += len(found & tables)
        count["tables_wrong"] += len(found - tables)
        count["tables_missed"] += len(tables - found)
        for problem, pairs in (("wrong", got - sure - maybe), ("missed", sure - got)):
            wrong += [f"{case['id']} {problem}: {header} -> {target}" for header, target in sorted(pairs)]
        wrong += [f"{case['id']} tables: {sorted(found)} instead of {sorted(tables)}"] * (found != tables)
    return count, wrong


def shares(count):
    """(precision, recall) of columns, then of tables."""
    return tuple(
        round(count[f"{of}right"] / max(1, count[f"{of}right"] + count[f"{of}{how}"]), 4)
        for of in ("", "tables_")
        for how in ("wrong", "missed")
    )


FLOORS = {
    "known": (1.0, 1.0, 1.0, 1.0),
    "generic_tune": (0.99, 0.99, 1.0, 1.0),
    "generic_held": (0.98, 0.95, 0.98, 0.95),
}


@pytest.mark.parametrize("name", FLOORS)
def test_precision_and_recall(name):
    count, wrong = score(name)
    got = shares(count)
    print(f"\n{name}: columns precision {got[0]}, recall {got[1]}; tables precision {got[2]}, recall {got[3]}")
    print(dict(count))
    print("\n".join(wrong))
    assert all(value >= floor for value, floor in zip(got, FLOORS[name], strict=True)), (got, wrong)


@pytest.mark.parametrize("case", cases("known"), ids=lambda case: f"{case['id']}-{case['file']}")
@pytest.mark.parametrize("rows", [0, ROWS])
def test_known_exports_are_recognised(case, rows):
    """By their headers alone, and by their headers in another order with columns of somebody's own."""
    own = {**case, "columns": [*reversed(case["columns"]), {"header": "My own field", "is": [], "values": "word"}]}
    for variant in (case, own):
        raw = file_of(variant, max(rows, 1))
        raw.frame = raw.frame.slice(0, rows)
        mapping = suggest(raw)
        assert mapping.known == case["id"]
        assert bool(mapping.foreign) == case["refused"]
        assert not mapping.missing


def test_every_known_export_is_in_the_labelled_set():
    labelled = {case["id"] for case in cases("known")}
    assert labelled <= set(exports())
    print(sorted(set(exports()) - labelled))


@pytest.mark.parametrize("name", ["generic_tune", "generic_held"])
def test_no_other_file_is_taken_for_a_known_export(name):
    assert {case["id"]: known for case in cases(name) if (known := suggest(file_of(case)).known)} == {}
