"use strict";
// Runs before the first paint: applies what the reader chose before.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const read = (name) => {
    try { return localStorage.getItem("reference-" + name); } catch { return null; }
  };
  const theme = read("theme"), language = read("language");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  root.dataset.language = ["curl", "python", "javascript"].includes(language) ? language : "curl";
  root.classList.toggle("marks", read("marks") === "on");
})();
