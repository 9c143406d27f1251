"""A password, right or wrong, is nowhere but in the driver's hands."""

import io
import json
import logging
import pickle
import sqlite3
import traceback
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from typer.testing import CliRunner

import cli
from data.connections import Secret, reading, redacted, resolve
from data.connections.problems import failed
from data.problems import DataProblem
from data.store import Store
from tests.data.connections.sources import OPEN
from workspace import Workspace, connecting

WRONG = "wr0ng p@ss/w:rd%&'\"x"


def spellings(value: str) -> list[str]:
    return [value, quote(value), quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1], repr(value)[1:-1]]


def nowhere(text: str | bytes, value: str = WRONG) -> None:
    for spelled in spellings(value):
        wanted = spelled.encode() if isinstance(text, bytes) else spelled
        assert wanted not in text


def test_references(monkeypatch, tmp_path):
    monkeypatch.setenv("FAROL_SECRET_CRM", "a")
    assert resolve("env:FAROL_SECRET_CRM").reveal() == "a"
    assert not resolve("")
    for missing in ("env:FAROL_SECRET_NOT_THERE", "file:nothing"):
        with pytest.raises(DataProblem) as refused:
            resolve(missing)
        assert refused.value.id == "secret_missing"
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "crm").write_text("b\n")
    (tmp_path / "outside").write_text("no")
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "outside")
    monkeypatch.setenv("FAROL_SECRETS", str(tmp_path / "folder"))
    assert resolve("file:crm").reveal() == "b"
    with pytest.raises(DataProblem):
        resolve("file:link")
    (tmp_path / "secrets.toml").write_text('other = "x"\n[farol]\ncrm = "c"\n')
    monkeypatch.setenv("FAROL_SECRETS", str(tmp_path / "secrets.toml"))
    assert resolve("file:crm").reveal() == "c"
    with pytest.raises(DataProblem):
        resolve("file:other")
    (tmp_path / "secrets.toml").write_text('[farol]\ncrm = "hunter2')
    with pytest.raises(DataProblem) as refused:
        resolve("file:crm")
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_a_secret_does_not_show_itself():
    secret = Secret(WRONG)
    nowhere(f"{secret} {secret!r} {[secret]} {vars}")
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_redaction():
    said = redacted(f"tried postgresql://me:other@h?password=more with {WRONG} and {quote_plus(WRONG)}", Secret(WRONG))
    nowhere(said)
    assert "other" not in said
    assert "more" not in said


def test_a_driver_that_repeats_the_password_is_not_repeated():
    for error in (
        OSError(f"cannot log in with {WRONG}"),
        ValueError(f"mysql://u:{quote(WRONG, safe='')}@h/d?password=x"),
    ):
        problem = failed(error, Secret(WRONG), "h")
        nowhere(str(problem) + repr(problem.params))


def test_a_wrong_password_is_nowhere(source, tmp_path, monkeypatch, capfd):
    """Logs at every level, errors with their chains, what the terminal prints, and every byte of the home."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("sqlalchemy").setLevel(logging.DEBUG)
    monkeypatch.setenv("FAROL_SECRET_WRONG", WRONG)
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)
    try:
        store = Store(tmp_path / "home")
        space = Workspace(store, store.create_workspace("acme").id)
        info = replace(source.info, secret="env:FAROL_SECRET_WRONG")
        connecting.add(space, info)
        with pytest.raises(DataProblem) as refused, reading(info, OPEN):
            pass
        assert refused.value.id == "connection_denied"
        told = "".join(traceback.TracebackException.from_exception(refused.value, capture_locals=True).format())
        nowhere(told)
        nowhere(repr(refused.value.params) + str(pickle.dumps(refused.value)))
        for command in (
            ["connections", "test", "crm"], ["refresh"], ["connections", "list"], ["connections", "pick", "crm"],
            ["connections", "add", "b", "--url", f"mysql://u:{quote(WRONG, safe='')}@h/d"], ["history"],
        ):  # fmt: skip
            for form in ([], ["--json"]):
                done = CliRunner().invoke(cli.app, [*command, "-w", "acme", *form])
                nowhere(done.stdout + done.stderr)
                assert "Traceback" not in done.stdout + done.stderr
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        logging.getLogger("sqlalchemy").setLevel(logging.NOTSET)
    nowhere(log.getvalue())
    out, err = capfd.readouterr()
    nowhere(out + err)
    store.close()
    for path in (tmp_path / "home").rglob("*"):
        if path.is_file():
            nowhere(path.read_bytes())
    with sqlite3.connect(Path(tmp_path / "home" / "state.db")) as state:
        nowhere("\n".join(state.iterdump()))
