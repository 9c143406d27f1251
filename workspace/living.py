"""Live: the numbers of a workspace computed where the rows are, through a connection, with nothing brought in.

Only PostgreSQL, the one engine beside our own on which every measure has been compared; other databases are copied.
A workspace is switched live by a connection whose picked tables feed it (`switch_on`); all its numbers then come from
there, none from what was imported. Each process looks at the source at most every few minutes: a reading is one
version of the data. It gives way to a newer one only when that one has been read; while the source is away, what the
last reading has shown stays.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from data import connections, schema
from data.connections import HostRules, Relation
from data.engines.live import LiveFacts, LiveTable
from data.engines.postgres import PostgresSource
from data.problems import DataProblem
from data.store import ConnectionInfo, PickedTable
from workspace import live_tables
from workspace.connecting import noted
from workspace.numbers import Workspace

FRESH_SECONDS = 900  # how old live numbers may be, unless the connection says otherwise
MINUTES = (5, 15, 60, 1440)
RETRY_SECONDS = 60  # a source that did not answer is asked again after this

Clock = Callable[[], datetime]


def _clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Live:
    """How a workspace is live.

    Attributes:
        connection: The name of the connection.
        read_at: When its numbers were read; None when they never were.
        problem: Why nothing newer could be read; None when nothing is wrong.
    """

    connection: str
    read_at: datetime | None = None
    problem: DataProblem | None = None


@dataclass
class _Reading:
    """The last look at a source: facts when it ever went well, and the problem when it did not go well last."""

    key: tuple[Any, ...]
    facts: LiveFacts | None = None
    read_at: datetime | None = None
    tried_at: datetime | None = None
    problem: DataProblem | None = None
    stale: bool = False

    def good_for(self, seconds: int, now: datetime) -> bool:
        """Whether the source need not be asked again yet."""
        if self.stale:
            return False
        if self.problem is not None and self.tried_at is not None:
            return now - self.tried_at < timedelta(seconds=RETRY_SECONDS)
        return self.read_at is not None and now - self.read_at < timedelta(seconds=seconds)


@dataclass
class _Readings:
    """The readings of this process by workspace."""

    held: dict[tuple[str, str], _Reading] = field(default_factory=dict)
    locks: dict[tuple[str, str], threading.Lock] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def lock(self, place: tuple[str, str]) -> threading.Lock:
        with self.guard:
            return self.locks.setdefault(place, threading.Lock())

    def put(self, place: tuple[str, str], new: _Reading) -> _Reading:
        with self.guard:
            old = self.held.get(place)
            self.held[place] = new
        if old is not None and old.facts is not None and old.facts is not new.facts:
            _close(old.facts)
        return new

    def drop(self, place: tuple[str, str]) -> None:
        with self.guard:
            old = self.held.pop(place, None)
        if old is not None and old.facts is not None:
            _close(old.facts)


_READINGS = _Readings()


def _close(facts: LiveFacts) -> None:
    """Let go of the engine; queries under way finish on connections of their own."""
    if isinstance(facts.source, PostgresSource):
        facts.source.engine.dispose()


# The switch


def switched(space: Workspace) -> ConnectionInfo | None:
    """The connection that a workspace is live by; None when it shows what was imported."""
    return next((info for info in space.store.connections(space.id) if info.options.get("live")), None)


def switch_on(space: Workspace, name: str, minutes: int = 15, shared: bool = False, actor: str = "") -> None:
    """Read the picked tables of a connection once, and let all numbers of the workspace come from there.

    Args:
        space: The workspace.
        name: The connection; its tables are picked.
        minutes: How old numbers may become before the source is asked again.
        shared: Whether others use this Farol (see `HostRules`).
        actor: Who asks.

    Raises:
        DataProblem: it is no PostgreSQL, its user may do too much, it cannot be reached, nothing is picked, or what
            is picked cannot be live; nothing is changed.
    """
    if not 1 <= minutes <= 10_080:
        raise DataProblem("live_minutes", "Numbers are read again after 1 to 10080 minutes, not {n}.", n=minutes)
    space = space.stored
    place = _place(space)
    with _READINGS.lock(place):
        info = space.store.connection(space.id, name)
        _READINGS.put(place, _looked(space, info, HostRules.from_environment(shared), _clock()))
    space.store.set_live(space.id, name, minutes, actor)


def switch_off(space: Workspace, name: str, actor: str = "") -> None:
    """Let the numbers come from what was imported again."""
    space.store.set_live(space.id, name, None, actor)
    _READINGS.drop(_place(space))


def read_again(space: Workspace) -> None:
    """Ask the source anew when the workspace is opened next."""
    held = _READINGS.held.get(_place(space))
    if held is not None:
        held.stale = True


# Opening


def opened(space: Workspace, shared: bool = False, now: Clock = _clock) -> Workspace:
    """The workspace on live facts where a connection is switched so; else as it is.

    Raises:
        DataProblem: the source cannot be read and never was by this process.
    """
    info = switched(space)
    if info is None:
        return space
    reading = _reading(space, info, HostRules.from_environment(shared), now)
    if reading.facts is None:
        assert reading.problem is not None  # noqa: S101 - a reading has one or the other
        raise reading.problem
    found = Workspace(space.store, space.id, reading.facts)  # type: ignore[arg-type]  # asked like imported facts
    found.stored = space
    found.live = Live(info.name, reading.read_at, reading.problem)
    return found


def away(space: Workspace, problem: DataProblem) -> Live:
    """How a live workspace stands whose source never answered this process."""
    info = switched(space)
    return Live(info.name if info else "", None, problem)


def _place(space: Workspace) -> tuple[str, str]:
    return str(space.store.home), space.id


def _reading(space: Workspace, info: ConnectionInfo, rules: HostRules, now: Clock) -> _Reading:
    place = _place(space)
    seconds = int(info.options.get("minutes") or 0) * 60 or FRESH_SECONDS
    key = _key(space, info, rules)
    held = _READINGS.held.get(place)
    if held is not None and held.key == key and held.good_for(seconds, now()):
        return held
    lock = _READINGS.lock(place)
    usable = held is not None and held.key == key and held.facts is not None
    if not lock.acquire(blocking=not usable):
        assert held is not None  # noqa: S101 - another thread reads already; meanwhile the last reading serves
        return held
    try:
        held = _READINGS.held.get(place)
        held = held if held is not None and held.key == key else None
        if held is not None and held.good_for(seconds, now()):
            return held
        moment = now()
        try:
            return _READINGS.put(place, _looked(space, info, rules, moment))
        except DataProblem as problem:
            last = held or _Reading(key)
            failed = _Reading(key, last.facts, last.read_at, moment, problem)
            return _READINGS.put(place, failed)
    finally:
        lock.release()


def _key(space: Workspace, info: ConnectionInfo, rules: HostRules) -> tuple[Any, ...]:
    """What a reading depends on besides the moment."""
    picks = space.store.picked(space.id, info.name)
    return _told(info), live_tables.told(picks), rules, space.store.settings(space.id)["timezone"]


def _looked(space: Workspace, info: ConnectionInfo, rules: HostRules, now: datetime) -> _Reading:
    """A look at the source, whole or not at all: tables, columns, words, keys, and the measures of every month."""
    _refuse_other_kinds(info)
    picks = space.store.picked(space.id, info.name)
    if not picks:
        raise DataProblem(
            "connection_nothing_picked", "Nothing is picked from {name} yet. Pick tables first.", name=info.name
        )
    with noted(space, info):
        with connections.reading(info, rules) as connection:  # refuses roles that may do too much
            offered = connections.relations(connection)
        facts = _facts(space, info, rules, picks, offered, f"live {now.isoformat()}")
        try:
            Workspace(space.store, space.id, facts).panel()  # type: ignore[arg-type]  # so that it is of this moment
        except DataProblem:
            _close(facts)
            raise
    return _Reading(_key(space, info, rules), facts, now, now)


def _facts(
    space: Workspace,
    info: ConnectionInfo,
    rules: HostRules,
    picks: list[PickedTable],
    offered: list[Relation],
    version: str,
) -> LiveFacts:
    chosen, there = live_tables.planned(picks, offered)
    source = _source(space, info, rules, chosen)
    try:
        plain = LiveFacts(source, there, version)
        facts = LiveFacts(source, live_tables.worded(plain, picks), version)
        live_tables.refuse_unsound(facts)
        Workspace(space.store, space.id, facts).span  # type: ignore[arg-type]  # noqa: B018 - asked now
    except DataProblem:
        source.engine.dispose()
        raise
    return facts


def _source(space: Workspace, info: ConnectionInfo, rules: HostRules, within: str) -> PostgresSource:
    engine = connections.engine_for(info, rules, texts=True)
    label = f"{space.id} {info.name} {'/'.join(map(str, _told(info)))}"
    zone = space.store.settings(space.id)["timezone"]
    return PostgresSource(engine, label, within, zone, connections.LIMITS.statement_seconds)


def _refuse_other_kinds(info: ConnectionInfo) -> None:
    if info.kind != "postgresql":
        raise DataProblem(
            "live_only_postgresql",
            "Measures run live only on PostgreSQL; bring the rows of {name} in instead (refresh).",
            name=info.name,
        )


def _told(info: ConnectionInfo) -> tuple[str | int | None, ...]:
    return info.host, info.port, info.database, info.user, info.secret, str(info.options.get("tls")), info.name


# Trying it out by name, without a switch


def usable(offered: list[Relation]) -> dict[str, dict[str, Relation]]:
    """By schema the tables and views that can be used as they are: our name, and every column we require."""
    found: dict[str, dict[str, Relation]] = {}
    for one in offered:
        ours = schema.tables().get(one.name)
        if ours is not None and set(ours.required) <= {column.name for column in one.columns}:
            found.setdefault(one.schema, {})[one.name] = one
    return found


def live(space: Workspace, name: str, within: str = "", shared: bool = False, now: Clock = _clock) -> Workspace:
    """The workspace with the tables of a connection that carry our names, whatever is picked or switched.

    Args:
        space: The workspace; its settings and targets stay.
        name: The connection.
        within: The schema; the one with most of our tables when left out.
        shared: Whether others use this Farol (see `HostRules`).
        now: The clock: what was asked is asked again after `FRESH_SECONDS`.

    Raises:
        DataProblem: it is no PostgreSQL, cannot be reached, or has no table under our names.
    """
    info, rules = space.store.connection(space.id, name), HostRules.from_environment(shared)
    _refuse_other_kinds(info)
    with noted(space, info):
        with connections.reading(info, rules) as connection:
            ready = usable(connections.relations(connection))
        chosen = within or max(ready, key=lambda one: len(ready[one]), default="")
        if not ready.get(chosen):
            raise DataProblem(
                "live_no_tables",
                "{name} has no table or view with the names and columns of Farol's tables. Make views of those names, "
                "or bring the rows in instead.",
                name=name,
            )
        moment = int(now().timestamp()) // FRESH_SECONDS
        there = {table: LiveTable(table) for table in ready[chosen]}
        facts = LiveFacts(_source(space, info, rules, chosen), there, f"live {moment}")
    return Workspace(space.store, space.id, facts)  # type: ignore[arg-type]  # asked like imported facts
