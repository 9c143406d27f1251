"""Where data and kpis meet, for both faces: the numbers of one workspace and who is behind them. No Streamlit here."""

from data.policies import Policies
from data.problems import DataProblem
from workspace.behind import accounts, evidence
from workspace.home import SAMPLE, default_home, list_workspaces, open_store, write_sample
from workspace.numbers import View, Workspace, as_records, known

__all__ = [
    "SAMPLE",
    "DataProblem",
    "Policies",
    "View",
    "Workspace",
    "accounts",
    "as_records",
    "default_home",
    "evidence",
    "known",
    "list_workspaces",
    "open_store",
    "write_sample",
]
