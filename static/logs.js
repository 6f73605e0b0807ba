// Follows a container's log over one stream, filters while one types, stays at the end of the
// log unless the reader scrolled up. Text comes from containers: it is only ever set as text.
(function () {
  "use strict";
  const KEPT = 10000; // lines in the page; older ones go
  const log = document.getElementById("log");
  if (!log) return;
  const words = log.dataset;
  const state = document.getElementById("log-state");
  const count = document.getElementById("log-count");
  const filter = document.querySelector("[data-log-filter]");
  const follow = document.querySelector("[data-log-follow]");
  const times = document.querySelector("[data-log-times]");
  let source = null;
  let all = log.querySelectorAll(".line").length;
  let shown = all;

  const wanted = () => (filter ? filter.value.trim().toLowerCase() : "");
  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 24;
  const say = (text) => { if (state.textContent !== text) state.textContent = text; };

  function tally() {
    count.textContent = words_of(count.dataset.words, { shown, all });
  }
  function words_of(text, values) {
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  function line(clock, text) {
    const element = document.createElement("span");
    element.className = "line";
    const time = document.createElement("time");
    time.textContent = clock ? clock + " " : "";
    time.hidden = times && !times.checked;
    element.append(time, text + "\n");
    const hit = !wanted() || text.toLowerCase().includes(wanted());
    element.hidden = !hit;
    all += 1;
    if (hit) shown += 1;
    return element;
  }

  function add(found, lost) {
    const stay = atEnd();
    const piece = document.createDocumentFragment();
    if (lost) {
      const cut = document.createElement("span");
      cut.className = "cut";
      cut.textContent = words_of(words.lost, { n: lost });
      piece.append(cut);
    }
    for (const [clock, text] of found) piece.append(line(clock, text));
    log.append(piece);
    while (log.childElementCount > KEPT) {
      if (!log.firstElementChild.hidden) shown -= 1;
      all -= 1;
      log.firstElementChild.remove();
    }
    if (stay) log.scrollTop = log.scrollHeight;
    tally();
  }

  function open() {
    close();
    if (!follow?.checked || document.hidden) return;
    source = new EventSource(log.dataset.follow);
    source.onopen = () => { if (all) say(words.following); };
    source.addEventListener("lines", (event) => {
      const told = JSON.parse(event.data);
      if (event.lastEventId) remember(event.lastEventId);
      if (told.lines.length || told.lost) add(told.lines, told.lost);
      if (all || told.state !== "following") say(words[told.state] || told.state);
    });
    source.addEventListener("closed", (event) => {
      close();
      const why = JSON.parse(event.data).why;
      if (why === "over") { say(words.gone); follow.checked = false; follow.disabled = true; }
      else if (why === "session") window.location.reload();
      else window.setTimeout(open, 1000);
    });
    source.onerror = () => say(words.broken);
  }
  // What was read last, for a stream that is opened anew.
  function remember(stamp) {
    const url = new URL(log.dataset.follow, window.location.href);
    url.searchParams.set("since", stamp);
    log.dataset.follow = url.pathname + url.search;
  }
  function close() {
    if (source) source.close();
    source = null;
  }

  filter?.addEventListener("input", () => {
    shown = 0;
    for (const element of log.querySelectorAll(".line")) {
      const hit = !wanted() || element.textContent.toLowerCase().includes(wanted());
      element.hidden = !hit;
      if (hit) shown += 1;
    }
    log.scrollTop = log.scrollHeight;
    tally();
  });
  times?.addEventListener("change", () => {
    for (const time of log.querySelectorAll("time")) time.hidden = !times.checked;
  });
  document.querySelector("[data-apply]")?.addEventListener("change", (event) => event.target.form.requestSubmit());
  if (follow) {
    follow.disabled = false;
    follow.addEventListener("change", () => { if (follow.checked) open(); else { close(); say(words.stopped); } });
    document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
    window.addEventListener("pagehide", close);
    open();
  }
  log.scrollTop = log.scrollHeight;
})();
