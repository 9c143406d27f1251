"""Puts the stand-in in place of `workspace` for a development run."""

import importlib.util
import sys
from pathlib import Path

_spec = importlib.util.spec_from_file_location("workspace", Path(__file__).parent / "workspace.py")


class _Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return _spec if name == "workspace" else None


sys.meta_path.insert(0, _Finder)
