"use strict";
// What all scripts of the page share.
const page = (() => {
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
  const stored = (name) => {
    try { return localStorage.getItem("reference-" + name); } catch { return null; }
  };
  const announce = (text) => { byId("count").textContent = text; };
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
  return { root, byId, all, make, store, stored, copy, announce };
})();

// The server and the key of all samples, and the switches. Kept are: server and switches in
// localStorage; the key of the mock that serves the page in sessionStorage, unless it is a live
// key. All other keys are forgotten with the page. No key is ever part of a URL.
const settings = (() => {
  const { root, byId, all, store, stored } = page;
  const panel = byId("settings"), server = byId("server"), box = byId("key");
  const marks = byId("marks"), content = byId("content");
  const own = server && server.querySelector(".own"), isLive = (key) => /live/i.test(key);
  const keys = { own: "", other: "" }, watchers = [];
  const originals = new WeakMap();
  if (own) {
    own.value = location.origin + own.value.replace(/^https?:\/\/[^/]*/i, "");
    let kept = null;
    try { kept = sessionStorage.getItem("reference-key"); } catch { /* storage is not allowed */ }
    keys.own = kept || content.dataset.key || "";
  }
  const kind = () => own && own.selected ? "own" : "other";
  // Shells have the key between double quotes, the other languages a literal of their own.
  const quoted = (node, key) => node.closest(".python, .javascript")
    ? JSON.stringify(key) : key.replace(/[\\"$`]/g, "\\$&");
  const value = (node, original) => {
    const key = keys[kind()];
    if (node.className === "e") return key ? "" : original;
    if (node.className !== "k") return server ? server.value : original;
    return key ? quoted(node, key) : original;
  };
  const apply = () => {
    for (const node of all("main var")) {
      if (!originals.has(node)) originals.set(node, node.textContent);
      const text = value(node, originals.get(node));
      if (text !== node.textContent) node.textContent = text;
    }
    if (box) box.value = keys[kind()];
  };
  const setKey = (key, which = "own") => {
    keys[which] = key.trim();
    if (which === "own") {
      try {
        if (isLive(key)) sessionStorage.removeItem("reference-key");
        else sessionStorage.setItem("reference-key", key.trim());
      } catch { /* storage is not allowed */ }
    }
    apply();
    for (const watcher of watchers) watcher();
  };
  if (server) {
    const chosen = stored("server");
    for (const option of server.options) {
      if (option.value === chosen) option.selected = true;
    }
    if (own && (chosen === "own" || !chosen)) own.selected = true;
    server.addEventListener("change", () => {
      store("server", kind() === "own" ? "own" : server.value);
      apply();
    });
  }
  if (box) box.addEventListener("change", () => setKey(box.value, kind()));
  if (marks) {
    const show = () => root.classList.toggle("marks", marks.checked);
    marks.checked = root.classList.contains("marks");
    marks.addEventListener("change", () => { store("marks", marks.checked ? "on" : ""); show(); });
  }
  if (panel) {
    panel.hidden = false;
    document.addEventListener("click", (event) => {
      if (panel.open && !panel.contains(event.target)) panel.open = false;
    });
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !panel.open) return;
      panel.open = false;
      panel.querySelector("summary").focus();
    });
  }
  apply();
  return { key: () => keys.own, setKey, watch: (watcher) => watchers.push(watcher) };
})();
