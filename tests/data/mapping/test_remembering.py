"""A mapping is found again: same headers in another order, one more column, but never another source."""

import hashlib
import json

from data.mapping.remembering import remembered, signature
from data.readers import read

MAPPING = {
    "tables": {
        "invoices": {
            "rows": [{"without": {"Situação": ["Cancelada"]}}],
            "columns": {"invoice_id": "Nota", "account_id": "Cliente", "issued_on": "Emissão", "amount": "Valor"},
        }
    }
}


def raw(header):
    return read(f"{header}\n{';'.join('1' for _ in header.split(';'))}\n".encode(), "notas.csv")[0]


FIRST = raw("Nota;Cliente;Emissão;Valor;Situação")


def test_the_same_headers_in_another_order():
    found = remembered(raw("Cliente;Nota;Valor;Emissão;Situação"), {signature(FIRST): MAPPING})
    assert found is not None
    assert found.to_json() == MAPPING


def test_one_column_more_and_other_capitals():
    found = remembered(raw("NOTA;Cliente;Emissão;Valor;Situação;Vendedor"), {signature(FIRST): MAPPING})
    assert found is not None
    assert found.tables["invoices"].columns["invoice_id"].headers == ("NOTA",)
    assert found.unmapped == ("Vendedor",)


def test_not_when_a_column_it_reads_is_gone():
    assert remembered(raw("Nota;Cliente;Emissão;Situação"), {signature(FIRST): MAPPING}) is None


def test_a_column_of_a_row_step_counts_too():
    assert remembered(raw("Nota;Cliente;Emissão;Valor"), {signature(FIRST): MAPPING}) is None


def test_not_for_another_source_that_has_the_same_columns_among_many():
    others = ";".join(f"Campo {i}" for i in range(6))
    assert remembered(raw(f"Nota;Cliente;Emissão;Valor;Situação;{others}"), {signature(FIRST): MAPPING}) is None


def test_the_most_alike_wins():
    near = {"tables": {"invoices": {"columns": {**MAPPING["tables"]["invoices"]["columns"], "due_on": "Vencimento"}}}}
    mappings = {
        signature(FIRST): MAPPING,
        signature(raw("Nota;Cliente;Emissão;Valor;Situação;Vencimento")): near,
    }
    found = remembered(raw("Nota;Cliente;Emissão;Valor;Situação;Vencimento;Vendedor"), mappings)
    assert found is not None
    assert "due_on" in found.tables["invoices"].columns


def test_mappings_remembered_by_the_first_releases():
    old = "headers:" + hashlib.sha256(json.dumps(FIRST.headers).encode()).hexdigest()[:24]
    assert remembered(FIRST, {old: MAPPING}) is not None


def test_signatures_of_very_wide_files_stay_short():
    wide = raw(";".join(f"c{i}" for i in range(3000)))
    assert len(signature(wide)) < 1700


def test_a_mapping_that_no_longer_reads_is_passed_over():
    assert remembered(FIRST, {signature(FIRST): {"tables": {"no_such_table": {"columns": {}}}}}) is None
