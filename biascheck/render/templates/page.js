(() => {
  "use strict";
  // The page reads without this script: it only brings a passage's note to the pointer and to the keyboard.
  const tip = document.createElement("div");
  tip.className = "bc-tip";
  tip.id = "bc-tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  let at = null;

  const reading = (node) => node.closest(".bc-reading");
  const chosen = (root) => {
    const radio = root.querySelector(".bc-choice input:checked");
    return radio ? radio.value : "none";
  };
  const off = (root, name) => {
    const box = root.querySelector("." + name);
    return box !== null && !box.checked;
  };
  const shown = (root, key) => {
    if (key[0] === "e") return key.slice(1).split("-")[0] === chosen(root);
    return !off(root, { q: "bc-quotes", f: "bc-framing", p: "bc-furniture" }[key[0]]);
  };
  const note = (root, key) => root.querySelector('li[data-mark="' + key + '"]');
  const heading = (root, item) => {
    const group = item.closest(".bc-note-group, .bc-list");
    return group.querySelector("summary, .bc-lead").textContent.replace(/ \(\d+\)$/, "").split(/[.(]/)[0];
  };

  function hide() {
    if (!at) return;
    for (const lit of document.querySelectorAll(".bc-lit")) lit.classList.remove("bc-lit");
    at.removeAttribute("aria-describedby");
    tip.hidden = true;
    at = null;
  }

  function light(root, keys) {
    for (const key of keys)
      for (const part of root.querySelectorAll('.bc-text [data-m~="' + key + '"]')) part.classList.add("bc-lit");
  }

  function show(part) {
    if (part === at) return;
    hide();
    const root = reading(part);
    const keys = part.dataset.m.split(" ").filter((key) => shown(root, key));
    const notes = keys.map((key) => note(root, key)).filter(Boolean);
    if (!notes.length) return;
    tip.replaceChildren();
    for (const item of notes.reverse()) {
      const block = document.createElement("div");
      block.className = "bc-tip-part";
      const name = document.createElement("span");
      name.className = "bc-tip-name";
      name.textContent = heading(root, item);
      block.append(name, ...[...item.childNodes].map((child) => child.cloneNode(true)));
      tip.append(block);
    }
    (part.closest("dialog") || document.body).append(tip);
    tip.hidden = false;
    const box = part.getClientRects()[0] || part.getBoundingClientRect();
    const size = tip.getBoundingClientRect();
    const left = Math.max(12, Math.min(box.left, innerWidth - size.width - 12));
    const below = box.bottom + 10 + size.height < innerHeight;
    tip.style.left = left + "px";
    tip.style.top = (below ? box.bottom + 8 : Math.max(8, box.top - size.height - 8)) + "px";
    part.setAttribute("aria-describedby", "bc-tip");
    light(root, keys);
    at = part;
  }

  // Only passages of the chosen verdict are stops of the tab key.
  function stops(root) {
    for (const part of root.querySelectorAll(".bc-text [data-m]")) {
      const first = part.dataset.m.split(" ").some((key) => {
        const item = shown(root, key) && note(root, key);
        return item && item.dataset.start === part.dataset.start;
      });
      if (first) part.tabIndex = 0;
      else part.removeAttribute("tabindex");
    }
  }

  const passage = (event) => event.target.closest && event.target.closest(".bc-text [data-m]");
  document.addEventListener("mouseover", (event) => {
    const part = passage(event);
    if (part) show(part);
    else if (at && at !== document.activeElement) hide();
  });
  document.addEventListener("focusin", (event) => {
    const part = passage(event);
    if (part) show(part);
    else hide();
  });
  document.addEventListener("click", (event) => {
    const part = passage(event);
    if (part) show(part);
    const link = event.target.closest && event.target.closest("a.bc-passage");
    if (!link) return;
    const target = document.getElementById(link.getAttribute("href").slice(1));
    const root = reading(link);
    const li = link.closest("li");
    const start = target || root.querySelector('.bc-text [data-m~="' + li.dataset.mark + '"]');
    if (!start) return;
    event.preventDefault();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    start.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
    start.focus({ preventScroll: true });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  document.addEventListener("scroll", () => {
    if (at && at !== document.activeElement) hide();
  }, { passive: true });
  document.addEventListener("change", (event) => {
    const root = reading(event.target);
    if (!root) return;
    hide();
    stops(root);
  });
  addEventListener("beforeprint", () => {
    for (const list of document.querySelectorAll(".bc-reading details")) list.open = true;
  });
})();
