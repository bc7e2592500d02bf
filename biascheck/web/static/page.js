// The local page's own script: files go up in pieces, the list is sifted, an opened text is shown and focused.
"use strict";
(() => {
  const PIECE_FILES = 50, PIECE_BYTES = 8e6;
  const TEXTS = /\.(txt|html?|xhtml)$/i;
  const limits = document.body.dataset;
  const byId = (id) => document.getElementById(id);
  const say = (key, value) => {
    byId("notice").textContent = key ? byId("notice").dataset[key].replace("{}", value) : "";
  };

  // Files → pieces of an upload, all of one run.
  async function send(found) {
    say("");
    const files = found.filter(([name, , chosen]) => chosen || TEXTS.test(name));
    const skipped = found.filter(([name, , chosen]) => !chosen && !TEXTS.test(name) && !/(^|\/)\./.test(name)).length;
    // A file beyond the limit is refused by its first bytes: more of it is not sent.
    const sizes = files.map(([, file]) => Math.min(file.size, +limits.largest + 1));
    if (!files.length) return say("nothing");
    if (files.length > limits.files || sizes.reduce((a, b) => a + b, 0) > limits.bytes) return say("tooMany");
    if (skipped) say("skipped", skipped);
    const run = crypto.randomUUID();
    for (let next = 0; next < files.length;) {
      const body = new FormData();
      body.append("run", run);
      body.append("expected", files.length);
      for (let count = 0, size = 0; next < files.length && count < PIECE_FILES && (!count || size + sizes[next] <= PIECE_BYTES); next++, count++) {
        const [name, file] = files[next];
        size += sizes[next];
        body.append("files", file.size > sizes[next] ? file.slice(0, sizes[next]) : file, name);
      }
      let answer;
      try {
        answer = await fetch("/files", {method: "POST", body, headers: {"HX-Request": "true"}});
      } catch {
        return say("failed");
      }
      if (answer.status === 409) return;
      if (!answer.ok) {
        byId("notice").textContent = await answer.text();
        return;
      }
      if (!byId("progress").hasAttribute("hx-get")) poll();
    }
  }

  function poll() {
    const last = byId("rows").lastElementChild;
    const after = last ? last.id.slice(4) : 0;
    htmx.ajax("GET", `/progress?after=${after}`, {target: "#progress", swap: "outerHTML"});
  }

  // What is dropped: files, and folders with what is in them.
  async function inside(entry, path = "") {
    const name = path + entry.name;
    if (entry.isFile) {
      const file = await new Promise((done) => entry.file(done, () => done(null)));
      return file ? [[name, file, !path]] : [];
    }
    const reader = entry.createReader(), found = [];
    for (;;) {
      const some = await new Promise((done) => reader.readEntries(done, () => done([])));
      if (!some.length) return found;
      for (const one of some) {
        found.push(...await inside(one, `${name}/`));
        if (found.length > 20 * limits.files) return found;
      }
    }
  }

  const drop = byId("drop");
  let depth = 0;
  document.addEventListener("dragenter", (event) => { event.preventDefault(); depth++; drop.classList.add("over"); });
  document.addEventListener("dragleave", () => { if (!--depth) drop.classList.remove("over"); });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    depth = 0;
    drop.classList.remove("over");
    // Everything is asked for before the first await: the list is emptied after the event.
    const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
    const given = items.map((item) => [item.webkitGetAsEntry(), item.getAsFile()]);
    const found = [];
    for (const [entry, file] of given) found.push(...entry ? await inside(entry) : file ? [[file.name, file, true]] : []);
    if (given.length) send(found);
  });
  for (const id of ["files", "folder"]) {
    byId(id).addEventListener("change", (event) => {
      send([...event.target.files].map((file) => [file.webkitRelativePath || file.name, file, id === "files"]));
      event.target.value = "";
    });
  }

  // The list: what is shown of it, and what is opened.
  const rows = byId("rows");
  function sift() {
    const words = byId("filter").value.trim().toLowerCase(), kind = byId("which").value;
    for (const row of rows.children) {
      row.hidden = (kind && !row.classList.contains(kind)) || (words && !row.textContent.toLowerCase().includes(words));
    }
  }
  byId("filter").addEventListener("input", sift);
  byId("which").addEventListener("change", sift);
  function current() {
    const shown = document.querySelector("#reading [data-number]");
    rows.querySelectorAll("[aria-current]").forEach((link) => link.removeAttribute("aria-current"));
    const link = shown && document.querySelector(`#row-${shown.dataset.number || 0} > a`);
    if (link) link.setAttribute("aria-current", "true");
    return link;
  }
  rows.addEventListener("keydown", (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (!step) return;
    const links = [...rows.querySelectorAll("li:not([hidden]) > a")];
    const next = links[links.indexOf(document.activeElement) + step];
    if (next) { event.preventDefault(); next.focus(); }
  });

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    // A text may be told twice, by the answer to its form and by the progress.
    for (const row of event.detail.fragment.querySelectorAll?.("li[id^=row-]") ?? []) {
      if (byId(row.id)) row.remove();
    }
  });
  // Whoever labels one text is likely to label the next.
  let labelling = false;
  document.addEventListener("toggle", (event) => {
    if (event.target.id === "labelling") labelling = event.target.open;
  }, true);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "reading") {
      current();
      const reading = byId("reading");
      if (labelling && byId("labelling")) byId("labelling").open = true;
      if (event.detail.requestConfig?.path === "/texts") byId("paste").reset();
      reading.focus({preventScroll: true});
      reading.scrollIntoView({block: "start"});
    }
    if (event.target.id === "rows" || event.target.tagName === "LI") sift();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const row = event.target.id === "labels" && current()?.parentElement;
    if (row) row.classList.toggle("labelled", !!row.querySelector(".ok"));
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // Refusals are a line of text, and no part of the page.
    if (event.detail.xhr.getResponseHeader("content-type")?.startsWith("text/plain")) {
      event.detail.shouldSwap = false;
      byId("notice").textContent = event.detail.xhr.responseText;
    } else if (event.target.id === "reading") say("");
  });
  document.addEventListener("htmx:sendError", () => say("failed"));
  current()?.scrollIntoView({block: "nearest"});
})();
