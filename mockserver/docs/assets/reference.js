"use strict";
// Optional features: everything on the page can be read without scripts.
(() => {
  const root = document.documentElement, byId = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, props, ...children) => {
    const element = Object.assign(document.createElement(tag), props);
    element.append(...children);
    return element;
  };
  const store = (name, value) => {
    try { localStorage.setItem("reference-" + name, value); } catch { /* storage is not allowed */ }
  };

  // ---- theme
  const themes = ["auto", "light", "dark"], theme = byId("theme");
  const showTheme = () => {
    const words = "Theme: " + (root.dataset.theme || "auto");
    theme.lastElementChild.textContent = words;
    theme.setAttribute("aria-label", words);
  };
  theme.addEventListener("click", () => {
    const next = themes[(themes.indexOf(root.dataset.theme || "auto") + 1) % themes.length];
    if (next === "auto") delete root.dataset.theme; else root.dataset.theme = next;
    store("theme", next);
    showTheme();
  });
  showTheme();
  theme.hidden = false;

  // ---- languages
  const choose = (language) => {
    root.dataset.language = language;
    for (const tab of all(".tabs button")) {
      tab.setAttribute("aria-pressed", String(tab.value === language));
    }
  };
  for (const samples of all(".ss")) {
    const figures = [...samples.children];
    if (figures.length < 2) continue;
    const tabs = make("div", { className: "tabs" });
    tabs.setAttribute("role", "group");
    tabs.setAttribute("aria-label", "Language");
    for (const figure of figures) {
      const { className: value, firstElementChild: caption } = figure;
      tabs.append(make("button", { type: "button", value, textContent: caption.textContent }));
    }
    samples.prepend(tabs);
  }
  choose(root.dataset.language);

  // ---- copy buttons
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch { /* fall back to execCommand */ }
    const area = make("textarea", { value: text, className: "off" });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  for (const figure of all("figure")) {
    figure.append(make("button", { type: "button", className: "copy", textContent: "Copy" }));
  }

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
      store("language", button.value);
      scrollBy({ top: button.getBoundingClientRect().top - top });
    }
  });

  // ---- navigation
  const nav = byId("nav"), menu = byId("menu");
  const open = (isOpen) => {
    nav.classList.toggle("open", isOpen);
    menu.setAttribute("aria-expanded", String(isOpen));
  };
  menu.hidden = false;
  menu.addEventListener("click", () => open(!nav.classList.contains("open")));
  nav.addEventListener("click", (event) => { if (event.target.closest("a")) open(false); });
  const goToHash = () => {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { /* use it undecoded */ }
    const target = id && byId(id);
    if (!target) return;
    for (let element = target; element; element = element.parentElement) {
      if (element.tagName === "DETAILS") element.open = true;
    }
    target.scrollIntoView();
    // Sections that are laid out only now may have moved the target.
    requestAnimationFrame(() => requestAnimationFrame(() => target.scrollIntoView()));
  };
  addEventListener("hashchange", goToHash);
  goToHash();
  const links = new Map(all("a", nav).map((link) => [link.getAttribute("href").slice(1), link]));
  let current = null;
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const link = links.get(entry.target.id);
      if (!entry.isIntersecting || !link || link === current) continue;
      if (current) current.removeAttribute("aria-current");
      current = link;
      link.setAttribute("aria-current", "true");
      const box = link.getBoundingClientRect(), view = nav.getBoundingClientRect();
      if (box.top < view.top || box.bottom > view.bottom) {
        nav.scrollTop += box.top - view.top - view.height / 3;
      }
    }
  }, { rootMargin: "-80px 0px -75% 0px" });
  for (const part of all(".o, .g, #responses, #headers, #schemas")) watcher.observe(part);

  // ---- print with everything unfolded
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => { for (const details of folded) details.open = false; });

  // ---- unfold linked schemas in place
  let copies = 0;
  const unfold = (link) => {
    const home = byId(link.getAttribute("href").slice(1));
    if (!home || home.contains(link)) return;
    const body = make("div", { className: "in" });
    const isInline = home.matches(".c > span");
    for (const part of isInline ? all(":scope > ul", home.parentElement) : home.children) {
      if (!part.matches("h3, summary")) body.append(part.cloneNode(true));
    }
    for (const element of all("[id]", body)) element.removeAttribute("id");
    for (const element of all("button.unfold, .unfolded", body)) element.remove();
    if (!body.childElementCount) return;
    body.className = "unfolded f";
    body.id = "unfolded-" + ++copies;
    return body;
  };
  for (const link of all("main a.r")) {
    const button = make("button", { type: "button", className: "unfold", textContent: "+" });
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-label", "Show the fields of " + link.textContent + " here");
    link.after(button);
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.unfold");
    if (!button) return;
    const holder = button.closest("li, .c, .sh") || button.parentElement;
    const controlled = button.getAttribute("aria-controls");
    const shown = [...holder.children].find((child) => child.id && child.id === controlled);
    if (shown) {
      shown.remove();
    } else {
      const body = unfold(button.previousElementSibling);
      if (!body) {
        location.hash = button.previousElementSibling.getAttribute("href");
        return;
      }
      for (const link of all("a.r", body)) {
        const inner = button.cloneNode(true);
        inner.setAttribute("aria-label", "Show the fields of " + link.textContent + " here");
        inner.removeAttribute("aria-controls");
        link.after(inner);
      }
      holder.append(body);
      button.setAttribute("aria-controls", body.id);
    }
    button.setAttribute("aria-expanded", String(!shown));
    button.textContent = shown ? "+" : "\u2212";
  });

  // ---- search
  const box = byId("search"), found = byId("found"), count = byId("count");
  let index = null, selected = -1;
  const textOf = (node, ...without) => {
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT), pieces = [];
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      const isExcluded = without.some((other) => other && other.contains(text));
      if (text.parentElement.tagName !== "BUTTON" && !isExcluded) pieces.push(text.data);
    }
    return pieces.join(" ").replace(/\s+/g, " ");
  };
  const searchable = ".o, .g, .sh, main > section:first-child, #headers + ul > li";
  // What is on other pages: JSON in the page, with addresses instead of targets.
  const slug = (title) => title.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-");
  const linked = (title, place, text, href) => ({
    title, place, text, href, head: (title + " " + place).toLowerCase(), low: text.toLowerCase(),
  });
  const linkedEntries = () => JSON.parse(byId("entries")?.textContent || "[]").flatMap((entry) => [
    linked(entry.title, "", entry.text, entry.href),
    ...entry.parts.map(([title, text = "", anchor = slug(title)]) =>
      linked(title, entry.title, text, `${entry.href}#${anchor}`)),
  ]);
  const ownEntries = () => all(searchable).map((part) => {
    const heading = part.querySelector("h1, h2, h3, h4, .v"), path = part.querySelector(".u");
    const target = part.id || "top";
    const title = textOf(heading).trim(), place = path ? textOf(path).trim() : "";
    const text = textOf(part, heading, path).trim();
    const head = [title, place, target].join(" ").toLowerCase();
    return { title, text, target, place, head, low: text.toLowerCase() };
  });
  const buildIndex = () => [...ownEntries(), ...linkedEntries()];
  const score = (entry, words) => words.reduce((sum, word) => {
    if (!sum || (!entry.low.includes(word) && !entry.head.includes(word))) return 0;
    return sum + (entry.head.includes(word) ? 20 : 0) + Math.min(5, entry.low.split(word).length);
  }, 1);
  const marked = (text, words) => {
    const low = text.toLowerCase();
    const hits = words.map((word) => low.indexOf(word)).filter((at) => at >= 0);
    const start = Math.max(0, (hits.length ? Math.min(...hits) : 0) - 30);
    const first = start && low.indexOf(" ", start) + 1;
    let rest = text.slice(first, first + 140).replace(/\s\S*$/, "");
    const pieces = first ? ["\u2026"] : [];
    const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const any = new RegExp(escaped.join("|"), "i");
    for (let hit = any.exec(rest); hit && hit[0]; hit = any.exec(rest)) {
      pieces.push(rest.slice(0, hit.index), make("mark", {}, hit[0]));
      rest = rest.slice(hit.index + hit[0].length);
    }
    return [...pieces, rest];
  };
  const close = () => {
    found.hidden = true;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
    selected = -1;
  };
  const select = (at) => {
    const hits = found.querySelectorAll(".hit");
    if (!hits.length) return;
    selected = (at + hits.length) % hits.length;
    hits.forEach((hit, place) => hit.setAttribute("aria-selected", String(place === selected)));
    hits[selected].scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", hits[selected].id);
  };
  const search = () => {
    index = index || buildIndex();
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return close();
    const scored = index.map((entry) => ({ entry, score: score(entry, words) }));
    const matches = scored.filter((hit) => hit.score > 0);
    const hits = matches.sort((a, b) => b.score - a.score).slice(0, 20);
    found.replaceChildren(...hits.map(({ entry }, place) => {
      const hit = make("div", { className: "hit", id: "hit-" + place }, make("b", {}, entry.title));
      if (entry.place) hit.append(make("span", {}, entry.place));
      hit.append(make("span", {}, ...marked(entry.text, words)));
      hit.setAttribute("role", "option");
      hit.setAttribute("aria-selected", "false");
      hit.dataset.target = entry.target || "";
      if (entry.href) hit.dataset.href = entry.href;
      return hit;
    }));
    count.textContent = hits.length ? hits.length + " found" : "Nothing found";
    if (!hits.length) found.append(make("div", { className: "none" }, "Nothing found"));
    found.hidden = false;
    box.setAttribute("aria-expanded", "true");
    select(0);
  };
  const go = (hit) => {
    close();
    box.value = "";
    box.blur();
    if (hit.dataset.href) return location.assign(hit.dataset.href);
    if (location.hash === "#" + hit.dataset.target) goToHash();
    else location.hash = hit.dataset.target;
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
  found.addEventListener("mousedown", (event) => {
    const hit = event.target.closest(".hit");
    if (!hit) return;
    event.preventDefault();
    go(hit);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && nav.classList.contains("open")) { open(false); menu.focus(); }
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select")) return;
    event.preventDefault();
    box.focus();
  });
  root.dataset.ready = "true";
})();
