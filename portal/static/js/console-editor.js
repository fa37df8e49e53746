// The editor of questions: a plain text field that suggests views, fields, functions and keywords, and
// marks where a refused question is wrong. Without this script the form works as it is.
//
// Keys: Ctrl+Space or Alt+Down opens the suggestions (input methods may keep the first for themselves),
// Up and Down choose, Enter takes, Esc closes. While nothing is chosen Enter begins a new line.
"use strict";

(() => {
  const MOST = 12;
  const WORD = /[A-Za-z_][A-Za-z0-9_.]*$/;
  const OPEN_TEXT = /([A-Za-z_][A-Za-z0-9_]*)\s*(?:=|<>|(?:NOT\s+)?IN\s*\((?:\s*'[^']*'\s*,)*)\s*'([^']*)$/i;
  const AFTER_SOURCE = /\b(?:FROM|JOIN)\s+[A-Za-z0-9_.]*$/i;

  const field = document.getElementById("console-sql");
  const editor = document.getElementById("console-editor");
  if (!field || !editor) return;
  const list = document.getElementById("console-suggestions");
  const heard = document.getElementById("console-heard");
  const caret = document.getElementById("console-caret");
  const result = document.getElementById("console-result");
  const words = JSON.parse(editor.dataset.words);
  field.setAttribute("aria-controls", list.id);
  let offered = []; // what is listed: { label, detail, insert, from }
  let chosen = -1;

  // -- what is suggested -------------------------------------------------------------------------

  function suggestions(all) {
    const before = field.value.slice(0, field.selectionStart);
    const text = OPEN_TEXT.exec(before);
    if (inText(before)) return text ? keysOf(text[1], text[2]) : [];
    const word = (WORD.exec(before) || [""])[0];
    if (!word && !all) return [];
    const found = AFTER_SOURCE.test(before)
      ? [...views(word), ...keywords(word)]
      : [...fields(word), ...functions(word), ...views(word), ...keywords(word)];
    const fresh = found.filter((one) => one.insert.toLowerCase() !== one.typed.toLowerCase());
    return fresh.slice(0, MOST);
  }

  function inText(before) {
    return (before.match(/'/g) || []).length % 2 === 1;
  }

  function starts(name, typed) {
    return name.toLowerCase().startsWith(typed.toLowerCase());
  }

  function used() {
    const named = words.views.filter((view) => field.value.toLowerCase().includes(view.name.toLowerCase()));
    return named.length ? named : words.views;
  }

  function views(typed) {
    return words.views
      .filter((view) => starts(view.name, typed) || starts(view.name.split(".").pop(), typed))
      .map((view) => ({ label: view.name, detail: view.detail, insert: view.name, typed }));
  }

  function fields(word) {
    const typed = word.split(".").pop();
    const seen = new Set();
    return used().flatMap((view) => view.fields)
      .filter((one) => starts(one.name, typed) && !seen.has(one.name) && seen.add(one.name))
      .map((one) => ({ label: one.name, detail: one.detail, insert: quoted(one.name), typed }));
  }

  function quoted(name) {
    return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
  }

  function functions(typed) {
    if (typed.includes(".")) return [];
    return words.functions.filter((one) => starts(one.name, typed))
      .map((one) => ({ label: one.name, detail: one.form, insert: one.form, typed, select: "number" }));
  }

  function keywords(typed) {
    if (typed.includes(".")) return [];
    return words.keywords.filter((one) => starts(one, typed))
      .map((one) => ({ label: one, detail: "", insert: one, typed }));
  }

  function keysOf(name, typed) {
    const found = used().flatMap((view) => view.fields).find((one) => one.name === name.toLowerCase());
    return (found ? found.keys : []).filter((one) => starts(one, typed)).slice(0, MOST)
      .map((one) => ({ label: one, detail: name, insert: `${one.replaceAll("'", "''")}'`, typed }));
  }

  // -- the list ----------------------------------------------------------------------------------

  function open(all) {
    offered = suggestions(all);
    chosen = -1;
    list.replaceChildren(...offered.map(option));
    list.hidden = offered.length === 0;
    field.removeAttribute("aria-activedescendant");
    if (offered.length) say(editor.dataset.count.replace("{count}", offered.length));
    else if (all) say(editor.dataset.none);
  }

  function option(one, place) {
    const item = document.createElement("li");
    item.id = `console-suggestion-${place}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const name = document.createElement("code");
    name.textContent = one.label;
    const detail = document.createElement("span");
    detail.textContent = one.detail;
    item.append(name, " ", detail);
    item.addEventListener("mousedown", (event) => { event.preventDefault(); take(place); });
    return item;
  }

  function choose(place) {
    chosen = (place + offered.length) % offered.length;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    field.setAttribute("aria-activedescendant", list.children[chosen].id);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  }

  function close() {
    offered = [];
    chosen = -1;
    list.hidden = true;
    list.replaceChildren();
    field.removeAttribute("aria-activedescendant");
  }

  function take(place) {
    const one = offered[place];
    const end = field.selectionStart;
    const start = end - one.typed.length;
    field.setRangeText(one.insert, start, end, "end");
    const inner = one.select ? one.insert.indexOf(one.select) : -1;
    if (inner >= 0) field.setSelectionRange(start + inner, start + inner + one.select.length);
    close();
    field.dispatchEvent(new Event("change", { bubbles: true }));
    showCaret();
  }

  function say(text) {
    heard.textContent = text;
  }

  // -- the field ---------------------------------------------------------------------------------

  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const asks = (event.ctrlKey && event.code === "Space") || (event.altKey && event.key === "ArrowDown");
    if (asks) {
      event.preventDefault();
      open(true);
      if (offered.length) choose(0);
    } else if (list.hidden) {
      return;
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      choose(chosen + 1);
    } else if (event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen < 0 ? offered.length - 1 : chosen - 1);
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      take(chosen);
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    }
  });

  field.addEventListener("input", (event) => {
    field.removeAttribute("aria-invalid");
    if (event.isComposing) return;
    open(false);
    showCaret();
  });
  field.addEventListener("blur", close);
  for (const happened of ["keyup", "click", "focus"]) field.addEventListener(happened, showCaret);

  function showCaret() {
    const lines = field.value.slice(0, field.selectionStart).split("\n");
    caret.textContent = caret.dataset.form
      .replace("{line}", lines.length).replace("{column}", lines.at(-1).length + 1);
  }

  // -- prices by what is typed -------------------------------------------------------------------

  document.querySelectorAll("[data-by]").forEach((input) => {
    input.addEventListener("input", () => {
      document.querySelector(`input[name="by"][value="${input.dataset.by}"]`).checked = true;
    });
  });

  // -- what came of it ---------------------------------------------------------------------------

  let before = "";

  function told() {
    const first = result.querySelector("[data-kind]");
    const kind = first ? first.dataset.kind : "";
    if (kind !== before && first && kind !== "refused") {
      const parts = [...first.querySelectorAll("h2, h2 + p")].map((one) => one.textContent.trim());
      say(parts.join(". "));
    }
    before = kind;
    const place = result.querySelector("[data-line]");
    if (place) mark(Number(place.dataset.line), Number(place.dataset.column), place.dataset.word);
  }

  function mark(line, column, word) {
    const lines = field.value.split("\n");
    if (line > lines.length) return;
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    let at = Math.min(start + column - 1, start + lines[line - 1].length);
    // A place may be the end of its word: the word itself is what is marked.
    const inner = word ? field.value.lastIndexOf(word, at) : -1;
    if (inner >= start) at = inner;
    field.setAttribute("aria-invalid", "true");
    field.focus();
    field.setSelectionRange(at, at + (word || " ").length);
    showCaret();
  }

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target === result) told();
  });
  if (result.querySelector("[data-line]")) told();
})();
