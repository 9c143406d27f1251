"""The two faces import what the architecture allows them, and nothing else of ours."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"app", "cli", "data", "kpis", "pages", "terminal", "ui", "words", "workspace"}
TERMINAL = [ROOT / "cli.py", *(ROOT / "terminal").glob("*.py")]


def imported(path: Path) -> set[str]:
    """Top-level names of all modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_the_browser_face_imports_only_what_it_may() -> None:
    assert imported(ROOT / "app.py") & OURS <= {"ui"}


@pytest.mark.parametrize("path", TERMINAL, ids=lambda path: path.name)
def test_the_terminal_imports_only_what_it_may_and_knows_no_browser(path: Path) -> None:
    assert imported(path) & OURS <= {"terminal", "workspace", "words"}
    assert "streamlit" not in imported(path)


def test_no_script_lies_directly_in_pages() -> None:
    assert [path.name for path in (ROOT / "pages").glob("*.py")] == ["__init__.py"]
