"""Sources for the tests of connections."""

from tests.data.connections.sources import postgres_db, secret, source

__all__ = ["postgres_db", "secret", "source"]
