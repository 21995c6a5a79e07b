"""The report in a real browser: no serious fault for readers with disabilities, no request out.

Needs Chromium and axe-core (``npm install axe-core@4.14.1`` in the project folder, or its
``axe.min.js`` named by the environment variable ``CAREPATH_AXE``); skipped with notice where
one of them is missing. Nothing here is fetched by the test itself.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from results.report import build_report
from results.tables import build_tables
from tests.fake_runs import Fake, write_fake_experiment

AXE = Path(
    os.environ.get("CAREPATH_AXE", "")
    or Path(__file__).parent.parent / "node_modules" / "axe-core" / "axe.min.js"
)
BROWSER = next(
    (found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), ""
)
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
RUN_AXE = """
<script>%s</script>
<script>
axe.run(document, {resultTypes: ["violations"]}).then(found => {
  const out = document.createElement("pre");
  out.id = "axe-found";
  out.textContent = JSON.stringify(found.violations.map(one => ({
    id: one.id, impact: one.impact,
    where: one.nodes.slice(0, 3).map(node => node.html.slice(0, 120))
  })));
  document.body.appendChild(out);
});
</script>
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not BROWSER, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    fake = Fake(
        population=300, years=2, replications=2, designs=(("a", "published"), ("a", "plan"))
    )
    folder = write_fake_experiment(tmp_path_factory.mktemp("browser"), fake)
    build_tables(folder)
    return build_report(folder)


def browse(page: Path, profile: Path, *options: str) -> str:
    """Open a page in the browser without a screen and return what it then is."""
    command = [BROWSER, *QUIET, f"--user-data-dir={profile}", *options, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout


@pytest.mark.parametrize("width", [1000, 390])
def test_axe_finds_no_serious_violation(report: Path, tmp_path: Path, width: int) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm install axe-core@4.14.1")
    page = tmp_path / "with-axe.html"
    source = AXE.read_text(encoding="utf-8").replace("</script", "<\\/script")
    text = report.read_text(encoding="utf-8").replace("</body>", RUN_AXE % source + "</body>")
    page.write_text(text, encoding="utf-8")
    dom = browse(
        page,
        tmp_path / "profile",
        "--dump-dom",
        "--virtual-time-budget=30000",
        f"--window-size={width},1200",
    )
    found = re.search(r'<pre id="axe-found">(.*?)</pre>', dom, re.DOTALL)
    assert found, "axe did not finish"
    violations = json.loads(html.unescape(found.group(1)))
    serious = [one for one in violations if one["impact"] in ("serious", "critical")]
    assert not serious, json.dumps(serious, indent=1)


def test_the_report_asks_nobody_outside_for_anything(report: Path, tmp_path: Path) -> None:
    assert not _asked(report, tmp_path / "report")
    text = report.read_text(encoding="utf-8")
    leaking = tmp_path / "leaking.html"
    leaking.write_text(text.replace("<main", '<img alt="" src="http://example.invalid/"><main'))
    assert _asked(leaking, tmp_path / "leaking") == {"http://example.invalid/"}


def _asked(page: Path, aside: Path) -> set[str]:
    """Return every outside address that opening a page asks for; the browser's own apart."""
    aside.mkdir()
    log = aside / "net.json"
    browse(page, aside / "profile", "--dump-dom", f"--log-net-log={log}")
    outside = {url for url in _urls(log) if url.startswith(("http", "ws", "ftp"))}
    return {url for url in outside if "google" not in url}


def _urls(log: Path) -> set[str]:
    """Return every address that the browser asked for, as its own log of the network says."""
    text = log.read_text(encoding="utf-8")
    try:
        events: list[dict[str, Any]] = json.loads(text)["events"]
    except ValueError:  # the browser ended before it closed the list
        return set(re.findall(r'"url":"([^"]+)"', text))
    return {str(event["params"]["url"]) for event in events if "url" in event.get("params", {})}
