"""The default sample company, generated once per session."""

import pandas as pd
import pytest

from data.sample import DEFAULT_END, generate
from tests.data.sample.readings import Months, adoption, monthly


@pytest.fixture(scope="session")
def company() -> dict[str, pd.DataFrame]:
    return generate()


@pytest.fixture(scope="session")
def months(company: dict[str, pd.DataFrame]) -> Months:
    return monthly(company, pd.Timestamp(DEFAULT_END))


@pytest.fixture(scope="session")
def use(company: dict[str, pd.DataFrame], months: Months) -> pd.DataFrame:
    return adoption(company, months)
