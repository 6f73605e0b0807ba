// Keeps the page's live regions current over one stream, and says how old they are.
// A region is an element with data-live="<url>" whose id is the last segment of that URL.
(function () {
  "use strict";
  const BEATS = 5000; // older than this is stale, and silence this long means a dead stream
  const POLL = 5000;
  const LATE = 1; // seconds from an event's arrival into the index that are worth a word
  let source = null;
  let opened = "";
  let failures = 0;
  let timer = 0;
  let heardAt = performance.now();
  let beat = { ages: {}, slow: false };
  let beaten = false;
  const announced = new Map();

  const regions = () => [...document.querySelectorAll("[data-live]")];
  const address = () =>
    "/live/?" + [...new Set(regions().map((one) => one.dataset.live))]
      .map((url) => "region=" + encodeURIComponent(url)).join("&");

  // Changing values in place: the same element stays, so focus, scroll, selection and what the
  // user opened or typed stay too. Children are matched by id, else by position and tag.
  function morph(old, fresh) {
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
      old.replaceWith(fresh);
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    if (old.isEqualNode(fresh) || old.hasAttribute("data-live-keep")) return;
    attributes(old, fresh);
    children(old, fresh);
  }

  function attributes(old, fresh) {
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !(name === "open" && old.tagName === "DETAILS")) {
        old.removeAttribute(name);
      }
    }
    for (const { name, value } of [...fresh.attributes]) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
  }

  function children(old, fresh) {
    const byId = new Map();
    for (const child of old.children) if (child.id) byId.set(child.id, child);
    let at = old.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      const named = wanted.id ? byId.get(wanted.id) : null;
      if (named) {
        if (named !== at) old.insertBefore(named, at);
        else at = at.nextSibling;
        morph(named, wanted);
      } else if (at && !wanted.id && !at.id && at.nodeName === wanted.nodeName) {
        const here = at;
        at = at.nextSibling;
        morph(here, wanted);
      } else {
        old.insertBefore(wanted, at);
      }
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  function show(url, html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    const fresh = template.content.firstElementChild;
    if (!fresh) return;
    for (const region of regions()) {
      if (region.dataset.live !== url) continue;
      const element = fresh.cloneNode(true);
      if (region.contains(document.activeElement) && region.id !== element.id) continue;
      morph(region, element);
      const here = document.getElementById(region.id) || region;
      if (window.htmx) window.htmx.process(here);
      here.dispatchEvent(new CustomEvent("live:shown", { bubbles: true }));
    }
  }

  function gone(url) {
    for (const region of regions()) {
      if (region.dataset.live === url) region.setAttribute("data-gone", "");
    }
    ages();
  }

  // How old: seconds since the watcher heard from the cluster, plus the time since we were told.
  function ages() {
    const silent = (performance.now() - heardAt) / 1000;
    for (const element of document.querySelectorAll(".live[data-updated]")) {
      const cluster = element.dataset.cluster;
      const known = beat.ages || {};
      const told = cluster ? known[cluster] : { heard: 0 };
      let age = told ? told.heard : undefined;
      if (age === undefined && !beaten) age = 0;
      const never = age === null || age === undefined;
      const seconds = Math.floor((never ? 0 : age) + silent);
      const stale = never || seconds > BEATS / 1000;
      const lost = silent * 1000 > BEATS;
      // Nothing was heard yet: the page says that it is connecting, until that takes too long.
      if (element.hasAttribute("data-connecting") && !lost) continue;
      let words = element.dataset.words;
      if (never) words = element.dataset.wordsNever;
      else if (lost) words = element.dataset.wordsLost;
      else if (beat.slow) words = element.dataset.wordsSlow;
      let text = (words || "").replace("{n}", seconds);
      if (told && told.lag >= LATE) text += " · " + element.dataset.wordsLate.replace("{lag}", told.lag.toFixed(1));
      if (element.textContent !== text) element.textContent = text;
      const title = told && told.event !== null && told.event !== undefined
        ? element.dataset.wordsEvent.replace("{n}", Math.floor(told.event + silent)).replace("{lag}", told.lag.toFixed(2)) : "";
      if (element.title !== title) element.title = title;
      if (element.hasAttribute("data-stale") !== stale) element.toggleAttribute("data-stale", stale);
    }
  }

  function heard() {
    heardAt = performance.now();
    failures = 0;
    for (const one of document.querySelectorAll("[data-connecting]")) one.removeAttribute("data-connecting");
  }

  function open() {
    close();
    if (document.hidden || !regions().length) return;
    opened = address();
    source = new EventSource(opened);
    source.addEventListener("region", (event) => {
      heard();
      const { url, html } = JSON.parse(event.data);
      show(url, html);
      ages();
    });
    source.addEventListener("beat", (event) => {
      heard();
      beat = JSON.parse(event.data);
      beaten = true;
      ages();
    });
    source.addEventListener("gone", (event) => gone(JSON.parse(event.data).url));
    source.addEventListener("closed", (event) => {
      close();
      // A logout or a change of role: the page itself knows where to send the user.
      if (JSON.parse(event.data).why === "shutdown") retry();
      else window.location.reload();
    });
    source.onerror = () => {
      close();
      retry();
    };
  }

  function close() {
    window.clearTimeout(timer);
    if (source) source.close();
    source = null;
  }

  // Half a second, one, two ... up to fifteen, never all browsers at once.
  function retry() {
    failures += 1;
    const pause = Math.min(500 * 2 ** (failures - 1), 15000) * (0.5 + Math.random() / 2);
    if (failures > 2) poll();
    timer = window.setTimeout(open, pause);
  }

  // The visible fallback: read the regions one by one while no stream can be had.
  async function poll() {
    if (document.hidden || source || polling) return;
    polling = true;
    try {
      for (const url of new Set(regions().map((one) => one.dataset.live))) {
        const answer = await fetch(url, {
          headers: { "HX-Request": "true" }, redirect: "manual",
        });
        if (answer.ok) {
          heard();
          show(url, await answer.text());
        }
      }
    } catch (error) {
      // The server is away: the age on the page says so.
    }
    polling = false;
    ages();
    if (!source) window.setTimeout(poll, POLL);
  }
  let polling = false;

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  // htmx may have brought or taken a region.
  document.addEventListener("htmx:afterSettle", () => {
    if (!document.hidden && regions().length && address() !== opened) open();
  });
  window.setInterval(() => {
    ages();
    if (source && performance.now() - heardAt > 3 * BEATS) {
      close();
      retry();
    }
  }, 1000);
  open();
})();
