// Actions on the chosen rows of a list. Works on live regions too: boxes keep their state there.
"use strict";

function picked(form) {
  return [...form.querySelectorAll('input[name="on"]')];
}

function tally(form) {
  const boxes = picked(form);
  const n = boxes.filter((box) => box.checked).length;
  const bar = form.querySelector("[data-picked]");
  if (!bar) return;
  bar.hidden = n === 0;
  const count = bar.querySelector("[data-count]");
  const words = count.dataset.count.replace("{n}", n);
  if (count.textContent !== words) count.textContent = words;
  const all = form.querySelector("input[data-all]");
  if (all) {
    all.checked = n > 0 && n === boxes.length;
    all.indeterminate = n > 0 && n < boxes.length;
  }
}

document.addEventListener("change", (event) => {
  const box = event.target;
  const form = box.form;
  if (!form?.classList.contains("bulk")) return;
  if (box.dataset.all !== undefined) {
    for (const one of picked(form)) one.checked = box.checked;
  }
  tally(form);
});

function tallyAll() {
  for (const form of document.querySelectorAll("form.bulk")) tally(form);
}
// Rows came or went; and the browser's back button brings ticks back.
document.addEventListener("live:shown", tallyAll);
window.addEventListener("pageshow", tallyAll);

// An action does what its preview shows: another value asks for another preview first.
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.dataset.previewed === undefined) return;
  const bar = document.querySelector(".footerbar");
  const button = bar.querySelector("[data-does]");
  if (!button) return;
  const fields = [...form.elements].filter((one) => one.name && one.type !== "hidden");
  const changed = fields.some((one) =>
    one.options ? [...one.options].some((option) => option.selected !== option.defaultSelected)
      : one.value !== one.defaultValue || one.checked !== one.defaultChecked);
  button.disabled = changed;
  bar.querySelector("[data-changed]").hidden = !changed;
  bar.querySelector("[data-unchanged]").hidden = changed;
});

// Ctrl-K: search over all clusters. Results are links; arrows choose, Enter opens, Esc closes.
(function () {
  const palette = document.getElementById("palette");
  if (!palette) return;
  const field = palette.querySelector("input");
  const told = palette.querySelector(".search .note");
  const list = document.getElementById("palette-found");
  const PAUSE = 90;
  // Objects of the cluster somebody is in come first.
  const here = /^\/clusters\/([^/]+)\//.exec(window.location.pathname)?.[1] ?? "";
  let timer = 0;
  let asking = null;
  let asked = "";

  const options = () => [...list.querySelectorAll("a")];
  const chosen = () => list.querySelector('a[aria-selected="true"]');

  function choose(option) {
    for (const one of options()) one.setAttribute("aria-selected", String(one === option));
    if (option) {
      field.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
  }

  function show(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    const fresh = template.content.querySelector("#found");
    if (!fresh) return;
    told.textContent = fresh.dataset.told;
    list.replaceChildren(...fresh.childNodes);
    options().forEach((option, number) => {
      option.id = `palette-${number}`;
      option.setAttribute("role", "option");
      option.tabIndex = -1;
    });
    field.setAttribute("aria-expanded", String(options().length > 0));
    choose(options()[0]);
  }

  async function ask() {
    const text = field.value.trim();
    if (text === asked) return;
    asked = text;
    asking?.abort();
    if (!text) { list.replaceChildren(); told.textContent = ""; return; }
    asking = new AbortController();
    try {
      const answer = await fetch(`${palette.dataset.found}?q=${encodeURIComponent(text)}&cluster=${here}`, {
        headers: { "HX-Request": "true" }, redirect: "manual", signal: asking.signal,
      });
      if (answer.ok) show(await answer.text());
      else if (answer.type === "opaqueredirect" || answer.status === 403) window.location.reload();
    } catch (error) {
      if (error.name !== "AbortError") { asked = ""; told.textContent = "…"; }
    }
  }

  function open() {
    if (!palette.open) palette.showModal();
    field.select();
    ask();
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  palette.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.indexOf(chosen());
    if (event.key === "ArrowDown") choose(all[Math.min(at + 1, all.length - 1)]);
    else if (event.key === "ArrowUp") choose(all[Math.max(at - 1, 0)]);
    else if (event.key === "Enter" && !event.isComposing) {
      if (chosen() && field.value.trim() === asked) chosen().click();
      else { clearTimeout(timer); ask(); }
    } else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  for (const link of document.querySelectorAll(".search-open")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open();
    });
  }
})();
