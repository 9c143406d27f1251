"""Whatever headers and cells are, suggesting never breaks, and a suggestion can always be written down."""

from hypothesis import given, settings
from hypothesis import strategies as st

from data.mapping import Mapping, suggest
from data.mapping.exports import exports
from data.readers import read

KNOWN = sorted({part for one in exports().values() for e in (*one.headers, *one.some) for part in e.split(" | ")})
header = st.one_of(st.sampled_from(KNOWN), st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12))
cell = st.sampled_from(["", "1", "2024-01-31", "jan/24", "usd", "jpy", "Offered", "R$ 1,50", "true", "-", "a;b", "🙂"])


@settings(max_examples=30, deadline=None)
@given(st.lists(header.filter(lambda text: "\t" not in text and '"' not in text), min_size=1, max_size=12), st.data())
def test_suggesting_never_breaks(headers, data):
    rows = data.draw(st.lists(st.lists(cell, min_size=len(headers), max_size=len(headers)), min_size=1, max_size=4))
    text = "\n".join("\t".join(row) for row in (["key", *headers], *(["x", *row] for row in rows)))
    for raw in read(text.encode(), "any.tsv"):
        mapping = suggest(raw)
        if mapping.tables:
            again = Mapping.from_json(mapping.to_json()).bound(raw.headers, raw.name)
            assert again.to_json() == mapping.to_json()
            assert set(again.unmapped) == set(mapping.unmapped)
