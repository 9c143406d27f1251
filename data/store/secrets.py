"""Secrets that Farol makes for a workspace: kept in the state, never shown, in backups only when asked for."""

import hashlib
import secrets

import sqlalchemy as sa
from sqlmodel import Session

from data.store import workspaces
from data.store.database import Database
from data.store.models import Key

PSEUDONYMS = "pseudonyms"
ERASURES = "erasures"


def key(database: Database, workspace_id: str, name: str) -> bytes:
    """The 32 random bytes of that name; made when first asked for, the same for everybody from then on."""
    for _ in range(2):
        with database.read() as session:
            workspaces.get(session, workspace_id)
            found = session.get(Key, (workspace_id, name))
        if found is not None:
            return bytes.fromhex(found.value)
        try:
            with database.write() as session:
                session.add(Key(workspace_id=workspace_id, name=name, value=secrets.token_hex(32)))
        except sa.exc.IntegrityError:  # somebody else made it at this moment
            continue
    with database.read() as session:
        return bytes.fromhex(session.get_one(Key, (workspace_id, name)).value)


def known(session: Session, workspace_id: str, name: str) -> bytes | None:
    """The key of that name where it was made already."""
    found = session.get(Key, (workspace_id, name))
    return bytes.fromhex(found.value) if found else None


def fingerprint(value: bytes) -> str:
    """A name for a key that does not give it away."""
    return hashlib.sha256(b"farol key " + value).hexdigest()[:16]
