// Small conveniences on top of pages that work without them: copy buttons, toasts, dialogs,
// the theme switch, ages that keep counting, one submit per form. No inline handlers: CSP.
"use strict";

const TOAST_MS = 6000;

document.addEventListener("click", (event) => {
  const button = event.target.closest("button, a");
  if (!button) return;
  if (button.dataset.copy !== undefined) copyText(button);
  if (button.dataset.dismiss !== undefined) button.closest(".toast, .callout")?.remove();
  if (button.dataset.dialog) openDialog(button.dataset.dialog);
  if (button.dataset.close !== undefined) button.closest("dialog")?.close();
});

async function copyText(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    // Without HTTPS there is no clipboard API; the old way still works.
    const area = document.createElement("textarea");
    area.value = button.dataset.copy;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  toast(button.dataset.copied, button.dataset.copy);
}

function toast(title, text) {
  const template = document.getElementById("toast-template");
  const shelf = document.getElementById("toasts");
  if (!template || !shelf) return;
  const box = template.content.firstElementChild.cloneNode(true);
  box.querySelector("p").textContent = text ? `${title}: ${text}` : title;
  shelf.append(box);
  expire(box);
}

// A toast goes after six seconds, but never while someone reads or reaches it.
function expire(box) {
  let timer = 0;
  const arm = () => { timer = setTimeout(() => box.remove(), TOAST_MS); };
  const hold = () => clearTimeout(timer);
  for (const name of ["pointerenter", "focusin"]) box.addEventListener(name, hold);
  for (const name of ["pointerleave", "focusout"]) box.addEventListener(name, arm);
  arm();
}

function openDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  dialog.showModal();
}

// A click on the backdrop closes a dialog that has nothing to lose.
document.addEventListener("click", (event) => {
  if (event.target instanceof HTMLDialogElement && !event.target.querySelector("form[method=post]")) {
    event.target.close();
  }
});

// Menus close on Escape and on a click elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// "/" goes to the list's search field, as in other consoles.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const field = document.querySelector("main input[type=search]");
  if (!field) return;
  event.preventDefault();
  field.focus();
});

// A select inside a filter form applies at once.
document.addEventListener("change", (event) => {
  if (event.target.matches("form[data-filter] select")) event.target.form.requestSubmit();
});

// A double click on a submit button sends one form. The name and value of the button stay.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent !== undefined) { event.preventDefault(); return; }
  form.dataset.sent = "";
  form.setAttribute("aria-busy", "true");
});
// Coming back by the browser's back button shows the form as it was left: it may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

// A confirmation by typing the name: the button waits for the exact word.
document.addEventListener("input", (event) => {
  const field = event.target;
  if (field.dataset.confirm === undefined) return;
  const button = field.form?.querySelector("[data-confirmed]");
  if (button) button.disabled = field.value !== field.dataset.confirm;
});

// Ages count on: <time data-ago datetime="...">.
const AGE_UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function age(seconds) {
  const [unit, size] = AGE_UNITS.find(([, size]) => seconds >= size) ?? ["second", 1];
  const words = document.getElementById("toast-template").dataset;
  const n = Math.floor(seconds / size);
  return (unit === "day" && n === 1 ? words.ageDay1 : words[`age${unit[0].toUpperCase()}${unit.slice(1)}`])
    .replace("{n}", n);
}

function tick() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const passed = Math.max(0, (now - Date.parse(time.dateTime)) / 1000);
    const words = age(passed);
    if (time.textContent !== words) time.textContent = words;
  }
  for (const wait of document.querySelectorAll("[data-wait]")) count(wait, now);
}

// What a Pod waits for: probes made and seconds left, until the server says something new.
function count(wait, now) {
  const { since, interval, probes, until } = wait.dataset;
  const end = since ? Date.parse(since) + interval * probes * 1000 : Date.parse(until);
  const made = since ? Math.floor((now - Date.parse(since)) / (interval * 1000)) : 0;
  const words = wait.dataset.wait
    .replace("{n}", Math.max(0, Math.min(made, probes)))
    .replace("{left}", Math.max(0, Math.round((end - now) / 1000)));
  if (wait.textContent !== words) wait.textContent = words;
}

document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll("#toasts .toast")) expire(box);
  for (const dialog of document.querySelectorAll("dialog[data-open]")) dialog.showModal();
  tick();
  setInterval(tick, 1000);
});
