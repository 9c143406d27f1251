"""A stand-in for `workspace` with made-up measures of the contract's shape. Never shipped."""

import os
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from data.calendar import periods
from data.policies import Policies
from kpis.catalogue import KPIS, kpi
from kpis.table import kpi_table



@dataclass(frozen=True)
class WorkspaceInfo:
    id: str
    name: str
    version: int


def list_workspaces(home=None):
    return [{"id": "sample", "name": "Serra Cloud"}, {"id": "empty", "name": "Empty"}]


_CUBES = {}


def _panel(grain):
    if grain in _CUBES:
        return _CUBES[grain]
    r = np.random.default_rng(3)
    per = periods(date(2023, 1, 1), date(2024, 12, 12), grain)
    rows = []
    n_acc = 40
    attrs = [("Enterprise", "Pro"), ("Mid-market", "Pro"), ("SMB", "Basic"), ("Startup", "Basic")]
    names = sorted({m for k in KPIS for m in k.measures})
    level = {}
    for a in range(n_acc):
        seg, plan = attrs[a % 4]
        mrr = 2000.0 * (1 + a % 7)
        for i, p in enumerate(per):
            row = {"account_id": f"C-{a}", "name": f"Conta {a} ![](http://evil/x.png)", "segment": seg, "plan": plan, "period": p.id, "complete": p.complete}
            for m in names:
                base = 20 if m.endswith(("_answers", "_known", "opened", "slots", "available", "offered", "due", "days")) else 8
                row[m] = float(r.poisson(base * (1 + 0.01 * i)))
            row.update(opening_accounts=5, closing_accounts=5, lost_accounts=float(r.random() < 0.06))
            new = float(r.random() < 0.2) * 500
            up = float(r.random() < 0.3) * 200
            con = float(r.random() < 0.1) * 100
            ch = row["lost_accounts"] * 300
            row.update(opening_mrr=mrr, new_mrr=new, upsell_mrr=up, cross_sell_mrr=0.0, price_uplift_mrr=50.0 * (i % 12 == 0), reactivation_mrr=0.0, contraction_mrr=con, churned_mrr=ch)
            mrr = mrr + new + up + row["price_uplift_mrr"] - con - ch
            row.update(closing_mrr=mrr, gross_margin=np.nan)
            for k in (1, 3, 12):
                row[f"mrr_then_{k}m"] = row["opening_mrr"] if i >= k else np.nan
                row[f"mrr_now_{k}m"] = mrr - new
                row[f"mrr_kept_{k}m"] = min(row["opening_mrr"], mrr - new) if i >= k else np.nan
            for m in names:
                if "seconds" in m:
                    row[m] = row.get("handled_contacts", 10) * 240 * (1 + 0.3 * r.random()) * (40 if "response" in m or "resolution" in m else 1)
            rows.append(row)
    frame = pd.DataFrame(rows)
    for gone in ("handle_seconds", "wait_seconds", "service_level_met", "wait_contacts"):
        frame[gone] = np.nan
    _CUBES[grain] = frame
    return frame


@dataclass(frozen=True)
class View:
    grain: str = "month"
    start: str | None = None
    end: str | None = None
    by: tuple = ()
    where: tuple = ()
    as_of: date | None = None


@dataclass(frozen=True)
class TargetInfo:
    kpi: str
    period: str
    segment: tuple | None
    value: float


class _Store:
    def targets(self, _):
        found = {"nrr": 1.03, "logo_churn": 0.01, "fcr": 1.2, "mrr": 330000.0, "expansion_rate": 0.005, "nps": 30.0, "adoption": 0.9}
        return [TargetInfo(k, "", None, v) for k, v in found.items()]

    def settings(self, _):
        return {}


class _Facts:
    key = "fake"


class Workspace:
    def __init__(self, name):
        self.id = name
        self.info = WorkspaceInfo(name, "Serra Cloud", 1)
        self.store = _Store()
        self.facts = _Facts()
        self.as_of = None if name == "empty" else date(2024, 12, 12)
        self.empty = name == "empty"
        self.settings = {"currency": "BRL", "language": None, "health_preset": "default", "policies": {}, "sample": True}
        self.policies = Policies()
        self.labels = {}
        self.dimensions = {} if self.empty else {"segment": ["Enterprise", "Mid-market", "SMB", "Startup"], "plan": ["Basic", "Pro"]}

    @classmethod
    def open(cls, name, home=None):
        return cls(name)

    def periods(self, grain="month", as_of=None):
        return () if self.empty else periods(date(2023, 1, 1), self.as_of, grain)

    def cube(self, view, policies=None):
        frame = _panel(view.grain)
        for d, vs in view.where:
            frame = frame[frame[d].isin(vs)]
        num = frame.select_dtypes("number").columns
        out = frame.groupby("period", sort=False)[list(num)].sum(min_count=1).reset_index()
        return out[(out["period"] >= (view.start or "")) & (out["period"] <= (view.end or "9"))]

    def panel(self, grain="month", as_of=None, policies=None):
        class P:
            frame = _panel(grain)
        return P()

    def rows_behind(self, measure, period, where=None):
        return pd.DataFrame({"account_id": ["C-1"], "contribution": [1.0]})

    def lit(self):
        dark = {"aht", "wait_time", "service_level"}
        return pd.DataFrame([{"kpi": k.key, "lit": not self.empty and k.key not in dark, "needs": [] if k.key not in dark else ["contacts.handle_seconds"]} for k in KPIS])

    def table(self, keys, grain="month", start=None, end=None, by=(), where=None, as_of=None, policies=None):
        frame = _panel(grain)
        for d, vs in (where or {}).items():
            frame = frame[frame[d].isin(vs)]
        never = [c for c in frame if c.startswith(("lifetime_median", "survival_", "first_response_seconds_", "time_to_resolution_seconds_"))]
        ids = ["period", *by]
        num = [c for c in frame.select_dtypes("number") if c not in ("gross_margin",)]
        cube = frame.groupby(ids, sort=False)[num].sum(min_count=1).reset_index()
        cube["complete"] = cube["period"].map(frame.groupby("period")["complete"].first())
        cube["gross_margin"] = np.nan
        for c in never:
            cube[c] = cube[c] / 320
        out = kpi_table(cube, keys, by)
        out["unit"] = out["kpi"].map(lambda k: kpi(k).unit)
        return out

    def accounts(self, key, period, where=None):
        frame = _panel("month")
        frame = frame[frame["period"] == period]
        rows = []
        for _, r in frame.iterrows():
            p = kpi(key).parts(r)
            rows.append({"account_id": r["account_id"], "name": r["name"], "segment": r["segment"], **{m: r[m] for m in kpi(key).measures}, "numerator": p.numerator, "denominator": p.denominator})
        return pd.DataFrame(rows)

