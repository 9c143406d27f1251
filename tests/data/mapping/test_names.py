"""Every canonical column is known by names in three languages, and names are compared kindly."""

import csv
from pathlib import Path

import pytest

from data import schema
from data.mapping import names

COLUMNS = [(table.name, column) for table in schema.tables().values() for column in table.columns]


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_every_column_has_names_in_three_languages(table, column):
    known = names.column_languages(table, column)
    assert set(known) == {"en", "pt", "es"}
    assert all(known.values())


def test_every_known_name_is_of_a_real_column():
    with (Path(names.__file__).parent / "synonyms.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["table"], row["column"]) for row in rows} == set(COLUMNS)
    assert all(None not in row for row in rows)


def test_every_table_has_words_for_file_names():
    assert set(names.table_words()) == set(schema.tables())


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Account ID", "account id"),
        ("customerID", "customer id"),
        ("DtCriacao", "dt criacao"),
        ("Situação do Chamado", "situacao do chamado"),
        ("  started_on ", "started on"),
        ("AvgTalkDuration", "avg talk duration"),
        ("", ""),
        ("€", ""),
    ],
)
def test_normalised(header, expected):
    assert names.normalised(header) == expected


def test_variants_leave_out_notes_and_prefixes():
    assert "created" in names.variants("Created (UTC)")
    assert "contact id" in names.variants("Contact: Contact ID")
    assert "name" in names.variants("property_name")


@pytest.mark.parametrize(
    ("domain", "word", "value"),
    [
        ("subscriptions.status", "Ativa", "active"),
        ("subscriptions.status", "CANCELADO", "cancelled"),
        ("subscriptions.status", "Em teste", "trial"),
        ("subscriptions.status", "en prueba", "trial"),
        ("contacts.status", "Resolvido", "solved"),
        ("contacts.status", "cerrado", "solved"),
        ("contacts.status", "On-hold", "pending"),
        ("invoices.status", "Pagada", "paid"),
        ("invoices.kind", "Nota de crédito", "credit"),
        ("renewals.outcome", "não renovado", "churned"),
        ("surveys.csat", "muito satisfeito", "5"),
        ("boolean", "Não", "false"),
        ("boolean", "Sí", "true"),
        ("months", "Anual", "12"),
    ],
)
def test_words(domain, word, value):
    assert names.words(domain)[names.normalised(word)] == value
