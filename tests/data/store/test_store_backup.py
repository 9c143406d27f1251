"""A backup brings everything back, proves every byte, and refuses what no backup is."""

import json
import os
import shutil
import stat
import threading
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.problems import DataProblem
from data.store import Batch, Store, soundness


def put(store, workspace, names, mode="append", original=None, rejected=None):
    batch = Batch("accounts", pa.table({"account_id": names}), mode, "a.csv", original=original, rejected=rejected)
    return store.commit(workspace, [batch]).version


def ids(store, workspace):
    files = store.facts(workspace).files.get("accounts", ())
    return sorted(name for path in files for name in pq.read_table(path)["account_id"].to_pylist())


@pytest.fixture
def made(store, workspace, tmp_path):
    """A store with history, settings, rejected rows and an original; and its backup."""
    original = tmp_path / "a.csv"
    original.write_text("account_id\na\n")
    put(store, workspace, ["a"], original=original, rejected=pd.DataFrame({"row": [3], "reason": ["no id"]}))
    put(store, workspace, ["b"])
    store.undo(workspace)
    store.save_settings(workspace, {"currency": "USD", "keep_originals_days": 9})
    store.save_target(workspace, "nps", None, ("csm", "Ana"), 4.5)
    store.save_label(workspace, "nrr", "retention", "leading")
    out = tmp_path / "backup.zip"
    assert store.backup(out).files == 4
    return store, workspace, out


def other_home(tmp_path):
    return Store(tmp_path / "other", f"sqlite:///{tmp_path / 'other.db'}")


def test_a_fresh_home_gets_everything_back(made, tmp_path):
    store, workspace, out = made
    other = other_home(tmp_path)
    (back,) = other.restore(out, actor="ana")
    assert (back.id, back.name, back.version, back.files, back.new_key) == (workspace, "Acme", 3, 4, False)
    assert other.history(back.id)[1:] == [] or len(other.history(back.id)) == 3
    for mine, theirs in zip(store.history(workspace), other.history(back.id), strict=True):
        assert (mine.version, mine.action, mine.created_at, mine.in_force) == (
            theirs.version,
            theirs.action,
            theirs.created_at,
            theirs.in_force,
        )
    assert other.settings(back.id) == store.settings(workspace)
    assert other.targets(back.id) == store.targets(workspace)
    assert other.labels(back.id) == store.labels(workspace)
    assert other.facts(back.id).version == store.facts(workspace).version
    assert other.history(back.id)[-1].imports[0].original.read_text() == "account_id\na\n"
    assert other.history(back.id)[-1].imports[0].rejected_file.exists()
    assert [change.kind for change in other.changes(back.id, "restore")] == ["restore"]
    other.redo(back.id)
    assert ids(other, back.id) == ["a", "b"]
    other.undo(back.id, of=1)
    assert ids(other, back.id) == ["b"]
    put(other, back.id, ["c"])
    assert other.sweep().files == 0
    assert store.workspace(workspace).version == 3
    other.close()


def test_beside_the_workspace_it_came_from(made):
    store, workspace, out = made
    with pytest.raises(DataProblem, match="already a workspace"):
        store.restore(out)
    (back,) = store.restore(out, name="Acme, as it was")
    assert back.id != workspace
    put(store, back.id, ["z"])
    assert ids(store, workspace) == ["a"]
    assert ids(store, back.id) == ["a", "z"]
    with pytest.raises(DataProblem, match="no workspace 'Nobody'"):
        store.restore(out, workspace="Nobody", name="x")


def test_keys_go_along_only_when_asked(made, tmp_path):
    store, workspace, out = made
    key = store.pseudonym_key(workspace)
    assert len(key) == 32
    assert store.pseudonym_key(workspace) == key == Store(store.home).pseudonym_key(workspace)
    store.backup(out)
    for data in (zipfile.ZipFile(out).read(name) for name in zipfile.ZipFile(out).namelist()):
        assert key not in data
        assert key.hex().encode() not in data
    other = other_home(tmp_path)
    (back,) = other.restore(out)
    assert back.new_key
    assert other.pseudonym_key(back.id) != key
    (beside,) = store.restore(out, name="Beside")
    assert not beside.new_key
    assert store.pseudonym_key(beside.id) == key
    store.backup(out, [workspace], with_keys=True)
    (third,) = other.restore(out, name="Third")
    assert other.pseudonym_key(third.id) == key
    other.close()


def test_a_backup_of_one_of_several(made, tmp_path):
    store, _, out = made
    second = store.create_workspace("Second").id
    put(store, second, ["s"])
    assert store.backup(out, [second]).workspaces == (second,)
    other = other_home(tmp_path)
    assert [one.name for one in other.restore(out)] == ["Second"]
    store.backup(out)
    with pytest.raises(DataProblem, match="several workspaces"):
        other.restore(out, name="x")
    assert [one.name for one in other.restore(out, workspace="Acme")] == ["Acme"]
    other.close()


def test_imports_go_on_while_a_backup_is_made(store, workspace, tmp_path):
    stop = threading.Event()
    numbers = []

    def write():
        mine = Store(store.home)
        while not stop.is_set():
            numbers.append(put(mine, workspace, [f"a{len(numbers)}"]))
        mine.close()

    put(store, workspace, ["first"])
    writer = threading.Thread(target=write)
    writer.start()
    outs = []
    while len(outs) < 4:
        before = store.workspace(workspace).version
        outs.append((before, tmp_path / f"{len(outs)}.zip"))
        store.backup(outs[-1][1])
    stop.set()
    writer.join()
    other = other_home(tmp_path)
    for before, out in outs:
        (back,) = other.restore(out, name=out.stem)
        assert back.version >= before
        assert len(ids(other, back.id)) == back.version
        assert other.damaged(back.id) == {}
    other.close()


def test_a_full_disk_leaves_the_old_backup(made, monkeypatch):
    store, _, out = made
    from data.store import durable

    before = out.read_bytes()
    for step in ("sync_file", "move", "open_new"):
        with monkeypatch.context() as patched:

            def full(*arguments):
                raise OSError(28, "No space left on device")

            patched.setattr(durable, step, full)
            with pytest.raises(DataProblem, match="No space left"):
                store.backup(out)
        assert out.read_bytes() == before
        assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []


def test_damaged_data_are_not_backed_up_and_damaged_history_is_left_out(made, tmp_path):
    store, workspace, out = made
    (in_force,) = store.facts(workspace).files["accounts"]
    store.redo(workspace)
    old = [path for path in (store.home / "snapshots").rglob("*.parquet") if str(path) != in_force]
    for path in old:
        path.write_bytes(path.read_bytes()[:-20] + b"x" * 20)
    with pytest.raises(DataProblem, match="gone or damaged"):
        store.backup(out)
    store.undo(workspace)
    assert store.backup(out).missing == 1
    other = other_home(tmp_path)
    other.restore(out)
    assert ids(other, workspace) == ["a"]
    with pytest.raises(DataProblem, match="too old to keep"):
        other.redo(workspace)
    other.close()


def test_lost_files_are_put_back(made):
    store, workspace, out = made
    (path,) = store.facts(workspace).files["accounts"]
    file = Path(path)
    data = file.read_bytes()
    for damage in (file.unlink, lambda: file.write_bytes(data[:100])):
        damage()
        with pytest.raises(soundness.Unsound) as caught:
            store.facts(workspace)
        assert str(store.home) not in str(caught.value)
        assert store.damaged(workspace) == {"accounts": 1}
        with pytest.raises(soundness.Unsound):
            put(store, workspace, ["z"])
        assert store.mend(out) == 1
        assert ids(store, workspace) == ["a"]
    file.unlink()
    put(store, workspace, ["new"], "replace")
    assert ids(store, workspace) == ["new"]


def rewritten(out, change):
    """The backup again, each entry as `change(info, data)` says: nothing, or what to write under which name."""
    aside = out.with_suffix(".new")
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(aside, "w") as new:
        for info in old.infolist():
            for name, data, how in change(info, old.read(info)):
                entry = zipfile.ZipInfo(name) if isinstance(name, str) else name
                new.writestr(entry, data, compress_type=how)
    shutil.move(aside, out)


def keep(info, data):
    return [(info.filename, data, info.compress_type)]


def _told(change):
    def hostile(info, data):
        if info.filename == "manifest.json":
            told = json.loads(data)
            change(told)
            data = json.dumps(told).encode()
        return keep(info, data)

    return hostile


def _state(change):
    def hostile(info, data):
        if info.filename == "state.json":
            told = json.loads(data)
            change(told)
            data = json.dumps(told).encode()
        if info.filename == "manifest.json":
            told = json.loads(data)
            del told["state"]
            data = json.dumps(told).encode()
        return keep(info, data)

    return hostile


def traversal(info, data):
    extra = [("../../evil.txt", b"x", 0)] if info.filename == "manifest.json" else []
    return [*keep(info, data), *extra]


def named_traversal(info, data):
    if info.filename == "manifest.json":
        told = json.loads(data)
        told["files"]["originals/acme/../../../evil"] = {"sha256": "0" * 64, "bytes": 1}
        return [*keep(info, json.dumps(told).encode()), ("originals/acme/../../../evil", b"x", 0)]
    return keep(info, data)


def link(info, data):
    if info.filename.startswith("originals"):
        entry = zipfile.ZipInfo(info.filename)
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        return [(entry, data, 0)]
    return keep(info, data)


def other_bytes(info, data):
    return keep(info, data[:-1] + b"~" if info.filename.startswith("originals") else data)


def bomb(info, data):
    if info.filename == "state.json":
        return [(info.filename, b" " * (300 << 20), zipfile.ZIP_DEFLATED)]
    return keep(info, data)


def packed(info, data):
    return [(info.filename, data, zipfile.ZIP_DEFLATED)]


def left_out(info, data):
    return [] if info.filename.startswith("snapshots") else keep(info, data)


HOSTILE = {
    "traversal": traversal,
    "named traversal": named_traversal,
    "link": link,
    "other bytes": other_bytes,
    "bomb": bomb,
    "packed": packed,
    "left out": left_out,
    "newer": _told(lambda told: told.update(revision="9999")),
    "other format": _told(lambda told: told.update(format="zip")),
    "state changed": _told(lambda told: told.update(state={"sha256": "0" * 64})),
    "folder as id": _state(lambda s: [row.update(id="../x") for row in s["workspaces"]]),
    "unknown table": _state(lambda s: s.update(evil=[])),
    "unknown column": _state(lambda s: s["imports"][0].update(evil=1)),
    "table as path": _state(lambda s: s["members"][0].update(table_name="../accounts")),
    "file as path": _state(lambda s: s["members"][0].update(file="../../state.db")),
    "rejected as path": _state(lambda s: s["imports"][0].update(rejected_file="../../../etc/passwd")),
    "number as text": _state(lambda s: s["versions"][0].update(number="1; DROP TABLE")),
    "other rows": _state(lambda s: s["members"][0].update(rows=7)),
    "somebody else's": _state(lambda s: s["settings"][0].update(workspace_id="sample")),
    "no time": _state(lambda s: s["versions"][0].update(created_at="yesterday")),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_backups_are_refused_and_change_nothing(made, tmp_path, kind):
    _, _, out = made
    rewritten(out, HOSTILE[kind])
    other = other_home(tmp_path)
    with pytest.raises(DataProblem) as caught:
        other.restore(out)
    assert caught.value.id in ("backup_refused",)
    assert other.workspaces() == []
    assert not list(tmp_path.rglob("evil*"))
    other.close()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04" + b"x" * 100, os.urandom(500)])
def test_what_is_no_backup_is_said(store, tmp_path, data):
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(DataProblem, match="no backup of Farol"):
        store.restore(tmp_path / "x.zip")
    with pytest.raises(DataProblem, match="Nothing was restored"):
        store.restore(tmp_path / "there is no such file.zip")
