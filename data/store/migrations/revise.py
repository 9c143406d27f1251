"""Write a new migration from the difference between the models and the last revision.

`python -m data.store.migrations.revise "what changes"`; read the file it writes, then raise `HEAD`.
"""

import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from data.store.database import migrate
from data.store.migrations import HEAD


def revise(message: str) -> None:
    """Migrate an empty database to the last revision and write what the models have more."""
    with tempfile.TemporaryDirectory() as folder:
        engine = sa.create_engine(f"sqlite:///{folder}/state.db")
        with engine.connect() as connection:
            migrate(connection)
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent))
            config.attributes["connection"] = connection
            command.revision(config, message, autogenerate=True, rev_id=f"{int(HEAD) + 1:04d}")


if __name__ == "__main__":
    revise(sys.argv[1])
