"""What a company decides about its workspace: settings, targets, labels and mappings, with a record of every change."""

import json
import math
import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from data.problems import DataProblem, did_you_mean
from data.store import pair_changes, workspaces
from data.store.models import Change, Label, Setting, StateModel, Target
from data.store.models import Mapping as SavedMapping

ROLES = ("leading", "lagging", "neither")


@dataclass(frozen=True)
class TargetInfo:
    """What a KPI should be: `period` '' is every period, `segment` None the whole company."""

    kpi: str
    period: str
    segment: tuple[str, str] | None
    value: float


@dataclass(frozen=True)
class ChangeInfo:
    """One change of a setting, target, label or mapping. None before or after: not set."""

    changed_at: datetime
    actor: str
    kind: str
    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class _Known:
    default: Any
    fits: Callable[[Any], bool]
    expected: str


def _is_zone(value: Any) -> bool:
    return isinstance(value, str) and value in zoneinfo.available_timezones()


def _matches(pattern: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _is_days(least: int) -> Callable[[Any], bool]:
    return lambda value: value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= least)


KNOWN: dict[str, _Known] = {
    "currency": _Known("BRL", _matches("[A-Z]{3}"), "a three-letter currency code such as BRL"),
    "language": _Known(
        None,
        lambda value: value is None or _matches("[a-z]{2}(_[A-Z]{2})?")(value),
        "a language such as en, es or pt_BR, or nothing to follow the browser",
    ),
    "timezone": _Known("America/Sao_Paulo", _is_zone, "a time zone such as America/Sao_Paulo"),
    "policies": _Known({}, _is_object, "an object of policy names and values"),
    "health_preset": _Known("default", _matches(r"[\w-]{1,60}"), "the name of a health preset"),
    "keep_originals_days": _Known(None, _is_days(0), "a number of days, 0 for never, or nothing for ever"),
    "keep_rejected_days": _Known(None, _is_days(1), "a number of days from 1 on, or nothing for ever"),
    "keep_undone_days": _Known(None, _is_days(1), "a number of days from 1 on, or nothing for ever"),
    "declared_map": _Known([], pair_changes.fits, pair_changes.EXPECTED),
    "own_kpis": _Known([], _is_records, "a list of KPI definitions"),
    "sample": _Known(False, lambda value: isinstance(value, bool), "true or false"),
}


def settings(session: Session, workspace_id: str) -> dict[str, Any]:
    """All settings of a workspace, defaults filled in. Policies that are not named keep their own defaults."""
    workspaces.get(session, workspace_id)
    found = {name: json.loads(json.dumps(known.default)) for name, known in KNOWN.items()}
    rows = session.exec(select(Setting).where(Setting.workspace_id == workspace_id))
    found.update({row.name: row.value for row in rows})
    return found


def save_settings(session: Session, workspace_id: str, changes: Mapping[str, Any], actor: str) -> None:
    """Store the named settings and leave the others; None on a setting without that meaning goes back to the default.

    `policies` is stored as a whole. Names that Farol does not know are kept as they are (any JSON value).

    Raises:
        DataProblem: a value that its setting cannot have, or a name close to a known one but not equal.
    """
    workspaces.get(session, workspace_id)
    for name, value in changes.items():
        _check_setting(name, value)
        row = session.get(Setting, (workspace_id, name))
        before = row.value if row else None
        _put(session, row, Setting(workspace_id=workspace_id, name=name, value=value), value is None)
        _note(session, workspace_id, actor, "setting", name, before, value)


def targets(session: Session, workspace_id: str) -> list[TargetInfo]:
    """All targets, by KPI, period and segment."""
    workspaces.get(session, workspace_id)
    query = (
        select(Target)
        .where(Target.workspace_id == workspace_id)
        .order_by(col(Target.kpi), col(Target.period), col(Target.dimension), col(Target.dimension_value))
    )
    return [
        TargetInfo(row.kpi, row.period, (row.dimension, row.dimension_value) if row.dimension else None, row.value)
        for row in session.exec(query)
    ]


def save_target(
    session: Session,
    workspace_id: str,
    kpi: str,
    period: str | None,
    segment: tuple[str, str] | None,
    value: float | None,
    actor: str,
) -> None:
    """Set a target, or take it away with None.

    Raises:
        DataProblem: the value is not a finite number.
    """
    workspaces.get(session, workspace_id)
    if value is not None and (isinstance(value, bool) or not math.isfinite(value)):
        raise DataProblem("target_not_a_number", "A target is a finite number; got {value!r}.", value=value)
    dimension, dimension_value = segment or ("", "")
    row = session.get(Target, (workspace_id, kpi, period or "", dimension, dimension_value))
    before = row.value if row else None
    wanted = Target(
        workspace_id=workspace_id,
        kpi=kpi,
        period=period or "",
        dimension=dimension,
        dimension_value=dimension_value,
        value=0.0 if value is None else float(value),
    )
    _put(session, row, wanted, value is None)
    name = "/".join([kpi, period or "", f"{dimension}={dimension_value}" if dimension else ""]).rstrip("/")
    _note(session, workspace_id, actor, "target", name, before, value)


def labels(session: Session, workspace_id: str) -> dict[tuple[str, str], str]:
    """The roles that differ from the catalogue's, by KPI and objective."""
    workspaces.get(session, workspace_id)
    rows = session.exec(select(Label).where(Label.workspace_id == workspace_id).order_by(col(Label.kpi)))
    return {(row.kpi, row.objective): row.role for row in rows}


def save_label(session: Session, workspace_id: str, kpi: str, objective: str, role: str | None, actor: str) -> None:
    """Give a KPI a role under an objective, or go back to the catalogue's with None.

    Raises:
        DataProblem: the role is not one of `ROLES`.
    """
    workspaces.get(session, workspace_id)
    if role is not None and role not in ROLES:
        raise DataProblem(
            "unknown_role",
            "Role {role!r} is not one of {roles}.{hint}",
            role=role,
            roles=", ".join(ROLES),
            hint=did_you_mean(role, ROLES),
        )
    row = session.get(Label, (workspace_id, kpi, objective))
    before = row.role if row else None
    wanted = Label(workspace_id=workspace_id, kpi=kpi, objective=objective, role=role or "")
    _put(session, row, wanted, role is None)
    _note(session, workspace_id, actor, "label", f"{kpi}/{objective}", before, role)


def mappings(session: Session, workspace_id: str) -> dict[str, dict[str, Any]]:
    """The remembered mappings by the signature of their source."""
    workspaces.get(session, workspace_id)
    rows = session.exec(select(SavedMapping).where(SavedMapping.workspace_id == workspace_id))
    return {row.signature: row.mapping for row in rows}


def save_mapping(
    session: Session, workspace_id: str, signature: str, mapping: Mapping[str, Any] | None, actor: str
) -> None:
    """Remember the mapping of a source, or forget it with None."""
    workspaces.get(session, workspace_id)
    row = session.get(SavedMapping, (workspace_id, signature))
    before = row.mapping if row else None
    after = None if mapping is None else dict(mapping)
    wanted = SavedMapping(
        workspace_id=workspace_id, signature=signature, mapping=after or {}, saved_at=datetime.now(UTC)
    )
    _put(session, row, wanted, after is None)
    _note(session, workspace_id, actor, "mapping", signature, before, after)


def changes(session: Session, workspace_id: str, kind: str | None) -> list[ChangeInfo]:
    """The record of changes, newest first; of one kind (setting, target, label, mapping) or of all."""
    workspaces.get(session, workspace_id)
    query = select(Change).where(Change.workspace_id == workspace_id).order_by(col(Change.id).desc())
    if kind is not None:
        query = query.where(Change.kind == kind)
    return [
        ChangeInfo(row.changed_at, row.actor, row.kind, row.name, row.before, row.after) for row in session.exec(query)
    ]


def _check_setting(name: str, value: Any) -> None:
    known = KNOWN.get(name)
    if known is None:
        hint = did_you_mean(name, KNOWN)
        if not re.fullmatch("[a-z][a-z0-9_]{0,59}", name):
            raise DataProblem(
                "setting_name_unusable",
                "A setting is named in lower snake case; got {name!r}.{hint}",
                name=name,
                hint=hint,
            )
    elif value is not None and not known.fits(value):
        raise DataProblem(
            "setting_unfit",
            "Setting {name} takes {expected}; got {value!r}.",
            name=name,
            expected=known.expected,
            value=value,
        )
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DataProblem(
            "setting_not_json", "Setting {name} cannot be stored: {why}.", name=name, why=str(error)
        ) from error


def _put(session: Session, row: StateModel | None, wanted: StateModel, remove: bool) -> None:
    if not remove:
        session.merge(wanted)
    elif row is not None:
        session.delete(row)
    session.flush()


def _note(session: Session, workspace_id: str, actor: str, kind: str, name: str, before: Any, after: Any) -> None:
    if before == after:
        return
    session.add(
        Change(
            workspace_id=workspace_id,
            changed_at=datetime.now(UTC),
            actor=actor,
            kind=kind,
            name=name,
            before=before,
            after=after,
        )
    )
