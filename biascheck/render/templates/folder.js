(() => {
  "use strict";
  const holder = document.getElementById("bc-data");
  if (!holder) return;
  const data = JSON.parse(holder.textContent);
  const rows = data.rows;
  const [TITLE, PATH, OUTLET, DATE, VERDICT, SCORE, LANGUAGE, SLANT, SCORES, POLES, UPSTREAM, ERROR] = rows.length ? [...Array(12).keys()] : [];
  const COLUMNS = [TITLE, OUTLET, DATE, VERDICT, SCORE, LANGUAGE, SLANT];
  const byId = (id) => document.getElementById(id);
  const grid = byId("bc-grid");
  const body = byId("bc-rows");
  const table = grid.querySelector("table");
  const dialog = byId("bc-dialog");
  const height = 46;
  const haystack = rows.map((row) => (row[TITLE] + "\n" + row[PATH] + "\n" + row[OUTLET]).toLowerCase());
  const collator = new Intl.Collator(data.locale, { numeric: true });
  const number = new Intl.NumberFormat(data.locale);
  const percent = (value) => data.words.percent.replace("{}", value);
  let order = rows.map((_, index) => index);
  let view = order;
  let first = -1;

  const verdicts = (mask) => data.verdicts.filter((_, bit) => (mask >> bit) & 1);
  const slant = (row) => data.slants[row[SLANT]] || "";

  function cell(kind, text, name) {
    const found = document.createElement(kind);
    found.className = name;
    const clip = document.createElement("span");
    clip.className = "bc-clip";
    clip.dir = "auto";
    clip.textContent = text;
    found.append(clip);
    return found;
  }

  function line(index, place) {
    const row = rows[index];
    const tr = document.createElement("tr");
    tr.setAttribute("aria-rowindex", place + 2);
    const head = document.createElement("th");
    head.scope = "row";
    head.className = "c-title";
    const open = document.createElement("button");
    open.type = "button";
    open.className = "bc-open";
    open.dataset.index = index;
    open.dataset.place = place;
    const title = document.createElement("bdi");
    title.className = row[TITLE] ? "bc-one" : "bc-clip";
    title.textContent = row[TITLE] || row[PATH];
    open.append(title);
    if (row[TITLE]) {
      const path = document.createElement("small");
      path.dir = "auto";
      path.textContent = row[PATH];
      open.append(path);
    }
    head.append(open);
    const said = row[ERROR] ? data.error : verdicts(row[VERDICT]).join(", ");
    tr.append(
      head,
      cell("td", row[OUTLET], "c-outlet"),
      cell("td", row[DATE], "c-date"),
      cell("td", said, row[ERROR] ? "c-verdict bc-failed" : "c-verdict"),
      cell("td", row[SCORE] ? percent(row[SCORE]) : "", "c-score"),
      cell("td", data.languages[row[LANGUAGE]] || "", "c-language"),
      cell("td", slant(row), "c-slant"),
    );
    return tr;
  }

  function pad(size) {
    const tr = document.createElement("tr");
    tr.className = "bc-pad";
    tr.setAttribute("aria-hidden", "true");
    const td = document.createElement("td");
    td.colSpan = 7;
    td.style.height = size + "px";
    tr.append(td);
    return tr;
  }

  // Only the rows in sight are in the page, with some above and below.
  function draw(always) {
    const start = Math.max(0, Math.floor(grid.scrollTop / height) - 12);
    if (!always && start === first) return;
    const focused = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.place : null;
    first = start;
    const count = Math.ceil(grid.clientHeight / height) + 24;
    const end = Math.min(view.length, start + count);
    const drawn = [];
    if (start > 0) drawn.push(pad(start * height));
    for (let place = start; place < end; place++) drawn.push(line(view[place], place));
    if (end < view.length) drawn.push(pad((view.length - end) * height));
    body.replaceChildren(...drawn);
    if (focused != null) {
      const again = body.querySelector('[data-place="' + focused + '"]');
      if (again) again.focus({ preventScroll: true });
    }
  }

  function filter() {
    const wanted = byId("bc-search").value.trim().toLowerCase();
    const verdict = byId("bc-verdict").value;
    const leaning = byId("bc-slant").value;
    const outlet = byId("bc-outlet") ? byId("bc-outlet").value : "";
    const mask = verdict === "" || verdict === "error" ? 0 : 1 << Number(verdict);
    view = order.filter((index) => {
      const row = rows[index];
      return (
        (!mask || row[VERDICT] & mask) &&
        (verdict !== "error" || row[ERROR]) &&
        (!leaning || row[SLANT] === leaning) &&
        (!outlet || row[OUTLET] === outlet) &&
        (!wanted || haystack[index].includes(wanted))
      );
    });
    byId("bc-count").textContent = data.words.shown
      .replace("{shown}", number.format(view.length))
      .replace("{all}", number.format(rows.length));
    table.setAttribute("aria-rowcount", view.length + 1);
    for (const button of document.querySelectorAll(".bc-tally[data-verdict]"))
      button.setAttribute("aria-pressed", String(button.dataset.verdict === verdict));
    for (const button of document.querySelectorAll(".bc-tally[data-slant]"))
      button.setAttribute("aria-pressed", String(button.dataset.slant === leaning));
    grid.scrollTop = 0;
    draw(true);
  }

  function sort(head) {
    const column = COLUMNS[Number(head.dataset.column)];
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = (index) => {
      const row = rows[index];
      if (column === TITLE) return row[TITLE] || row[PATH];
      if (column === SLANT) return slant(row);
      if (column === VERDICT) return verdicts(row[VERDICT]).join(", ");
      return row[column];
    };
    const keys = rows.map((_, index) => value(index));
    const sign = down ? -1 : 1;
    const compare = column === SCORE ? (a, b) => keys[a] - keys[b] : (a, b) => collator.compare(keys[a], keys[b]);
    order = rows.map((_, index) => index).sort((a, b) => sign * compare(a, b) || a - b);
    filter();
  }

  function add(parent, kind, text, name) {
    const found = document.createElement(kind);
    if (name) found.className = name;
    found.textContent = text;
    parent.append(found);
    return found;
  }

  // What is known of a text whose page is not part of this one.
  function details(row) {
    const article = document.createElement("article");
    article.className = "bc-reading";
    add(article, "h1", row[TITLE] || row[PATH]).dir = "auto";
    const facts = add(article, "dl", "", "bc-facts");
    const fact = (name, value) => {
      if (!value) return;
      const pair = add(facts, "div", "");
      add(pair, "dt", name);
      add(add(pair, "dd", ""), "bdi", value);
    };
    fact("", row[PATH]);
    fact(data.words.column_outlet, row[OUTLET]);
    fact("", row[DATE]);
    fact(data.words.upstream, row[UPSTREAM]);
    add(article, "p", row[ERROR] || [verdicts(row[VERDICT]).join(", "), data.languages[row[LANGUAGE]]].filter(Boolean).join(" · "), "bc-summary");
    const list = add(article, "ul", "", "bc-not");
    row[SCORES].forEach((score, n) => add(list, "li", data.scored[n] + " " + percent(score)));
    if (row[SLANT]) add(list, "li", data.words.slant + " : " + slant(row) + " (" + row[POLES].map((p, n) => data.poles[n] + " " + percent(p)).join(", ") + ")");
    return article;
  }

  let opener = null;
  function open(index) {
    const page = byId("bc-page-" + index);
    const inside = byId("bc-inside");
    inside.replaceChildren(page ? page.content.cloneNode(true) : details(rows[index]));
    opener = index;
    dialog.showModal();
    dialog.scrollTop = 0;
  }

  grid.hidden = false;
  byId("bc-filters").hidden = false;
  let waiting = false;
  grid.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw(false);
    });
  }, { passive: true });
  addEventListener("resize", () => draw(true));
  table.tHead.addEventListener("click", (event) => {
    const head = event.target.closest("th");
    if (head) sort(head);
  });
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    const button = row && row.querySelector(".bc-open");
    if (button) open(Number(button.dataset.index));
  });
  body.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const place = event.target.dataset.place;
    if (!step || place == null) return;
    event.preventDefault();
    const next = Math.min(view.length - 1, Math.max(0, Number(place) + step));
    const top = next * height;
    if (top < grid.scrollTop) grid.scrollTop = top;
    if (top + 2 * height > grid.scrollTop + grid.clientHeight) grid.scrollTop = top + 2 * height - grid.clientHeight;
    draw(false);
    const button = body.querySelector('[data-place="' + next + '"]');
    if (button) button.focus({ preventScroll: true });
  });
  byId("bc-filters").addEventListener("submit", (event) => event.preventDefault());
  byId("bc-filters").addEventListener("reset", () => setTimeout(filter));
  byId("bc-filters").addEventListener("input", filter);
  for (const button of document.querySelectorAll(".bc-tally"))
    button.addEventListener("click", () => {
      const [field, value] = button.dataset.verdict !== undefined ? ["bc-verdict", button.dataset.verdict] : ["bc-slant", button.dataset.slant];
      byId(field).value = byId(field).value === value ? "" : value;
      filter();
    });
  byId("bc-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    byId("bc-inside").replaceChildren();
    const button = body.querySelector('[data-index="' + opener + '"]');
    if (button) button.focus({ preventScroll: true });
  });
  filter();
})();
