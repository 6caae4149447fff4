"use strict";
// Optional features: everything on the page can be read without scripts.
(() => {
  const { root, byId, all, make, store, copy, announce } = page;

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
    for (const tab of all(".ss .tabs button")) {
      tab.setAttribute("aria-pressed", String(tab.value === language));
    }
  };
  const labels = { curl: "curl", python: "Python", javascript: "JavaScript" };
  const tabbed = (holder, label, names) => {
    const tabs = make("div", { className: "tabs" });
    tabs.setAttribute("role", "group");
    tabs.setAttribute("aria-label", label);
    for (const [value, textContent] of names) {
      tabs.append(make("button", { type: "button", value, textContent }));
    }
    holder.prepend(tabs);
  };
  for (const samples of all(".ss")) {
    const names = [...samples.children].map((figure) => {
      const caption = figure.querySelector("figcaption");
      return [figure.className, caption ? caption.textContent : labels[figure.className]];
    });
    if (names.length > 1) tabbed(samples, "Language", names);
  }
  // Responses and errors of an operation: one is shown.
  const showBody = (holder, at) => {
    all(":scope > figure", holder).forEach((figure, place) => { figure.hidden = place !== at; });
    all(".tabs button", holder).forEach((tab, place) => {
      tab.setAttribute("aria-pressed", String(place === at));
    });
  };
  for (const bodies of all(".rs")) {
    const names = all("figcaption", bodies).map((caption, at) => [at, caption.textContent]);
    if (names.length < 2) continue;
    tabbed(bodies, "Response", names);
    showBody(bodies, 0);
  }
  choose(root.dataset.language);

  // ---- copy buttons
  for (const code of all(".d > pre")) {
    const figure = make("figure", {});
    code.replaceWith(figure);
    figure.append(code);
  }
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
      announce(button.textContent);
      setTimeout(() => { button.textContent = "Copy"; button.classList.remove("done"); }, 2000);
    } else if (button.matches(".rs .tabs button")) {
      showBody(button.closest(".rs"), Number(button.value));
    } else if (button.matches(".tabs button")) {
      const top = button.getBoundingClientRect().top;
      choose(button.value);
      store("language", button.value);
      scrollBy({ top: button.getBoundingClientRect().top - top });
    }
  });

  // ---- fields: each name is a link to its row
  const link = (id, ...children) => {
    const element = make("a", {}, ...children);
    element.setAttribute("href", "#" + id);
    return element;
  };
  for (const name of all("li[id] > .v")) {
    name.replaceWith(link(name.parentElement.id, name.cloneNode(true)));
  }

  // ---- navigation
  const nav = byId("nav"), menu = byId("menu");
  const open = (isOpen) => {
    nav.classList.toggle("open", isOpen);
    menu.setAttribute("aria-expanded", String(isOpen));
  };
  menu.hidden = false;
  menu.addEventListener("click", () => open(!nav.classList.contains("open")));
  nav.addEventListener("click", (event) => { if (event.target.closest("a")) open(false); });
  // The title of the window is that of the part that a link leads to.
  const wholeTitle = document.title;
  const titleOf = (target) => {
    const part = target.closest("section[id]"), heading = part && part.querySelector("h2, h3, h4");
    const name = heading && (heading.querySelector(".t") || heading).textContent.trim();
    document.title = name ? `${name} · ${wholeTitle}` : wholeTitle;
  };
  const goToHash = () => {
    let id = location.hash.slice(1) || byId("content").dataset.start || "";
    try { id = decodeURIComponent(id); } catch { /* use it undecoded */ }
    const target = id && byId(id);
    if (!target) return;
    for (let element = target; element; element = element.parentElement) {
      if (element.tagName === "DETAILS") element.open = true;
    }
    titleOf(target);
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

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && nav.classList.contains("open")) { open(false); menu.focus(); }
  });
  root.dataset.ready = "true";
})();
