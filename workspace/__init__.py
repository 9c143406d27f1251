"""Where data and kpis meet, for both faces: the numbers of one workspace and who is behind them. No Streamlit here."""

from data.policies import Policies
from data.problems import DataProblem
from workspace import connecting, keeping, living, refreshing
from workspace.behind import accounts, evidence
from workspace.bringing_in import Choice, check, import_files, look, preview, problems_frame, store_rows
from workspace.home import SAMPLE, default_home, list_workspaces, open_store, write_sample
from workspace.leading import LeadMap, by_segment, lead_map, lead_map_at_hand, standing_now
from workspace.numbers import Workspace, as_records
from workspace.score_tested import ScoreTested, health_by_month, score_moved, score_tested
from workspace.two_series import two_series
from workspace.view import View

__all__ = [
    "SAMPLE",
    "Choice",
    "DataProblem",
    "LeadMap",
    "Policies",
    "ScoreTested",
    "View",
    "Workspace",
    "accounts",
    "as_records",
    "by_segment",
    "check",
    "connecting",
    "default_home",
    "evidence",
    "health_by_month",
    "import_files",
    "keeping",
    "lead_map",
    "lead_map_at_hand",
    "list_workspaces",
    "living",
    "look",
    "open_store",
    "preview",
    "problems_frame",
    "refreshing",
    "score_moved",
    "score_tested",
    "standing_now",
    "store_rows",
    "two_series",
    "write_sample",
]
