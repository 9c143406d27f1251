"""The example in the documentation works, and every unit and step of the mapping language is on the page."""

import json
import re
from pathlib import Path

from data.importing import inspect, prepare
from data.mapping import Mapping
from data.mapping.mapping import UNITS
from data.mapping.steps import KINDS

PAGE = (Path(__file__).parents[3] / "docs" / "mapping-files.md").read_text(encoding="utf-8")
FILE = b"""Order ID,Customer e-mail,Date,Time,Line total,State,Type,NPS,Phone
O1,a@b.co,2025-01-02,10:00,1000,Pago,charge,9,555
O1,a@b.co,2025-01-02,10:00,250,Pago,charge,9,555
O2,c@d.co,2025-01-03,11:00,700,Aberto,refund,3,556
"""


def test_the_example_is_a_mapping_file_that_works() -> None:
    body = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL).group(1))
    assert Mapping.from_json(body).to_json()["drop"] == ["Phone"]
    del body["tables"]["invoices"]["columns"]["account_id"]["as"]  # pseudonyms need the key of a workspace
    rows = {one.table: one.accepted for one in prepare(inspect(FILE, "orders.csv"), body)}
    assert rows["invoices"].select(["invoice_id", "amount", "status", "kind"]).to_pylist() == [
        {"invoice_id": "O1", "amount": 12.5, "status": "paid", "kind": "recurring"}
    ]
    assert rows["surveys"]["score"].to_pylist()[-1] == 3.0


def test_every_unit_and_step_is_on_the_page() -> None:
    assert [name for name in (*UNITS, *KINDS) if f"`{name}`" not in PAGE and f'"{name}"' not in PAGE] == []
