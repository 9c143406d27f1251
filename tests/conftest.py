"""What every test may ask for."""

from tests.services import mariadb, postgres

__all__ = ["mariadb", "postgres"]
