"""`python -m bench.lighthouse`: Lighthouse's scores of the pages, on a desktop's screen.

Needs a `lighthouse` program (npm install lighthouse, anywhere): on PATH or in PODGATE_LIGHTHOUSE.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from bench import report
from bench.first_page import FLAGS, PAGES, bind, log_in
from bench.stack import Running, running

CATEGORIES = ("performance", "accessibility", "best-practices")
TARGET = 95


def main() -> None:
    program = os.environ.get("PODGATE_LIGHTHOUSE") or shutil.which("lighthouse")
    chromium = shutil.which("chromium")
    if not program or not chromium:
        print("skipped: no lighthouse program (npm install lighthouse) or no chromium")
        return
    with running(PODGATE_SANDBOX_TIME_SCALE="0.1") as product:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            bind(product)
            cookies = log_in(browser, product)
            browser.close()
        results = {
            name: scores(program, chromium, product, path, cookies if path != "/login/" else [])
            for name, path in PAGES.items()
        }
    report.write(
        "lighthouse",
        settings={"preset": "desktop", "throttling": "provided by the preset", "target": TARGET},
        results=results,
    )


def scores(
    program: str, chromium: str, product: Running, path: str, cookies: list[Any]
) -> dict[str, Any]:
    """The categories' scores of one page, and the audits that cost points."""
    with tempfile.TemporaryDirectory() as folder:
        headers, found = Path(folder, "headers.json"), Path(folder, "report.json")
        sent = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in cookies)
        headers.write_text(json.dumps({"Cookie": sent} if sent else {}))
        subprocess.run(
            [
                *(program, product.url + path, "--quiet", "--preset=desktop", "--output=json"),
                *(f"--output-path={found}", f"--extra-headers={headers}"),
                *(f"--only-categories={','.join(CATEGORIES)}", "--max-wait-for-load=20000"),
                f"--chrome-flags=--headless=new {' '.join(FLAGS)}",
            ],
            env=os.environ | {"CHROME_PATH": chromium},
            check=True,
            timeout=180,
        )
        said = json.loads(found.read_text())
    assert said["finalDisplayedUrl"] == product.url + path, said["finalDisplayedUrl"]
    return {
        **{name: round(said["categories"][name]["score"] * 100) for name in CATEGORIES},
        "costs points": sorted(lacking(said)),
    }


def lacking(said: dict[str, Any]) -> set[str]:
    """Audits that count and are not passed; one that does not apply has no score."""
    refs = [ref for name in CATEGORIES for ref in said["categories"][name]["auditRefs"]]
    scored = {ref["id"]: said["audits"][ref["id"]]["score"] for ref in refs if ref["weight"]}
    return {name for name, score in scored.items() if score is not None and score < 0.9}


if __name__ == "__main__":
    main()
