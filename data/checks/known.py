"""What a workspace already knows when rows are checked."""

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Known:
    """What the workspace already knows.

    Attributes:
        accounts: Known account ids, or None when no accounts are loaded.
        subscriptions: Table of subscription_id and account_id for lookups, with started_on and ended_on where stretches
            are to be compared; None without any.
        currencies: The reporting currency, then every currency with a rate; None when that is not known.
        pseudonym_key: The key pseudonyms of this workspace are made with, None when there is none.
    """

    accounts: pa.Array | None = None
    subscriptions: pa.Table | None = None
    currencies: tuple[str, ...] | None = None
    pseudonym_key: bytes | None = None
