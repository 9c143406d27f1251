"""Settings, targets, labels, mappings, and the record of their changes; workspaces."""

import pytest

from data.problems import DataProblem
from data.store import Store, TargetInfo


def test_settings_have_defaults_and_keep_what_is_saved(store, workspace):
    defaults = store.settings(workspace)
    assert (defaults["currency"], defaults["timezone"], defaults["policies"]) == ("BRL", "America/Sao_Paulo", {})
    store.save_settings(workspace, {"currency": "USD", "policies": {"gross_margin": 0.8}, "dark": True})
    store.save_settings(workspace, {"language": "pt_BR"})
    found = Store(store.home).settings(workspace)
    assert (found["currency"], found["policies"], found["dark"]) == ("USD", {"gross_margin": 0.8}, True)
    assert found["language"] == "pt_BR"
    store.save_settings(workspace, {"currency": None})
    assert store.settings(workspace)["currency"] == "BRL"


def test_defaults_are_nobodys_to_change(store, workspace):
    store.settings(workspace)["policies"]["gross_margin"] = 1
    assert store.settings(workspace)["policies"] == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": "reais"},
        {"timezone": "Mars/Olympus"},
        {"language": "Português"},
        {"policies": ["x"]},
        {"Dark Mode": 1},
        {"dark": float("nan")},
        {"dark": object()},
    ],
)
def test_values_a_setting_cannot_have_are_refused_and_nothing_is_saved(store, workspace, wrong):
    with pytest.raises(DataProblem):
        store.save_settings(workspace, {"sample": True, **wrong})
    assert store.settings(workspace)["sample"] is False
    assert store.changes(workspace) == []


def test_targets(store, workspace):
    store.save_target(workspace, "nrr", None, None, 1.1)
    store.save_target(workspace, "nrr", "2024", ("segment", "SMB"), 1)
    store.save_target(workspace, "nrr", None, None, 1.05, actor="ana")
    assert store.targets(workspace) == [
        TargetInfo("nrr", "", None, 1.05),
        TargetInfo("nrr", "2024", ("segment", "SMB"), 1.0),
    ]
    store.save_target(workspace, "nrr", None, None, None)
    assert [target.period for target in store.targets(workspace)] == ["2024"]
    record = [(one.name, one.before, one.after) for one in store.changes(workspace, "target")]
    assert record == [
        ("nrr", 1.05, None),
        ("nrr", 1.1, 1.05),
        ("nrr/2024/segment=SMB", None, 1),
        ("nrr", None, 1.1),
    ]
    with pytest.raises(DataProblem, match="finite"):
        store.save_target(workspace, "nrr", None, None, float("inf"))


def test_labels_with_their_record(store, workspace):
    store.save_label(workspace, "nps", "retention", "leading", actor="ana")
    store.save_label(workspace, "nps", "quality", "neither")
    store.save_label(workspace, "nps", "retention", "leading")  # no change, no record
    store.save_label(workspace, "nps", "quality", None)
    assert store.labels(workspace) == {("nps", "retention"): "leading"}
    record = [(one.actor, one.name, one.before, one.after) for one in store.changes(workspace, "label")]
    assert record == [
        ("", "nps/quality", "neither", None),
        ("", "nps/quality", None, "neither"),
        ("ana", "nps/retention", None, "leading"),
    ]
    with pytest.raises(DataProblem, match="Did you mean 'leading'"):
        store.save_label(workspace, "nps", "retention", "leeding")


def test_mappings(store, workspace):
    mapping = {"tables": {"contacts": {"columns": {"opened_at": ["Date", "Time"]}}}}
    store.save_mapping(workspace, "sig", mapping)
    assert store.mappings(workspace) == {"sig": mapping}
    store.save_mapping(workspace, "sig", None)
    assert store.mappings(workspace) == {}


def test_workspaces_keep_their_preferences_apart(store, workspace):
    other = store.create_workspace("Other").id
    store.save_settings(other, {"currency": "USD"})
    store.save_target(other, "nps", None, None, 50)
    assert store.settings(workspace)["currency"] == "BRL"
    assert store.targets(workspace) == []


def test_workspace_names_and_ids(store):
    first = store.create_workspace("  Ação & Cia  ")
    assert (first.id, first.name, first.version) == ("acao-cia", "Ação & Cia", 0)
    assert store.create_workspace("ação cia").id == "acao-cia-2"
    assert store.create_workspace("日本").id == "workspace"
    assert store.create_workspace("../../etc").id == "etc"
    assert store.find_workspace("Ação & Cia") == store.find_workspace("acao-cia") == first
    assert store.find_workspace("nope") is None
    renamed = store.rename_workspace("etc", "Fim")
    assert (renamed.id, renamed.name) == ("etc", "Fim")
    assert [one.name for one in store.workspaces()] == ["Ação & Cia", "ação cia", "日本", "Fim"]
    for name in ("", "   ", "Fim", "a\nb", "x" * 101):
        with pytest.raises(DataProblem):
            store.create_workspace(name)


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.workspace("../x"),
        lambda store: store.facts("../x"),
        lambda store: store.commit("../x", []),
        lambda store: store.history("../x"),
        lambda store: store.undo("../x"),
        lambda store: store.settings("../x"),
        lambda store: store.save_settings("../x", {"sample": True}),
        lambda store: store.delete_workspace("../x"),
    ],
)
def test_a_workspace_that_is_not_there_is_said(store, call):
    with pytest.raises(DataProblem, match="no workspace"):
        call(store)
