"use strict";
// Comfort only: everything on the page can be read without this.
(() => {
  const root = document.documentElement, byId = (id) => document.getElementById(id);
  const make = (tag, props, ...inner) => { const made = Object.assign(document.createElement(tag), props); made.append(...inner); return made; };
  const keep = (name, value) => { try { localStorage.setItem("reference-" + name, value); } catch { /* not allowed here */ } };

  // ------------------------------------------------------------------ theme
  const themes = ["auto", "light", "dark"], theme = byId("theme");
  const showTheme = () => {
    const words = "Theme: " + (root.dataset.theme || "auto");
    theme.lastElementChild.textContent = words;
    theme.setAttribute("aria-label", words);
  };
  theme.addEventListener("click", () => {
    const next = themes[(themes.indexOf(root.dataset.theme || "auto") + 1) % themes.length];
    if (next === "auto") delete root.dataset.theme; else root.dataset.theme = next;
    keep("theme", next);
    showTheme();
  });
  showTheme();
  theme.hidden = false;

  // ------------------------------------------------------------------ languages
  const choose = (language) => {
    root.dataset.language = language;
    for (const each of document.querySelectorAll(".tabs button")) each.setAttribute("aria-pressed", String(each.value === language));
  };
  for (const samples of document.querySelectorAll(".ss")) {
    const figures = [...samples.children];
    if (figures.length < 2) continue;
    const tabs = make("div", { className: "tabs" });
    tabs.setAttribute("role", "group");
    tabs.setAttribute("aria-label", "Language");
    for (const each of figures) tabs.append(make("button", { type: "button", value: each.className, textContent: each.firstElementChild.textContent }));
    samples.prepend(tabs);
  }
  choose(root.dataset.language);

  // ------------------------------------------------------------------ copying
  const copy = async (text) => {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* an older way */ }
    const area = make("textarea", { value: text, className: "off" });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  for (const each of document.querySelectorAll("figure")) each.append(make("button", { type: "button", className: "copy", textContent: "Copy" }));

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches(".copy")) {
      const done = await copy(button.parentElement.querySelector("pre").textContent);
      button.textContent = done ? "Copied" : "Press Ctrl-C";
      button.classList.add("done");
      byId("count").textContent = button.textContent;
      setTimeout(() => { button.textContent = "Copy"; button.classList.remove("done"); }, 2000);
    } else if (button.matches(".tabs button")) {
      const top = button.getBoundingClientRect().top;
      choose(button.value);
      keep("language", button.value);
      scrollBy({ top: button.getBoundingClientRect().top - top });
    }
  });

  // ------------------------------------------------------------------ where we are
  const nav = byId("nav"), menu = byId("menu");
  const open = (yes) => { nav.classList.toggle("open", yes); menu.setAttribute("aria-expanded", String(yes)); };
  menu.hidden = false;
  menu.addEventListener("click", () => open(!nav.classList.contains("open")));
  nav.addEventListener("click", (event) => { if (event.target.closest("a")) open(false); });
  const arrive = () => {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { /* as it is */ }
    const target = id && byId(id);
    if (!target) return;
    for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
    target.scrollIntoView();
    // What was not laid out before may have moved it.
    requestAnimationFrame(() => requestAnimationFrame(() => target.scrollIntoView()));
  };
  addEventListener("hashchange", arrive);
  arrive();
  const links = new Map([...nav.querySelectorAll("a")].map((each) => [each.getAttribute("href").slice(1), each]));
  let current = null;
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const link = links.get(entry.target.id);
      if (!entry.isIntersecting || !link || link === current) continue;
      if (current) current.removeAttribute("aria-current");
      current = link;
      link.setAttribute("aria-current", "true");
      const box = link.getBoundingClientRect(), view = nav.getBoundingClientRect();
      if (box.top < view.top || box.bottom > view.bottom) nav.scrollTop += box.top - view.top - view.height / 3;
    }
  }, { rootMargin: "-80px 0px -75% 0px" });
  for (const each of document.querySelectorAll(".o, .g, #responses, #headers, #schemas")) watcher.observe(each);

  // ------------------------------------------------------------------ on paper nothing is folded
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const each of folded) each.open = true;
  });
  addEventListener("afterprint", () => { for (const each of folded) each.open = false; });

  // ------------------------------------------------------------------ shared schemas unfold where they are linked
  let copies = 0;
  const unfold = (link) => {
    const home = byId(link.getAttribute("href").slice(1));
    if (!home || home.contains(link)) return;
    const body = make("div", { className: "in" });
    for (const each of home.matches(".c > span") ? home.parentElement.querySelectorAll(":scope > ul") : home.children) {
      if (!each.matches("h3, summary")) body.append(each.cloneNode(true));
    }
    for (const each of body.querySelectorAll("[id]")) each.removeAttribute("id");
    for (const each of body.querySelectorAll("button.unfold")) each.remove();
    for (const each of body.querySelectorAll(".unfolded")) each.remove();
    if (!body.childElementCount) return;
    body.className = "unfolded f";
    body.id = "unfolded-" + ++copies;
    return body;
  };
  for (const link of document.querySelectorAll("main a.r")) {
    const button = make("button", { type: "button", className: "unfold", textContent: "+" });
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-label", "Show the fields of " + link.textContent + " here");
    link.after(button);
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.unfold");
    if (!button) return;
    const holder = button.closest("li, .c, .sh") || button.parentElement;
    const there = [...holder.children].find((each) => each.id && each.id === button.getAttribute("aria-controls"));
    if (there) {
      there.remove();
    } else {
      const body = unfold(button.previousElementSibling);
      if (!body) { location.hash = button.previousElementSibling.getAttribute("href"); return; }
      for (const link of body.querySelectorAll("a.r")) {
        const inner = button.cloneNode(true);
        inner.setAttribute("aria-label", "Show the fields of " + link.textContent + " here");
        inner.removeAttribute("aria-controls");
        link.after(inner);
      }
      holder.append(body);
      button.setAttribute("aria-controls", body.id);
    }
    button.setAttribute("aria-expanded", String(!there));
    button.textContent = there ? "+" : "\u2212";
  });

  // ------------------------------------------------------------------ search
  const box = byId("search"), found = byId("found"), count = byId("count");
  let index = null, selected = -1;
  const textOf = (node, ...without) => {
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT), pieces = [];
    for (let each = walker.nextNode(); each; each = walker.nextNode()) {
      if (each.parentElement.tagName !== "BUTTON" && !without.some((other) => other && other.contains(each))) pieces.push(each.data);
    }
    return pieces.join(" ").replace(/\s+/g, " ");
  };
  const read = () => [...document.querySelectorAll(".o, .g, .sh, main > section:first-child, #headers + ul > li")].map((each) => {
    const heading = each.querySelector("h1, h2, h3, h4, .v"), path = each.querySelector(".u"), target = each.id || "top";
    const title = textOf(heading).trim(), place = path ? textOf(path).trim() : "";
    const text = textOf(each, heading, path).trim(), head = [title, place, target].join(" ").toLowerCase();
    return { title, text, target, place, head, low: text.toLowerCase() };
  });
  const score = (entry, words) => words.reduce((sum, word) => {
    if (!sum || (!entry.low.includes(word) && !entry.head.includes(word))) return 0;
    return sum + (entry.head.includes(word) ? 20 : 0) + Math.min(5, entry.low.split(word).length);
  }, 1);
  const marked = (text, words) => {
    const low = text.toLowerCase(), hits = words.map((word) => low.indexOf(word)).filter((at) => at >= 0);
    const start = Math.max(0, (hits.length ? Math.min(...hits) : 0) - 30), first = start && low.indexOf(" ", start) + 1;
    let rest = text.slice(first, first + 140).replace(/\s\S*$/, "");
    const pieces = first ? ["\u2026"] : [];
    const any = new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "i");
    for (let hit = any.exec(rest); hit && hit[0]; hit = any.exec(rest)) {
      pieces.push(rest.slice(0, hit.index), make("mark", {}, hit[0]));
      rest = rest.slice(hit.index + hit[0].length);
    }
    return [...pieces, rest];
  };
  const close = () => { found.hidden = true; box.setAttribute("aria-expanded", "false"); box.removeAttribute("aria-activedescendant"); selected = -1; };
  const select = (at) => {
    const hits = found.querySelectorAll(".hit");
    if (!hits.length) return;
    selected = (at + hits.length) % hits.length;
    hits.forEach((hit, place) => hit.setAttribute("aria-selected", String(place === selected)));
    hits[selected].scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", hits[selected].id);
  };
  const search = () => {
    index = index || read();
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return close();
    const hits = index.map((entry) => ({ entry, score: score(entry, words) })).filter((each) => each.score > 0).sort((a, b) => b.score - a.score).slice(0, 20);
    found.replaceChildren(...hits.map(({ entry }, place) => {
      const hit = make("div", { className: "hit", id: "hit-" + place }, make("b", {}, entry.title), ...(entry.place ? [make("span", {}, entry.place)] : []), make("span", {}, ...marked(entry.text, words)));
      hit.setAttribute("role", "option");
      hit.setAttribute("aria-selected", "false");
      hit.dataset.target = entry.target;
      return hit;
    }));
    count.textContent = hits.length ? hits.length + " found" : "Nothing found";
    if (!hits.length) found.append(Object.assign(make("div", { className: "none" }, "Nothing found")));
    found.hidden = false;
    box.setAttribute("aria-expanded", "true");
    select(0);
  };
  const go = (hit) => {
    close();
    box.value = "";
    box.blur();
    if (location.hash === "#" + hit.dataset.target) arrive(); else location.hash = hit.dataset.target;
    const target = byId(hit.dataset.target);
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
  };
  box.parentElement.hidden = false;
  box.addEventListener("input", search);
  box.addEventListener("focus", () => { if (box.value) search(); });
  box.addEventListener("blur", () => setTimeout(close, 150));
  box.addEventListener("keydown", (event) => {
    const hits = found.hidden ? [] : found.querySelectorAll(".hit");
    if (event.key === "ArrowDown") select(selected + 1);
    else if (event.key === "ArrowUp") select(selected - 1);
    else if (event.key === "Enter" && hits.length) go(hits[Math.max(0, selected)]);
    else if (event.key === "Escape") { box.value = ""; close(); box.blur(); }
    else return;
    event.preventDefault();
  });
  found.addEventListener("mousedown", (event) => { const hit = event.target.closest(".hit"); if (hit) { event.preventDefault(); go(hit); } });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && nav.classList.contains("open")) { open(false); menu.focus(); }
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    event.preventDefault();
    box.focus();
  });
  root.dataset.ready = "true";
})();
