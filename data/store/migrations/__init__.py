"""Alembic migrations of the state database. `HEAD` is the newest revision (a test keeps it true)."""

HEAD = "0003"
VERSION_TABLE = "state_version"
