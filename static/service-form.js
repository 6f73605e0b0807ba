// The Create-a-Service form on top of a page that works without it: messages beside a field when
// it is left, the preview while typing, dialogs, and what was typed kept over a lost session.
"use strict";

const form = document.getElementById("create");
const panel = document.getElementById("preview-panel");
const touched = new Set();
const KEPT = "podgate-create";
const SAID = "podgate-said";
const KEPT_MS = 30 * 60 * 1000;

// A field that was left is checked by the server, together with all that were left before it:
// a message may go away because another field was put right.
form.addEventListener("focusout", (event) => {
  const field = event.target;
  if (!field.name || field.name === "do" || field.closest("dialog")) return;
  touched.add(field.name);
  // From the form, which stays: rows may be redrawn before the answer comes.
  htmx.ajax("POST", form.dataset.check, { source: form, target: form, swap: "none" });
});

document.body.addEventListener("htmx:configRequest", (event) => {
  event.detail.parameters.touched = [...touched].join(",");
});

// The preview follows; its hx-trigger waits until typing pauses.
function look() {
  htmx.trigger(panel, "outlook");
}
for (const name of ["input", "change"]) {
  form.addEventListener(name, (event) => {
    if (event.target.dataset.finds) find();
    else if (!event.target.closest("dialog")) look();
  });
}

let finding = 0;
function find() {
  clearTimeout(finding);
  finding = setTimeout(() => document.getElementById("find-workload")?.click(), 250);
}

// A message and the red border of its field come and go together.
function mark() {
  for (const slot of form.querySelectorAll("[data-error-of]")) {
    const field = document.getElementById(slot.dataset.errorOf);
    if (!field) continue;
    if (slot.hidden) field.removeAttribute("aria-invalid");
    else {
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", slot.id);
    }
  }
}

let focused = "";
// Rows come back as they were when their button was pressed: what was typed since goes on top.
let since = new Map();
document.body.addEventListener("htmx:beforeSwap", (event) => {
  focused = document.activeElement?.id ?? "";
  since = new Map();
  const redrawn = { ports: "input, select", selectors: "input", picker: '[type="search"]' }[event.detail.target?.id];
  if (redrawn) {
    const sent = event.detail.requestConfig.formData;
    for (const field of event.detail.target.querySelectorAll(redrawn)) {
      if (sent.has(field.name) && field.value !== sent.get(field.name)) since.set(field.name, field.value);
    }
  }
  if (new URL(event.detail.xhr.responseURL).pathname.startsWith("/login/")) {
    event.detail.shouldSwap = false;
    warn(form.dataset.login);
  }
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  for (const dialog of form.querySelectorAll("dialog[data-open]")) {
    if (!dialog.open) dialog.showModal();
    const field = focused && dialog.querySelector(`#${CSS.escape(focused)}`);
    if (field) {
      field.focus();
      if (field.type === "search") field.setSelectionRange(field.value.length, field.value.length);
    }
  }
  for (const [name, value] of since) {
    if (form.elements[name]) form.elements[name].value = value;
  }
  if (since.has("find")) find();
  since = new Map();
  if (["ports", "selectors"].includes(event.detail.target?.id)) look();
  // The dialog that had the focus is gone, or the button of a row: it stays near.
  if (event.detail.target?.id === "selectors" && document.activeElement === document.body) {
    document.getElementById("reference")?.focus();
  }
});
document.body.addEventListener("htmx:afterSettle", mark);
document.body.addEventListener("htmx:oobAfterSwap", mark);
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.body.addEventListener(name, () => warn(form.dataset.silent));
}

function warn(text) {
  let box = document.getElementById("create-warning");
  if (!box) {
    box = document.createElement("section");
    box.id = "create-warning";
    box.className = "callout";
    box.dataset.tone = "warning";
    box.setAttribute("role", "alert");
    form.prepend(box);
  }
  box.textContent = text;
}

// Buttons that close a dialog are submit buttons for those without JavaScript.
form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-close]");
  if (!button) return;
  event.preventDefault();
  button.closest("dialog").close();
});
// Enter in the picker searches, or uses what is chosen; the form around it is not meant.
form.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key !== "Enter" || field.tagName !== "INPUT" || !field.closest("dialog")) return;
  event.preventDefault();
  const wanted = field.type === "radio" ? '[value="use"]' : "#find-workload";
  field.closest("dialog").querySelector(wanted)?.click();
});
// A closed dialog leaves the page, so that no later answer opens it again. `close` does not bubble.
form.addEventListener("close", (event) => event.target.remove(), true);

// One Service per form, and the button says that it is at work.
form.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  keep();
  document.querySelector(".footerbar .primary").setAttribute("aria-disabled", "true");
});
window.addEventListener("pageshow", () => {
  document.querySelector(".footerbar .primary").removeAttribute("aria-disabled");
});

// A submit that ends at the login must not cost what was typed.
function keep() {
  const fields = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken" && name !== "do");
  sessionStorage.setItem(KEPT, JSON.stringify({ at: Date.now(), path: location.pathname, fields }));
}

// Nor must a fix that is applied from the panel: it leads back here.
panel.addEventListener("click", (event) => {
  if (event.target.closest("a[data-keeps]")) keep();
});

function restore() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  sessionStorage.removeItem(KEPT);
  const from = document.referrer ? new URL(document.referrer).pathname : "";
  const fromLogin = from.startsWith("/login/");
  const fromFix = from.includes("/remedies/");
  if (!kept || !(fromLogin || fromFix) || kept.path !== location.pathname || Date.now() - kept.at > KEPT_MS) return;
  const again = document.createElement("form");
  again.method = "post";
  again.action = form.action;
  // What was said about the fix would go with this page.
  const said = document.querySelector("#toasts .toast p");
  if (said) sessionStorage.setItem(SAID, said.textContent);
  const fields = [...kept.fields, ["do", fromFix ? "return" : "keep"], ["csrfmiddlewaretoken", form.csrfmiddlewaretoken.value]];
  for (const [name, value] of fields) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    again.append(field);
  }
  document.body.append(again);
  again.submit();
}
restore();
if (sessionStorage.getItem(SAID) && !document.referrer.includes("/remedies/")) {
  toast(sessionStorage.getItem(SAID));
  sessionStorage.removeItem(SAID);
}

// After a refusal the first field to put right has the focus.
document.querySelector('#create [aria-invalid="true"]')?.focus({ preventScroll: Boolean(document.querySelector("#refused")) });
