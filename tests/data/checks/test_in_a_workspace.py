"""Checks against what a workspace holds: test accounts, pseudonyms in several files, two truths about churn."""

import json
from pathlib import Path

import pytest

import workspace as farol
from data.facts import connect
from words import LANGUAGES, catalogue


@pytest.fixture
def bring(tmp_path, monkeypatch):
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)

    def bring(mapping=None, **files):
        paths = []
        for name, text in files.items():
            path = tmp_path / f"{name}.csv"
            path.write_text(text, encoding="utf-8")
            paths.append(path)
        return farol.import_files(paths, "checked", mapping=mapping, home=tmp_path / "home")

    return bring


def problems(reports):
    return {p["problem"]: p for report in reports for p in report["problems"] if p["severity"] != "assumed"}


def test_accounts_for_tests_are_known(bring):
    bring(accounts="account_id,is_test\nA,false\nT,true\n")
    usage = bring(usage="account_id,used_on\nA,2024-01-01\nT,2024-01-01\nZ,2024-01-01\n")
    assert [one["value"] for one in problems(usage)["unknown_account"]["examples"]] == ["Z"]


def test_usage_finds_subscriptions_of_test_accounts_too(bring):
    bring(
        accounts="account_id,is_test\nA,false\nT,true\n",
        subscriptions="subscription_id,account_id,started_on,amount\nS1,A,2024-01-01,1\nS2,T,2024-01-01,1\n",
    )
    (usage,) = bring(feature_usage="subscription_id,usage_date,feature\nS1,2024-01-02,f\nS2,2024-01-02,f\n")
    assert (usage["rows_accepted"], problems([usage])) == (2, {})


def test_pseudonyms_join_files_of_different_imports(bring):
    who = {"from": "Mail", "as": "pseudonym"}
    bring({"tables": {"accounts": {"columns": {"account_id": who}}}}, customers="Mail\nana@a.example\nbia@b.example\n")
    mapping = {"tables": {"usage": {"columns": {"account_id": who, "used_on": "Day"}}}}
    reports = bring(mapping, use="Mail,Day\nana@a.example,2024-01-01\ncarl@c.example,2024-01-01\n")
    assert problems(reports)["unknown_account"]["count"] == 1
    assert "example" not in json.dumps(reports, default=str).replace('"examples"', "")


def test_rejected_rows_on_disk_hold_no_private_text(bring, tmp_path):
    mapping = {
        "drop": ["Phone"],
        "tables": {"usage": {"columns": {"account_id": {"from": "Mail", "as": "pseudonym"}, "used_on": "Day"}}},
    }
    (report,) = bring(mapping, use="Mail,Day,Phone\nana@a.example,soon,555-1234\n")
    text = Path(report["rejected_file"]).read_text(encoding="utf-8-sig")
    assert "soon" in text
    assert "ana@" not in text
    assert "555" not in text


def test_a_dry_run_of_an_update_counts_no_row_twice(tmp_path, bring):
    bring(
        accounts="account_id,name\nA,Ana\nB,Bia\n",
        subscriptions="subscription_id,account_id,started_on,amount\nS,A,2024-01-01,1\n",
    )
    path = tmp_path / "accounts.csv"
    path.write_text("account_id,name,segment\nA,Ana Lima,SMB\nC,Carl,SMB\n", encoding="utf-8")
    (report,) = farol.import_files([path], "checked", mode="upsert", dry_run=True, home=tmp_path / "home")
    assert (report["rows_accepted"], report["version"]) == (2, None)
    target = farol.Workspace.open("checked", home=tmp_path / "home")
    uploads = [farol.look(path, store=target.store)]
    rows = [one for each in farol.check(target, uploads) for one in each]
    after = farol.preview(target, rows, "upsert", tmp_path)
    with connect(after.facts) as cursor:
        found = cursor.sql("SELECT account_id, name FROM accounts ORDER BY 1").fetchall()
    assert found == [("A", "Ana Lima"), ("B", "Bia"), ("C", "Carl")]


def test_departures_are_compared_with_what_is_held(bring):
    names = [f"A{i}" for i in range(20)]
    bring(
        subscriptions="subscription_id,account_id,started_on,amount,ended_on\n"
        + "".join(f"S{n},{n},2024-01-01,1,{'2024-03-01' if n < 'A14' else ''}\n" for n in names)
        + "last,L,2024-06-01,1,\n"
    )
    ended = [n for n in names if n < "A14"]
    same = bring(churn_events="account_id,event_on\n" + "".join(f"{n},2024-03-01\n" for n in ended))
    assert "churn_disagrees" not in problems(same)
    others = [n for n in names if n not in ended]
    found = problems(bring(departures="account_id,event_on\n" + "".join(f"{n},2024-03-01\n" for n in others)))
    assert found["churn_disagrees"]["params"] == {
        "subscriptions": len(ended), "events": 20, "marks": "–", "agree": len(ended)
    }  # fmt: skip


def test_a_new_stretch_that_overlaps_one_held_already_is_remarked(bring):
    header = "subscription_id,account_id,started_on,amount,ended_on\n"
    bring(subscriptions=header + "S,A,2024-01-01,1,\nT,B,2024-01-01,1,2024-06-01\n")
    text = header + "S,A,2024-06-01,2,\nT,B,2024-06-01,2,\nU,C,2024-06-01,2,\n"
    found = problems(bring(more_subscriptions=text))
    assert [one["row"] for one in found["overlapping_held"]["examples"]] == [2]


def test_a_stretch_brought_with_its_end_does_not_overlap_itself(tmp_path, bring):
    header = "subscription_id,account_id,started_on,amount,ended_on\n"
    bring(subscriptions=header + "S,A,2024-01-01,1,\n")
    path = tmp_path / "update_subscriptions.csv"
    path.write_text(header + "S,A,2024-01-01,1,2024-06-01\nS,A,2024-06-01,2,\n", encoding="utf-8")
    assert problems(farol.import_files([path], "checked", mode="upsert", home=tmp_path / "home")) == {}


IDS = [
    "overlapping_held",
    "rows_only", "rows_without", "summed", "summed_with_blanks", "differs_within_key", "mixed_currencies",
    "older_version", "no_newest", "tied_newest", "no_cells", "first_of_list", "not_whole_months", "nothing_to_take_off",
    "unknown_subscription", "far_future", "long_ago", "far_out", "overlapping", "overlapping_product",
    "churn_disagrees", "overlaps_held", "values_cleared", "scale_from_header",
    "unknown_account_near", "accounts_alike",
]  # fmt: skip


@pytest.mark.parametrize("id", IDS)
def test_what_is_found_has_words(id):
    for locale in LANGUAGES:
        assert catalogue.has(f"import.p_{id}", locale)
        assert catalogue.has(f"import.e_{id}", locale)
