"""Connections: databases and published files that rows come from, read-only, by reference to their secrets."""

from data.connections.catalogue import Relation, SourceColumn, count, find, named, relations
from data.connections.copying import Copied, copy
from data.connections.database import LIMITS, Limits, engine_for, may_write, reading
from data.connections.hosts import HostRules
from data.connections.links import Fetched, fetch
from data.connections.secret import Secret, redacted, resolve
from data.connections.spec import KINDS, TLS, checked, from_url

__all__ = [
    "KINDS",
    "LIMITS",
    "TLS",
    "Copied",
    "Fetched",
    "HostRules",
    "Limits",
    "Relation",
    "Secret",
    "SourceColumn",
    "checked",
    "copy",
    "count",
    "engine_for",
    "fetch",
    "find",
    "from_url",
    "may_write",
    "named",
    "reading",
    "redacted",
    "relations",
    "resolve",
]
