"""The same measures on Spark: equal to the embedded engine in every cell, and missing where it is missing.

Each family is asked on its own: Spark plans a statement of all families for minutes, and the cells are the same.
"""

from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from data.engines.live import LiveFacts, LiveTable
from data.engines.spark import SparkDialect, SparkSource
from data.measures import FAMILIES, health_inputs, observed
from data.panel import build_panel, panel_select
from data.policies import Policies
from tests.data.engines import context
from tests.data.test_panel import RICH
from tests.engines import companies

OWN = observed.family(["onboarding_on_time", "business_reviews_held"])
TODAY = date(2026, 11, 22)
ASKED = (("month", None), ("quarter", "past"))


def test_text_for_spark_has_only_functions_that_ran_there() -> None:
    for grain in ("month", "half", "week"):
        select = panel_select(context(RICH, grain), (*FAMILIES, OWN, health_inputs.FAMILY))
        text = str(select.compile(dialect=SparkDialect(), compile_kwargs={"render_postcompile": True}))
        assert "date_trunc" not in text
        assert "INTERVAL" not in text
        assert "trunc(" in text


@pytest.mark.slow
@pytest.mark.parametrize("company", companies.COMPANIES)
def test_every_cell_of_a_whole_company(spark: Any, company: str, tmp_path: Any) -> None:
    rows = companies.arrow_tables(company)
    embedded = companies.written(rows, tmp_path, TODAY)
    other = _loaded(spark, company, rows, embedded.files)
    for grain, moment in ASKED:
        as_of = companies.AS_OF[company] if moment else None
        for family in (*FAMILIES, OWN, health_inputs.FAMILY) if grain == "month" else (*FAMILIES, OWN):
            here, there = (build_panel(one, grain, Policies(), as_of, (family,)).frame for one in (embedded, other))
            assert len(here), family.name
            pd.testing.assert_frame_equal(here, there, check_exact=True, obj=f"{family.name} {grain} {as_of}")


def _loaded(spark: Any, company: str, rows: dict[str, pa.Table], files: Any) -> LiveFacts:
    spark.sql(f"CREATE DATABASE IF NOT EXISTS {company}")
    for name in rows:
        spark.read.parquet(*files[name]).coalesce(1).write.mode("overwrite").saveAsTable(f"{company}.{name}")
    source = SparkSource(spark, company)
    return LiveFacts(source, {name: LiveTable(name) for name in rows}, company, TODAY)
