"""The import page: an upload is read, matched, checked and lit before anything is stored, and then is."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.store import Store
from tests.pages.conftest import HOSTILE, ROOT, words

CSV = (
    "Relatório;;;;;\n"
    "Assinatura;Cód. Cliente;Cliente;Valor mensal;Início;Fim\n"
    + "".join(
        f"S{i:04d};{i:04d};Cliente {i};R$ 1.{i:03d},50;{1 + i % 28:02d}/0{1 + i % 9}/2025;\n" for i in range(1, 13)
    )
    + "S0013;0013;Cliente 13;grátis;01/02/2025;\n"
    "S0014;0014;Cliente 14;R$ 900,00;01/02/2025;31/12/2024\n"
).encode("cp1252")


def opened(**query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=200)
    at.query_params["lang"] = query.pop("lang", "en")
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    at.switch_page("pages/start/import_page.py")
    return at.run()


def uploaded(at: AppTest, *files: tuple[str, bytes]) -> AppTest:
    at.file_uploader[0].set_value([(name, data, "text/csv") for name, data in files])
    return at.run()


def primary(at: AppTest) -> str:
    return at.button("import_bring_in").label


@pytest.mark.parametrize("workspace", ["sample", "empty", "partial"])
@pytest.mark.parametrize("lang", ["en", "pt_BR", "es"])
def test_opens_everywhere(workspace: str, lang: str) -> None:
    at = opened(workspace=workspace, lang=lang)
    assert not at.exception
    assert at.title[0].value in ("Bring in data", "Trazer dados", "Traer datos")
    assert at.file_uploader
    assert len(at.get("download_button")) >= 2


def test_an_upload_is_read_matched_checked_and_lit_before_it_is_stored(home: Path) -> None:
    before = {one.id: one.version for one in Store(home, None).workspaces()}
    at = uploaded(opened(workspace="sample"), ("assinaturas.csv", CSV))
    said = words(at)
    assert not at.exception
    assert r"assinaturas\.csv" in at.title[0].value
    assert primary(at) == "Bring in 12 rows"
    assert "2 rows need a fix" in said
    assert "nothing is stored until you bring the rows in" in said
    assert "Line 2 is the header." in said
    assert "R$" in said, "live values before the commit"
    assert at.selectbox("import_where").value == "", "the sample does not receive customer files by itself"
    found = next(frame.value for frame in at.dataframe if "Line numbers" in frame.value)
    assert list(found["Problem"])[:2] == ["Not a number", "End before start"] or set(found["Problem"]) >= {
        "Not a number",
        "End before start",
    }
    assert {one.id: one.version for one in Store(home, None).workspaces()} == before


def test_the_button_stores_them_in_a_new_workspace_that_opens(home: Path) -> None:
    at = uploaded(opened(workspace="sample"), ("assinaturas.csv", CSV))
    at.text_input("import_name").set_value("Loja *um*").run()
    at.button("import_bring_in").click().run()
    said = words(at)
    assert not at.exception
    assert "12 rows are in" in said
    assert r"Loja \*um\*" in said
    assert "lit up:" in said
    store = Store(home, None)
    made = store.find_workspace("Loja *um*")
    assert made is not None
    assert store.rows(made.id)["subscriptions"] == 12
    assert at.query_params["workspace"] in (made.id, [made.id])
    labels = [link.proto.label for link in at.get("page_link")]
    assert any("MRR" in label for label in labels), "links to what lit up"

    at.button("import_undo_now").click().run()
    assert "Taken back" in words(at)
    assert store.rows(made.id) == {}
    at.button("import_redo").click().run()

    again = uploaded(at, ("assinaturas.csv", CSV))
    assert primary(again) == "Update with 12 rows", "keys that are here are updated, never added twice"
    again.button("import_bring_in").click().run()
    assert "This is here already" in words(again)

    again.button("import_undo").click().run()
    assert not again.exception
    assert store.rows(made.id) == {}
    again.button("import_redo").click().run()
    assert store.rows(made.id)["subscriptions"] == 12


def test_what_was_assumed_can_be_changed_and_everything_is_read_again() -> None:
    at = uploaded(opened(workspace="empty"), ("assinaturas.csv", CSV))
    header = next(box for box in at.selectbox if box.key.startswith("import_header_row"))
    header.set_value(1).run()
    assert not at.exception
    assert "Line 1 is the header." in words(at)


def test_a_missing_column_is_asked_for_and_can_be_given() -> None:
    rows = "".join(f"S{i},C{i},2025-0{1 + i % 9}-01\n" for i in range(20))
    at = uploaded(
        opened(workspace="empty"), ("subscriptions.csv", f"subscription_id,account_id,started_on\n{rows}".encode())
    )
    assert at.button("import_bring_in").disabled
    box = next(one for one in at.selectbox if one.key.endswith("subscriptions.amount"))
    assert "Which column holds Amount?" in box.label


def test_files_that_stay_out_are_said_beside_those_that_come_in() -> None:
    deals = b"deal_id,dealstage,amount\n1,won,5\n"
    accounts = b"account_id,name\nA,Alpha\nB,Beta\n"
    at = uploaded(opened(workspace="empty"), ("deals.csv", deals), ("accounts.csv", accounts))
    assert not at.exception
    said = words(at)
    assert primary(at) == "Bring in 2 rows"
    assert "1 table stays out" in said
    assert "This looks like sales opportunities" in said


def test_a_file_that_is_no_table_is_refused_in_words() -> None:
    at = uploaded(opened(workspace="empty"), ("photo.csv", b"\x89PNG\r\n\x1a\n0000"))
    assert not at.exception
    assert "is not a table Farol can read" in words(at)


def test_hostile_names_stay_text() -> None:
    name = f"../../{HOSTILE}.csv"
    data = f'account_id,name,"![](http://evil.example/y.png)"\nC1,"{HOSTILE}","**b**"\nC2,=1+1,x\n'.encode()
    at = uploaded(opened(workspace="empty"), (name, data))
    assert not at.exception
    said = words(at)
    assert "![](http" not in said
    assert "[x](http" not in said
    labels = [box.label for box in at.selectbox]
    assert not any("![](http" in label for label in labels)


def test_a_refusal_is_said_in_each_language() -> None:
    for lang, said in (("pt_BR", "não é uma tabela que o Farol leia"), ("es", "no es una tabla que Farol lea")):
        assert said in words(uploaded(opened(workspace="empty", lang=lang), ("a.csv", b"%PDF-1.4 x")))


def test_a_question_a_private_column_and_a_mapping_file() -> None:
    orders = "Order ID,Customer,Order Date,E-mail,Line total\n" + "".join(
        f"O{i},C{i % 7},2025-0{1 + i % 9}-10,p{i}@example.com,{price}\n" for i in range(1, 31) for price in (10.5, 4.25)
    )
    at = uploaded(opened(workspace="empty"), ("orders.csv", orders.encode()))
    assert not at.exception
    assert "One thing to confirm" in words(at)
    assert "60 rows read = 30 ready + 30 merged into others ✓" in words(at)
    assert "Rows with the same **Order ID** become one" in words(at)
    assert "look like addresses or numbers of people: E\\-mail" in words(at)
    drop = next(box for box in at.multiselect if box.key.startswith("import_private_drop"))
    drop.set_value(["E-mail"]).run()
    assert "look like addresses" not in words(at)
    at.radio[0].set_value("keep").run()
    assert not at.exception
    assert "Rows with the same" not in words(at)
    assert "60 rows read = 60 ready" in words(at) or "set aside" in words(at)
    given = {"tables": {"invoices": {"columns": {"account_id": "Customer", "amount": "Line total"}}}}
    at.file_uploader[1].set_value(("mapping.json", json.dumps(given).encode(), "application/json")).run()
    assert not at.exception
    assert "Which column holds" in " ".join(box.label for box in at.selectbox), "what the mapping file lacks is asked"


def test_truths_about_churn_that_disagree_are_told_in_full() -> None:
    accounts = "account_id,name,churned\n" + "".join(
        f"C{i},Company {i},{'yes' if i < 15 else 'no'}\n" for i in range(30)
    )
    lines = "".join(f"S{i},C{i},2024-01-01,10,\n" for i in range(30))
    subscriptions = f"subscription_id,account_id,started_on,amount,ended_on\n{lines}"
    events = "account_id,event_on,reason\n" + "".join(f"C{i},2025-01-01,price\n" for i in range(20, 30))
    files = [("accounts.csv", accounts), ("subscriptions.csv", subscriptions), ("churn_events.csv", events)]
    at = uploaded(opened(workspace="empty"), *((name, text.encode()) for name, text in files))
    said = words(at)
    assert not at.exception
    assert "Two truths about churn" in said
    assert "**0** accounts whose subscriptions have all ended" in said
    assert "**10** accounts with a departure" in said
    assert "KPIs of churned customers and revenue follow the ended subscriptions." in said
    assert "Where every row goes" in said


@pytest.mark.parametrize("lang", ["en", "pt_BR", "es"])
def test_metrics_of_the_company_s_own_lead_to_where_kpis_are_made_of_them(lang: str) -> None:
    rows = "".join(f"{name},2025-0{1 + i % 9}-01,{i}\n" for name in ("visits_*made*", "demos") for i in range(12))
    csv = b"metric,observed_on,numerator\n" + rows.encode()
    at = uploaded(opened(workspace="sample", lang=lang), ("observations.csv", csv))
    assert "demos, visits made." in words(at)
    assert "No new KPI" not in words(at)
    at.text_input("import_name").set_value(f"Demos {lang}").run()
    at.button("import_bring_in").click().run()
    assert not at.exception
    said = words(at)
    assert "demos, visits made." in said
    assert "No further KPI" not in said
    at.button("import_make").click().run()
    assert not at.exception
    assert at.button("own_take_observed_demos")
