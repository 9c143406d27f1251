"""What a warm objective page costs the server: CPU of a rerun through the whole script, shell included."""

import os
import statistics
import tempfile
import time
from pathlib import Path

PAGES = ("retention", "quality", "expansion", "financial")
ROOT = Path(__file__).resolve().parents[1]


def warm_pages(times: int) -> dict[str, float]:
    """Median CPU of a warm rerun in milliseconds, by objective, on the sample company in a home of its own."""
    with tempfile.TemporaryDirectory(prefix="farol-bench-") as home:
        os.environ["FAROL_HOME"] = home
        from streamlit.testing.v1 import AppTest

        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
        found = {}
        for page in PAGES:
            app.switch_page(f"pages/objectives/{page}.py").run()
            app.run()
            took = []
            for _ in range(times):
                start = time.process_time()
                app.run()
                took.append((time.process_time() - start) * 1000)
            if app.exception:
                raise SystemExit(f"{page}: {app.exception[0].message}")
            found[page] = statistics.median(took)
        return found
