"""`python -m bench.lighthouse`: Lighthouse's scores of the pages, on a desktop's screen.

Needs a `lighthouse` program (npm install lighthouse, anywhere): on PATH or in PODGATE_LIGHTHOUSE.
"""

import json
import os
import shutil
import subprocess
import tempfile
from typing import Any

from playwright.sync_api import sync_playwright

from bench import report
from bench.first_page import FLAGS, PAGES, bind, log_in
from bench.stack import Running, running
from tests.environment import free_port

CATEGORIES = ("performance", "accessibility", "best-practices")
METRICS = (
    *("server-response-time", "first-contentful-paint", "largest-contentful-paint"),
    *("total-blocking-time", "cumulative-layout-shift", "speed-index"),
)
TARGET = 95


def main() -> None:
    program = os.environ.get("PODGATE_LIGHTHOUSE") or shutil.which("lighthouse")
    chromium = shutil.which("chromium")
    if not program or not chromium:
        print("skipped: no lighthouse program (npm install lighthouse) or no chromium")
        return
    with (
        running(PODGATE_SANDBOX_TIME_SCALE="0.1") as product,
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
    ):
        bind(product)
        port = free_port()
        # The browser Lighthouse drives is the one we logged in with: cookies in its own jar.
        context = playwright.chromium.launch_persistent_context(
            folder, executable_path=chromium, args=[*FLAGS, f"--remote-debugging-port={port}"]
        )
        results = {"Log in": scores(program, port, product, PAGES["Log in"])}
        log_in(context.new_page(), product)
        results |= {
            name: scores(program, port, product, path)
            for name, path in PAGES.items()
            if name not in results
        }
        context.close()
    report.write(
        "lighthouse",
        settings={"preset": "desktop", "throttling": "the preset's, simulated", "target": TARGET},
        results=results,
    )


def scores(program: str, port: int, product: Running, path: str) -> dict[str, Any]:
    """The categories' scores of one page, its metrics, and the audits that cost points."""
    said = audited(program, port, product.url + path) or audited(program, port, product.url + path)
    assert said, f"Lighthouse twice failed at {path}"
    assert said["finalDisplayedUrl"] == product.url + path, said["finalDisplayedUrl"]
    found = {
        **{name: round(said["categories"][name]["score"] * 100) for name in CATEGORIES},
        **{name: said["audits"][name]["displayValue"] for name in METRICS},
        "costs points": sorted(lacking(said)),
    }
    print(path, found, flush=True)
    return found


def audited(program: str, port: int, url: str) -> dict[str, Any] | None:
    """Its report, or None when it could not make one: a busy machine is too slow for it."""
    done = subprocess.run(
        [
            *(program, url, "--quiet", "--preset=desktop", "--output=json"),
            *(f"--port={port}", "--disable-storage-reset", "--max-wait-for-load=20000"),
            f"--only-categories={','.join(CATEGORIES)}",
        ],
        stdout=subprocess.PIPE,
        check=False,
        timeout=180,
    )
    return json.loads(done.stdout) if done.returncode == 0 else None


def lacking(said: dict[str, Any]) -> set[str]:
    """Audits that count and are not passed; one that does not apply has no score."""
    refs = [ref for name in CATEGORIES for ref in said["categories"][name]["auditRefs"]]
    scored = {ref["id"]: said["audits"][ref["id"]]["score"] for ref in refs if ref["weight"]}
    return {name for name, score in scored.items() if score is not None and score < 0.9}


if __name__ == "__main__":
    main()
