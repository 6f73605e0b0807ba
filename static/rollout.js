// The waterfall: hovering or focusing a row tells its stages; arrow keys go from row to row.
// What is told is the label of the row's bars, which readers hear, too.
(function () {
  "use strict";
  const tip = document.createElement("div");
  tip.className = "waterfall-tip";
  tip.hidden = true;
  // The label says it to readers already.
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);
  let shown = "";

  const rowOf = (node) => (node instanceof Element ? node.closest("[data-tips] tbody tr[id]") : null);

  function fill(label) {
    const [title, ...lines] = label.split("\n");
    const head = document.createElement("strong");
    head.textContent = title;
    const stages = document.createElement("dl");
    const notes = [];
    for (const line of lines) {
      const [stage, time, clock] = line.split("\t");
      if (time === undefined) {
        const note = document.createElement("p");
        note.textContent = line;
        notes.push(note);
        continue;
      }
      const name = document.createElement("dt");
      const value = document.createElement("dd");
      name.textContent = stage;
      value.textContent = time;
      const when = document.createElement("dd");
      when.textContent = clock || "";
      stages.append(name, value, when);
    }
    tip.replaceChildren(head, stages, ...notes);
  }

  function show(row) {
    const bars = row.querySelector("svg[aria-label]");
    if (!bars) return;
    shown = row.id;
    fill(bars.getAttribute("aria-label"));
    tip.hidden = false;
    const at = row.getBoundingClientRect();
    const left = bars.getBoundingClientRect();
    const below = at.bottom + 4 + tip.offsetHeight < window.innerHeight;
    tip.style.top = (below ? at.bottom + 4 : Math.max(4, at.top - 4 - tip.offsetHeight)) + "px";
    tip.style.left = Math.min(left.left + left.width / 2, window.innerWidth - tip.offsetWidth - 8) + "px";
  }

  function hide() {
    shown = "";
    tip.hidden = true;
  }

  document.addEventListener("pointerover", (event) => {
    const row = rowOf(event.target);
    if (row) show(row);
    else if (!rowOf(document.activeElement)) hide();
    else show(rowOf(document.activeElement));
  });
  document.addEventListener("focusin", (event) => {
    const row = rowOf(event.target);
    if (row) show(row);
    else hide();
  });
  // Focus scrolls the row into view, and what it tells stays beside it.
  function follow() {
    const row = rowOf(document.activeElement);
    if (row) show(row);
    else hide();
  }
  document.addEventListener("scroll", follow, { passive: true, capture: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
    const row = rowOf(document.activeElement);
    if (!row || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    const rows = [...row.closest("table").querySelectorAll("tbody tr[id]")];
    const next = rows[rows.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
    const target = next && next.querySelector("th > a, th > span");
    if (target) {
      event.preventDefault();
      target.focus();
      target.scrollIntoView({ block: "nearest" });
      show(next);
    }
  });
  // What is shown goes on with the page.
  document.addEventListener("live:shown", () => {
    if (!shown) return;
    const row = document.getElementById(shown);
    if (row) show(row);
    else hide();
  });
})();
