// The frame of the page: panels, the header, and the stream of what happens.

import { control, facts, keepToken } from "./api.js";
import { button, field, guarded, h, options, replace } from "./dom.js";
import { follow } from "./stream.js";
import * as shared from "./world.js";
import { panel as accounts } from "./accounts.js";
import { panel as clock } from "./clock.js";
import { panel as faults } from "./faults.js";
import { panel as requests } from "./requests.js";
import { panel as webhooks } from "./webhooks.js";

const { world } = shared;
const main = document.getElementById("panel");
const connection = document.getElementById("connection");
const scope = document.getElementById("scope");
const panels = [requests, accounts, clock, faults, webhooks];
let shown = null;

document.getElementById("reference").href = facts.reference;
const guides = document.getElementById("guides");
guides.href = facts.guides;
guides.hidden = !facts.guides;

function build() {
  document.getElementById("panels").replaceChildren(...panels.map((panel) => h("li", {},
    panel.link = h("a", { href: `#${panel.id}` },
      h("span", {}, panel.title), panel.count = h("span", { class: "count" })))));
}

function show() {
  const id = location.hash.slice(1);
  if (id === "panel") return;
  const panel = panels.find((candidate) => candidate.id === id) || panels[0];
  if (panel === shown) return;
  shown?.leave?.();
  shown = panel;
  for (const other of panels) {
    if (other === panel) other.link.setAttribute("aria-current", "page");
    else other.link.removeAttribute("aria-current");
  }
  const root = h("div", { class: `panel ${panel.id}` });
  main.replaceChildren(root);
  main.setAttribute("aria-label", panel.title);
  guarded(() => panel.mount(root))();
}

// Several changes at once are one refresh. Traffic causes one in two seconds at most, and a page
// that nobody sees none, so that watching costs the mock little.
const TRAFFIC_PAUSE = 2000;
const names = new Set();
let due = null, dueAt = 0, refreshedAt = 0;

function later(name) {
  names.add(name);
  if (document.hidden) return;
  const soon = Date.now() + 250;
  const at = name === "requests" ? Math.max(soon, refreshedAt + TRAFFIC_PAUSE) : soon;
  if (due !== null && dueAt <= at) return;
  clearTimeout(due);
  dueAt = at;
  due = setTimeout(guarded(async () => {
    due = null;
    refreshedAt = Date.now();
    const all = new Set(names);
    names.clear();
    await refresh(all);
  }), at - Date.now());
}

document.addEventListener("visibilitychange", () => names.size && later("visible"));

async function refresh(changes) {
  await Promise.all([shared.refreshClock(), shared.refreshAccounts()]);
  await shown?.refresh?.(changes);
}

const MOVED = /reset|restore|clock|state/;

function onEvent(name, data) {
  if (name === "requests") {
    requests.add(data);
    const known = new Set(world.accounts.map(({ id }) => id));
    const isNews = data.some(({ method, account_id }) =>
      method !== "GET" || (account_id && !known.has(account_id)));
    if (isNews) later("requests");
  } else if (name === "changed") {
    if (data.some((change) => MOVED.test(change))) world.keys.clear();
    if (data.includes("delete_requests") || data.includes("reset_world")) requests.clear(data);
    for (const change of data) later(change);
  } else if (name === "hello") {
    requests.hello(data);
  } else if (name === "dropped") {
    requests.missed(data.count);
  }
}

const STATES = { open: "Live", lost: "Connecting again", paused: "Paused", refused: "Refused",
  forbidden: "Refused" };
const refusal = document.getElementById("refusal");
let wasLost = false;

function onState(state, detail) {
  connection.dataset.state = state;
  if (connection.textContent !== STATES[state]) connection.textContent = STATES[state];
  const sentence = state === "refused" ? `No live requests: ${detail} The page tries again.` : "";
  if (refusal.textContent !== sentence) refusal.textContent = sentence;
  refusal.hidden = !sentence;
  if (state === "forbidden") askForToken(detail);
  else if (state === "open") opened();
  wasLost = state !== "open";
}

function opened() {
  if (main.querySelector(".token")) show();
  if (!wasLost && world.clock) return;
  world.keys.clear();
  later("connected");
}

function askForToken(detail) {
  if (main.querySelector(".token")) return;
  const token = h("input", { type: "password", autocomplete: "off", required: true });
  const send = guarded((event) => {
    event.preventDefault();
    keepToken(token.value);
    location.reload();
  });
  shown?.leave?.();
  shown = null;
  replace(main, h("form", { class: "token", onsubmit: send }, h("h2", {}, "The mock refuses"),
    h("p", {}, detail), field("Control token", token),
    h("button", { type: "submit", class: "primary" }, "Open")));
}

function showScope() {
  const entries = world.accounts.map(({ id, name, label }) => [id, label ? `${label} (${name})`
    : name]);
  options(scope, [["", "All accounts"], ...entries], world.selected);
}

function showClock() {
  const now = shared.now();
  if (!now) return;
  const text = now.toISOString().slice(0, 19).replace("T", " ");
  const place = document.getElementById("now");
  const state = world.clock.frozen ? "frozen" : "running";
  place.replaceChildren(h("span", { class: `dot ${state}` }), `${text} UTC`,
    h("span", { class: "quiet" }, ` ${state}`));
}

shared.onChange((what) => {
  if (what !== "clock") showScope();
  showClock();
  if (what === "selected") guarded(() => shown?.refresh?.(new Set(["selected"])))();
});
scope.addEventListener("change", () => shared.select(scope.value));
window.addEventListener("hashchange", show);
setInterval(() => world.clock && !world.clock.frozen && showClock(), 1000);

const others = await Promise.all(facts.panels.map((name) => import(`./${name}`)));
for (const { panels: more } of others) panels.push(...more);
build();
show();
follow("/requests/stream", onEvent, onState);
