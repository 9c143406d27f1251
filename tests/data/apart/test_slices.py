"""Read in blocks and checked in slices: the same answer as read and checked whole, whatever the file holds."""

import json
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.apart import Limits, sliced, streamed
from data.apart.kept import Kept, open_text
from data.checks import Known
from data.checks import apply as apply_whole
from data.mapping import suggest
from data.readers import read

HEADER = "account_id,used_on,user_id,feature,events"
PLAIN = [f"C{i % 7},2024-01-{i % 28 + 1:02d},u{i % 13},{'reports' if i % 3 else ''},{i % 5}" for i in range(400)]
KNOWN = Known(pa.array([f"C{i}" for i in range(6)]), None, ("BRL",))
ODD = [
    "C1,2024-01-05,u,reports,x", "C1,not a day,u,reports,1", ",2024-01-05,u,reports,1", "C1,2024-01-05,u,reports,-3",
    "C1,05/01/2024,u,reports,1", "C1,13/01/2024,u,reports,1", "C1,01/13/2024,u,reports,1", "C1,2024-01-05,u,r,1.5",
    'C1,2024-01-05,u,r,"1,5"', 'C1,2024-01-05,u,r,"1.234"', 'C1,2024-01-05,u,"a, b",2', 'C1,2024-01-05,u,"a\nb",2',
    "C1,2024-01-05,u,reports,1,more", "C1,2024-01-05", "", ",,,,", HEADER, "Total,,,,99", "C1,45000,u,r,2",
    "C1,2199-01-01,u,r,2", "C1,1900-01-01,u,r,2", "C1,2999-12-31,u,r,2", "C1,2024-01-05 10:00,u,r,2",
    "é,2024-01-05,ü,ação,1", 'C1,2024-01-05,5" x,r,1', "C1,2024-01-05,u,r,1e3", "1.2E+10,2024-01-05,u,r,1",
]  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Blocks and slices of a few rows."""
    monkeypatch.setattr(streamed, "FROM_BYTES", 0)
    monkeypatch.setattr(streamed, "BLOCK", 3000)
    monkeypatch.setattr(streamed, "_HEAD", 2000)
    monkeypatch.setattr(streamed, "_TAIL", 2000)
    monkeypatch.setattr(sliced, "FROM_ROWS", 0)
    monkeypatch.setattr(sliced, "SLICE", 70)


def quiet(phase: str, share: float) -> None:
    """Nobody hears."""


def in_blocks(path: Path, folder: Path):
    to = folder / uuid4().hex
    found = streamed.read(path, path.name, None, to, Limits(), quiet)
    if found is not None:
        found.frame = open_text(to)
    return found


def blanks_alike(frame: pa.Table) -> list[dict]:
    """Rows; a blank cell may be null or ''."""
    return [{name: text or None for name, text in row.items()} for row in frame.to_pylist()]


def both(lines: list[str], folder: Path, name: str = "usage.csv"):
    """The table read in blocks where that can be, and checked in slices where that can be, compared with the whole."""
    path = folder / uuid4().hex / name
    path.parent.mkdir()
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (whole,) = read(path)
    blocks = in_blocks(path, folder)
    if blocks is not None:
        assert blanks_alike(blocks.frame) == blanks_alike(whole.frame)
        for name in ("header_row", "first_row_number", "preview_lines", "tail_lines", "assumed", "notes", "broken"):
            assert getattr(blocks, name) == getattr(whole, name), name
        assert [blocks.sample(header) for header in blocks.headers] == [whole.sample(h) for h in whole.headers]
        assert blocks.row_numbers is None
        assert whole.row_numbers is None
    mapping = suggest(whole, ["usage"]).bound(whole.headers, whole.name)
    (expected,) = apply_whole(whole, mapping, known=KNOWN)
    (found,) = sliced.apply(whole, mapping, folder / f"{uuid4().hex}.parquet", say=quiet, known=KNOWN)
    assert found.accepted.to_pylist() == expected.accepted.to_pylist()
    assert found.rejected.to_pylist() == expected.rejected.to_pylist()
    assert (found.rows_read, found.rows_left_out) == (expected.rows_read, expected.rows_left_out)
    assert (found.assumed, found.mapping) == (expected.assumed, expected.mapping)
    assert texts(found) == texts(expected)
    return blocks is not None, isinstance(found.accepted, Kept)


def texts(checked) -> list[str]:
    return sorted(json.dumps(problem.to_json(), sort_keys=True) for problem in checked.problems)


def test_plain_rows_go_the_fast_way(tmp_path):
    assert both([HEADER, *PLAIN], tmp_path) == (True, True)


@pytest.mark.parametrize("line", ["C1,2024-01-05,u,reports,x", ",2024-01-05,u,r,1", "C1,1980-01-05,u,reports,-3"])
def test_bad_rows_do_not_slow_the_others_down(line, tmp_path):
    assert both([HEADER, *PLAIN[:200], line, *PLAIN[200:], line], tmp_path) == (True, True)


@pytest.mark.parametrize("line", ODD)
def test_one_odd_line_anywhere(line, tmp_path):
    both([HEADER, *PLAIN[:210], line, *PLAIN[210:]], tmp_path)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from(ODD)), max_size=6))
def test_law_blocks_and_slices_say_what_the_whole_says(tmp_path, odd):
    lines = list(PLAIN)
    for place, line in sorted(odd, reverse=True):
        lines.insert(place, line)
    both([HEADER, *lines], tmp_path)


def test_keys_that_come_again_in_another_slice_are_found(tmp_path):
    lines = [f"C{i},2024-01-0{i % 9 + 1},{i % 5}" for i in range(300)]
    path = tmp_path / "usage_daily.csv"
    path.write_text("\n".join(["account_id,used_on,active_users", *lines, lines[0], lines[1]]))
    (whole,) = read(path)
    mapping = suggest(whole, ["usage_daily"]).bound(whole.headers, whole.name)
    (expected,) = apply_whole(whole, mapping)
    (found,) = sliced.apply(whole, mapping, tmp_path / "rows.parquet", say=quiet)
    assert found.rejected.to_pylist() == expected.rejected.to_pylist()
    assert [row["farol_row"] for row in found.rejected.to_pylist()] == [302, 303]
    assert texts(found) == texts(expected)


def test_limits_hold_while_a_file_is_read(tmp_path):
    path = tmp_path / "usage.csv"
    path.write_text("\n".join([HEADER, *PLAIN]))
    with pytest.raises(streamed.DataProblem) as problem:
        streamed.read(path, path.name, None, tmp_path / "rows.arrow", Limits(rows=300), quiet)
    assert problem.value.id == "too_many_rows"
