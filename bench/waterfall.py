"""`python -m bench.waterfall`: the page of a rollout of 200 Pods, and an hour in an open browser.

The page is read while the rollout runs and when it is over. The hour is simulated: what the stream
sent during the rollout is handed to the page's own script again, as often as an hour of changes
brings pictures, as fast as it takes them; the heap is measured after garbage collections.
"""

import http.client
import time
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

from bench import cpu, report, rollout_time
from bench.first_page import log_in
from bench.fleet import NAMESPACE, Fleet, fleet
from bench.seen import chromium, memory

CLUSTER = "cls-vpccni01"
PAGE = f"/clusters/{CLUSTER}/workloads/deployment/{NAMESPACE}/{rollout_time.NAME}/rollout/"
SCALE = "0.2"
READS = 40
# A region is sent at most four times a second; a page where something changes each second of an
# hour gets so many pictures of its regions together.
PER_SECOND, HOUR = 2, 3600
BATCH = 60
# Keeps what the stream brings, and the page's own listener to play it again.
_KEEP = """
  const Real = window.EventSource;
  window.benchKept = [];
  window.EventSource = class extends Real {
    addEventListener(name, listener) {
      super.addEventListener(name, listener);
      if (name !== "region") return;
      window.benchPlay = listener;
      super.addEventListener(name, (event) => window.benchKept.push(event.data));
    }
  };
"""


def main() -> None:
    with fleet(PODGATE_SANDBOX_TIME_SCALE=SCALE) as one, chromium() as browser:
        rollout_time.prepare(one)
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.add_init_script(_KEEP)
        log_in(page, one.product)
        session = next(c for c in page.context.cookies() if c["name"] == "sessionid")
        page.goto(one.product.url + PAGE)
        roll(one)
        during = reads(one, str(session["value"]), until_over=True)
        page.wait_for_timeout(3000)
        messages: list[str] = page.evaluate("window.benchKept.splice(0)")
        # Nobody looks meanwhile: an open page has its regions drawn by the clock.
        page.goto("about:blank")
        page.wait_for_timeout(3000)
        after = reads(one, str(session["value"]))
        page.goto(one.product.url + PAGE)
        page.wait_for_timeout(2000)
        nodes = page.evaluate("document.querySelectorAll('*').length")
        heap = hour(page, messages)
    report.write(
        "waterfall",
        settings={
            "Pods": rollout_time.PODS,
            "maxSurge": rollout_time.SURGE,
            "time scale": float(SCALE),
            "reads when it is over": READS,
            "pictures an hour": PER_SECOND * HOUR,
        },
        results={
            "while it runs": during,
            "when it is over": after | {"DOM elements": nodes},
            "the browser in a simulated hour": heap,
        },
    )


def roll(one: Fleet) -> None:
    template = {"metadata": {"annotations": {"rolled": str(time.time())}}}
    one.ask("PATCH", rollout_time.WHERE, {"spec": {"template": template}})


def reads(one: Fleet, session: str, *, until_over: bool = False) -> dict[str, Any]:
    """Time to the first byte and bytes of the page, and the web process's CPU for one."""
    address = urlsplit(one.product.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    plain, packed = [fetch(connection, session, "identity")], [fetch(connection, session, "gzip")]
    taken: list[float] = []
    before = web_cpu(one)
    while not rollout_time.is_rolled(one) if until_over else len(taken) < READS:
        plain.append(fetch(connection, session, "identity"))
        taken.append(plain[-1][0])
        if until_over:
            time.sleep(0.3)
    used = web_cpu(one) - before
    packed.append(fetch(connection, session, "gzip"))
    connection.close()
    # While it runs the web also draws the regions of the open page.
    name = "CPU ms per page" + (", live regions included" if until_over else "")
    return {
        "pages": len(taken),
        "TTFB": report.percentiles(taken),
        "bytes": max(size for _, size in plain),
        "bytes that travel": max(size for _, size in packed),
        name: round(1000 * used / len(taken), 1),
    }


def fetch(connection: http.client.HTTPConnection, session: str, packing: str) -> tuple[float, int]:
    """Seconds to the first byte, and bytes of the body as it travels."""
    headers = {"Cookie": f"sessionid={session}", "Accept-Encoding": packing}
    started = time.monotonic()
    connection.request("GET", PAGE, headers=headers)
    answer = connection.getresponse()
    first = time.monotonic() - started
    body = answer.read()
    assert answer.status == 200, body[:500]
    return first, len(body)


def web_cpu(one: Fleet) -> float:
    return cpu.by_role(one.product.state).get("web", 0.0)


def hour(page: Page, messages: list[str]) -> dict[str, Any]:
    """Its memory at the beginning, after each third of the hour, and what a picture costs it."""
    assert len(messages) > 20, len(messages)
    found: dict[str, Any] = {"pictures recorded": len(messages), "at 0 min": memory(page)}
    spent = 0.0
    for number in range(0, PER_SECOND * HOUR, BATCH):
        batch = [messages[(number + each) % len(messages)] for each in range(BATCH)]
        spent += page.evaluate(
            """(batch) => {
              const started = performance.now();
              for (const data of batch) window.benchPlay({ data });
              return performance.now() - started;
            }""",
            batch,
        )
        if (number + BATCH) % (PER_SECOND * HOUR // 3) == 0:
            found[f"at {(number + BATCH) // PER_SECOND // 60} min"] = memory(page)
    return found | {"ms of script per picture": round(spent / (PER_SECOND * HOUR), 2)}


if __name__ == "__main__":
    main()
