"use strict";
(() => {
  const filter = document.getElementById("filter");
  const search = document.getElementById("search");
  const status = document.getElementById("shown");
  const choices = [...filter.querySelectorAll("select")];
  const findings = [...document.querySelectorAll(".finding")].map((element) => ({
    element,
    cause: element.closest(".cause"),
    text: "",
  }));
  const causes = [...document.querySelectorAll(".cause")].map((element) => ({
    element,
    wasOpen: element.open,
    heading: element.querySelector("summary").textContent.toLowerCase(),
  }));
  const headings = new Map(causes.map((cause) => [cause.element, cause.heading]));
  let wasActive = false;

  // Headers and bodies are left out: most of them are the same in every exchange.
  const textOf = (element) =>
    [...element.querySelectorAll("summary, dl")]
      .map((part) => part.textContent)
      .join(" ")
      .toLowerCase();

  const matches = (finding, words) => {
    const data = finding.element.dataset;
    if (choices.some((choice) => choice.value && data[choice.name] !== choice.value)) return false;
    if (!words.length) return true;
    finding.text ||= textOf(finding.element);
    const heading = headings.get(finding.cause);
    return words.every((word) => finding.text.includes(word) || heading.includes(word));
  };

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const isActive = words.length > 0 || choices.some((choice) => choice.value);
    const found = new Set();
    let count = 0;
    for (const finding of findings) {
      const isShown = matches(finding, words);
      finding.element.hidden = !isShown;
      if (isShown) {
        count += 1;
        found.add(finding.cause);
      }
    }
    for (const cause of causes) {
      cause.element.hidden = !found.has(cause.element);
      if (isActive && !wasActive) cause.wasOpen = cause.element.open;
      if (isActive) cause.element.open = true;
      else if (wasActive) cause.element.open = cause.wasOpen;
    }
    for (const section of document.querySelectorAll("section.graded")) {
      section.hidden = !section.querySelector(".cause:not([hidden])");
    }
    wasActive = isActive;
    status.textContent = isActive
      ? `${count} of ${findings.length} findings match`
      : `${findings.length} findings`;
  };

  let timer = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 120);
  });
  for (const choice of choices) choice.addEventListener("change", apply);
  document.getElementById("reset").addEventListener("click", () => {
    search.value = "";
    for (const choice of choices) choice.value = "";
    apply();
    search.focus();
  });
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && search.value) {
      search.value = "";
      apply();
    }
  });
  filter.hidden = false;
  apply();
})();
