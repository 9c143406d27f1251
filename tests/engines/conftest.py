"""A private PostgreSQL server and a local Spark session; tests skip with the reason where either is missing."""

import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.services import Server, postgres

__all__ = ["Server", "postgres", "spark"]


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A Spark session in this process's own Java, on one machine, with nothing kept."""
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed (scripts/engines.sh)")
    if not shutil.which("java"):
        pytest.skip("Spark needs a Java runtime, which is not installed (scripts/engines.sh)")
    folder = tempfile.mkdtemp(prefix="farol-spark-")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "3g",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.adaptive.enabled": "false",  # small data: planning is what takes the time
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.maxPlanStringLength": "1000",
        "spark.sql.warehouse.dir": folder,
        "spark.sql.catalogImplementation": "in-memory",
        "spark.local.dir": folder,
        "spark.log.level": "ERROR",
    }
    builder = sql.SparkSession.builder.master("local[2]").appName("farol-tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()
        shutil.rmtree(folder, ignore_errors=True)
