"use strict";
(() => {
  const { key, rows, names } = JSON.parse(document.getElementById("data").textContent);
  const MARKS = ["good", "bad", "unsure"];
  const $ = (id) => document.getElementById(id);
  const keyOf = (lang, id) => JSON.stringify([lang, id]);
  const byKey = new Map(rows.map((row) => [keyOf(row.lang, row.id), row]));
  // What a textarea makes of a text: its lines end in LF. Only a text that differs from this was edited.
  const plain = (text) => text.replace(/\r\n?/g, "\n");
  let marks = new Map();
  let shown = rows;
  let at = 0;

  function element(tag, properties = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name in made && name !== "list") made[name] = value;
      else made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  }

  const text = (value, lang) => element("div", { className: "text", dir: "auto", lang }, value);

  // ---- what is kept of a row: {mark, texts, note, when, who} ----

  const entryOf = (row) => marks.get(keyOf(row.lang, row.id)) || { mark: null, texts: {}, note: "" };
  const isEdited = (entry) => Object.keys(entry.texts).length > 0;
  const isEmpty = (entry) => !entry.mark && !entry.note && !isEdited(entry);

  function change(row, update) {
    const entry = { ...entryOf(row), ...update, when: new Date().toISOString(), who: $("who").value.trim() };
    if (isEmpty(entry)) marks.delete(keyOf(row.lang, row.id));
    else marks.set(keyOf(row.lang, row.id), entry);
    save();
    count();
  }

  function save() {
    try {
      localStorage.setItem("mlt-review-" + key, JSON.stringify([...marks]));
      localStorage.setItem("mlt-review-who", $("who").value);
    } catch {
      say("This browser keeps nothing for a page like this: download your edits before you close it.");
    }
  }

  function load() {
    try {
      $("who").value = localStorage.getItem("mlt-review-who") || "";
      const stored = JSON.parse(localStorage.getItem("mlt-review-" + key) || "[]");
      marks = new Map(stored.filter(([name]) => byKey.has(name)));
    } catch {
      marks = new Map();
    }
  }

  const say = (words) => { $("message").textContent = words; };

  // ---- edits.jsonl: out and in ----

  function edits() {
    const lines = [];
    for (const row of rows) {
      const entry = marks.get(keyOf(row.lang, row.id));
      if (!entry) continue;
      const changed = row.texts.filter((part) => part.editable && Object.hasOwn(entry.texts, part.slot));
      lines.push(JSON.stringify({
        id: row.id,
        lang: row.lang,
        verdict: entry.mark === "good" || entry.mark === "bad" ? entry.mark : null,
        texts: Object.fromEntries(changed.map((part) => [part.slot, entry.texts[part.slot]])),
        before: Object.fromEntries(changed.map((part) => [part.slot, part.target])),
        who: entry.who || $("who").value.trim(),
        when: entry.when,
        note: entry.note,
      }) + "\n");
    }
    return lines;
  }

  function download() {
    const lines = edits();
    const url = URL.createObjectURL(new Blob(lines, { type: "application/x-ndjson" }));
    const link = element("a", { href: url, download: "edits.jsonl" });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
    say(lines.length + (lines.length === 1 ? " row" : " rows") + " saved to edits.jsonl");
  }

  function take(content) {
    const tally = { taken: 0, other: 0, older: 0, broken: 0 };
    for (const line of content.split("\n")) {
      if (!line.trim()) continue;
      let edit = null;
      try { edit = JSON.parse(line); } catch { /* counted below */ }
      tally[edit && typeof edit === "object" ? takeOne(edit) : "broken"] += 1;
    }
    save();
    filter();
    const words = [tally.taken + " taken"];
    if (tally.other) words.push(tally.other + " of rows that are not in this sample");
    if (tally.older) words.push(tally.older + " made on other texts");
    if (tally.broken) words.push(tally.broken + " unreadable");
    say("Edits: " + words.join(", "));
  }

  function takeOne(edit) {
    const row = byKey.get(keyOf(edit.lang, edit.id));
    if (!row) return "other";
    const texts = {};
    for (const part of row.texts) {
      const mine = (values) => (values && typeof values === "object" && Object.hasOwn(values, part.slot) ? values[part.slot] : null);
      const before = mine(edit.before);
      if (part.editable && typeof mine(edit.texts) === "string") {
        if (before !== null && before !== part.target) return "older";
        texts[part.slot] = mine(edit.texts);
      }
    }
    const note = typeof edit.note === "string" ? edit.note : "";
    // A row without verdict, text and note was exported because it was marked as unsure.
    const unsure = Object.keys(texts).length || note ? null : "unsure";
    const mark = MARKS.includes(edit.verdict) ? edit.verdict : unsure;
    const string = (value) => (typeof value === "string" ? value : "");
    marks.set(keyOf(row.lang, row.id), { mark, texts, note, when: string(edit.when), who: string(edit.who) });
    return "taken";
  }

  // ---- what is seen ----

  function count() {
    const entries = [...marks.values()];
    const of = (mark) => entries.filter((entry) => entry.mark === mark).length;
    const marked = entries.filter((entry) => entry.mark).length;
    $("counter").textContent = `${marked} of ${rows.length} marked: ${of("good")} good, ${of("bad")} bad, ` +
      `${of("unsure")} unsure; ${entries.filter(isEdited).length} edited`;
    $("done").setAttribute("width", rows.length ? (100 * marked) / rows.length : 0);
  }

  function filter() {
    const [lang, state, mark] = [$("by-lang").value, $("by-state").value, $("by-mark").value];
    const current = shown[at];
    shown = rows.filter((row) => {
      const entry = entryOf(row);
      return (!lang || row.lang === lang) && (!state || row.state === state) &&
        (!mark || (mark === "edited" ? isEdited(entry) : mark === "unmarked" ? !entry.mark : entry.mark === mark));
    });
    at = Math.max(0, shown.indexOf(current));
    show();
  }

  function pair(row, part) {
    const entry = entryOf(row);
    const title = element("h2", { dir: "auto" }, part.role);
    const box = element("section", { className: "pair" }, title, text(row.english ? part.source : "(not in this run)", "en"));
    if (!part.editable) {
      box.append(text(part.target, row.lang));
      return box;
    }
    const value = Object.hasOwn(entry.texts, part.slot) ? entry.texts[part.slot] : part.target;
    const area = element("textarea", { className: "text", dir: "auto", lang: row.lang, value, spellcheck: false });
    area.rows = Math.min(14, Math.max(2, Math.ceil(value.length / 55)));
    area.setAttribute("aria-label", part.role + " in " + (names[row.lang] || row.lang));
    const back = element("button", { type: "button" }, "as it was");
    const note = () => {
      const texts = { ...entryOf(row).texts };
      delete texts[part.slot];
      const edited = area.value !== plain(part.target);
      if (edited) texts[part.slot] = area.value;
      box.classList.toggle("changed", edited);
      back.hidden = !edited;
      return texts;
    };
    area.addEventListener("input", () => change(row, { texts: note() }));
    back.addEventListener("click", () => { area.value = part.target; change(row, { texts: note() }); area.focus(); });
    note();
    title.append(back);
    box.append(area);
    return box;
  }

  function about(row) {
    const box = element("div", { className: "about" },
      element("span", { className: "tag " + (row.state === "kept" ? "kept" : "dropped") }, row.state),
      element("strong", {}, names[row.lang] || row.lang), element("span", { className: "muted" }, row.lang));
    if (row.detail) box.append(element("span", { className: "small", dir: "auto" }, row.detail));
    box.append(element("span", { className: "id", dir: "auto" }, row.id));
    return box;
  }

  function verdicts(row) {
    const entry = entryOf(row);
    const box = element("div", { className: "verdicts", role: "group" });
    box.setAttribute("aria-label", "Verdict");
    for (const mark of MARKS) {
      const button = element("button", { type: "button", className: mark }, mark + " ", element("kbd", {}, mark[0]));
      button.setAttribute("aria-pressed", String(entry.mark === mark));
      button.addEventListener("click", () => setMark(mark));
      box.append(button);
    }
    const note = element("input", { type: "text", id: "note", value: entry.note, dir: "auto" });
    note.addEventListener("input", () => change(row, { note: note.value }));
    box.append(element("label", {}, "Note ", note));
    return box;
  }

  function scores(row) {
    const list = element("ul");
    for (const entry of row.scores.filter((entry) => !entry.hard || entry.outcome === "fail")) {
      const failed = entry.outcome === "fail";
      const words = (failed ? "✗ " : "") + entry.check + " " + String(Number(entry.score.toPrecision(3)));
      list.append(element("li", { className: failed ? "fail" : "" }, words));
    }
    return element("div", { className: "scores" }, list);
  }

  function show() {
    const row = shown[at];
    $("position").textContent = shown.length ? `${at + 1} of ${shown.length}` : "";
    $("previous").disabled = at <= 0;
    $("next").disabled = at >= shown.length - 1;
    if (row) $("row").replaceChildren(about(row), ...row.texts.map((part) => pair(row, part)), verdicts(row), scores(row));
    else $("row").replaceChildren(element("p", { className: "nothing" }, rows.length ? "No row is like that." : "There is no row to review."));
    count();
  }

  function move(steps) {
    const to = Math.min(Math.max(at + steps, 0), shown.length - 1);
    if (to === at || to < 0) return;
    at = to;
    show();
    window.scrollTo(0, 0);
    $("row").focus({ preventScroll: true });
  }

  function setMark(mark) {
    const row = shown[at];
    if (!row) return;
    const pressed = entryOf(row).mark === mark ? null : mark;
    change(row, { mark: pressed });
    for (const button of document.querySelectorAll(".verdicts button")) {
      button.setAttribute("aria-pressed", String(button.classList.contains(pressed || "-")));
    }
  }

  function focus(selector) {
    const field = document.querySelector(selector);
    if (field) field.focus();
  }

  const KEYS = {
    j: () => move(1), k: () => move(-1), g: () => setMark("good"), b: () => setMark("bad"), u: () => setMark("unsure"),
    e: () => focus("#row textarea"), n: () => focus("#note"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const typing = event.target.closest && event.target.closest("textarea, input, select");
    if (typing) {
      if (event.key === "Escape") $("row").focus();
      return;
    }
    if (Object.hasOwn(KEYS, event.key)) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });

  function options(select, values, name) {
    for (const value of [...new Set(values)]) select.append(element("option", { value }, name(value)));
  }

  options($("by-lang"), rows.map((row) => row.lang), (lang) => `${names[lang] || lang} (${lang})`);
  options($("by-state"), rows.map((row) => row.state), (state) => state);
  for (const id of ["by-lang", "by-state", "by-mark"]) $(id).addEventListener("change", filter);
  $("previous").addEventListener("click", () => move(-1));
  $("next").addEventListener("click", () => move(1));
  $("export").addEventListener("click", download);
  $("who").addEventListener("input", save);
  $("import").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file) take(await file.text());
    event.target.value = "";
  });
  load();
  filter();
})();
