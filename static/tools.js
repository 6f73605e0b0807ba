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
