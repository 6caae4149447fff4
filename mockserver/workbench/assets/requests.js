// Requests as they come.

import { control, credentials, facts, withKey } from "./api.js";
import { button, copy, field, h, json, notice, replace, time } from "./dom.js";
import { curl, playwright, pytest } from "./snippets.js";
import { keyOf, nameOf, world } from "./world.js";

export const KEPT = 1000;
const PAGE = 200;

const rows = [];
let total = 0, lost = 0, opened = null, query = "", paused = false;
let root = null, list = null, summary = null, details = null, scheduled = false, more = 1;
const filters = { only: "" };

const problem = ({ status }) => status === null || status >= 400;
const ONLY = {
  "": ["Everything", () => true],
  problems: ["Errors", problem],
  faults: ["Faults", ({ fault }) => fault],
  warnings: ["Warnings", ({ warnings }) => warnings.length],
  preflights: ["Refused preflights", ({ method, status }) => method === "OPTIONS" && status >= 400],
};

export const panel = {
  id: "requests",
  title: "Requests",
  mount,
  refresh: async (changes) => changes.has("selected") && draw(),
  leave: () => { root = null; opened = null; },
  add(found) {
    total += found.length;
    rows.push(...found);
    if (rows.length > KEPT) rows.splice(0, rows.length - KEPT);
    drawSoon();
  },
  hello({ missed, resumed, cleared }) {
    if (!resumed || (total && cleared && (rows.at(-1)?.number ?? 0) <= cleared)) {
      rows.length = 0;
      total = 0;
      lost = 0;
    }
    lost += missed;
    total += missed;
    drawSoon();
  },
  missed(count) {
    lost += count;
    total += count;
    drawSoon();
  },
  clear(changes) {
    if (!changes.includes("reset_world")) return reload();
    // The reset of one account keeps the list.
    return reload();
  },
};

async function reload() {
  const { total: kept } = await control("GET", "/requests?limit=1");
  if (kept === 0) { rows.length = 0; total = 0; lost = 0; }
  drawSoon();
}

function matches(row) {
  if (world.selected && row.account_id !== world.selected) return false;
  if (!ONLY[filters.only][1](row)) return false;
  if (!query) return true;
  const text = `${row.method} ${row.path}?${row.query} ${row.status} ${row.operation_id} ` +
    `${row.reason || ""} ${row.fault || ""} ${row.warnings.join(" ")} ${nameOf(row.account_id)}`;
  return query.toLowerCase().split(/\s+/).every((word) => text.toLowerCase().includes(word));
}

function drawSoon() {
  panel.count && (panel.count.textContent = total ? String(total) : "");
  if (scheduled || !root) return;
  scheduled = true;
  requestAnimationFrame(() => { scheduled = false; if (root && !paused) draw(); });
}

function mount(place) {
  root = place;
  more = 1;
  const search = h("input", { type: "search", placeholder: "path, status, reason ...",
    oninput: () => { query = search.value; more = 1; draw(); } });
  search.value = query;
  const only = h("select", { onchange: () => { filters.only = only.value; more = 1; draw(); } },
    Object.entries(ONLY).map(([value, [text]]) => h("option", { value }, text)));
  only.value = filters.only;
  const pause = button("Pause", () => {
    paused = !paused;
    pause.textContent = paused ? "Resume" : "Pause";
    pause.setAttribute("aria-pressed", String(paused));
    draw();
  }, { "aria-pressed": String(paused) });
  root.append(
    h("div", { class: "head" }, h("h2", {}, "Requests"),
      h("div", { class: "tools" }, field("Filter", search), field("Show", only), pause,
        button("Clear", async () => { await control("DELETE", "/requests"); }))),
    summary = h("p", { class: "summary" }),
    h("div", { class: "split" },
      h("div", { class: "scroll" }, list = h("table", { class: "log" })),
      details = h("section", { class: "details", "aria-label": "Selected request" })));
  draw();
  drawDetails();
}

function draw() {
  const found = rows.filter(matches);
  const size = PAGE * more;
  const visible = found.slice(-size).reverse();
  summary.textContent = sentence(found.length, visible.length);
  const body = h("tbody", {}, visible.map(row));
  const head = h("thead", {}, h("tr", {}, ["Time", "Request", "Status", "ms", "Account"].map(
    (name) => h("th", { scope: "col", class: name === "ms" ? "number" : null }, name))));
  if (!found.length) {
    body.append(h("tr", {}, h("td", { colspan: "5", class: "empty" }, rows.length
      ? "No request matches." : "No request yet. Send one, perhaps from the reference, and it appears here.")));
  }
  if (found.length > visible.length) {
    body.append(h("tr", {}, h("td", { colspan: "5" }, button("Show older ones", () => {
      more += 1;
      draw();
    }, { "data-key": "older" }))));
  }
  replace(list, h("caption", { class: "off" }, "Recorded requests, newest first"), head, body);
}

function sentence(matching, visible) {
  const parts = [`${total.toLocaleString("en")} received`];
  if (total - lost > rows.length) {
    parts.push(`the last ${rows.length.toLocaleString("en")} kept on this page`);
  }
  if (matching !== rows.length) parts.push(`${matching.toLocaleString("en")} match`);
  if (visible < matching) parts.push(`${visible} shown`);
  if (lost) parts.push(`${lost.toLocaleString("en")} missed by this page`);
  return `${parts.join(", ")}.`;
}

function row(entry) {
  const target = entry.path + (entry.query ? `?${entry.query}` : "");
  const open = h("button", { type: "button", class: "open", "data-key": `r${entry.number}`,
    "aria-expanded": String(opened === entry.number),
    onclick: () => { opened = opened === entry.number ? null : entry.number; draw();
      drawDetails(entry); } },
    h("span", { class: `method ${entry.method}` }, entry.method), " ",
    h("span", { class: "path" }, target));
  const notes = [
    entry.reason && h("p", { class: "reason" }, entry.reason),
    entry.method === "OPTIONS" && problem(entry) &&
      h("p", { class: "reason" }, "A browser's preflight was refused."),
    entry.fault && h("p", { class: "fault" }, `Fault: ${entry.fault}`),
    entry.warnings.map((text) => h("p", { class: "warning" }, `Warning: ${text}`)),
  ];
  const kind = entry.status === null ? "s0" : `s${Math.floor(entry.status / 100)}`;
  return h("tr", { class: opened === entry.number ? "chosen" : null },
    h("td", { class: "time" }, time(entry.at).slice(11)),
    h("td", {}, open, notes.flat().filter(Boolean)),
    h("td", { class: "number" }, h("span", { class: `status ${kind}` },
      entry.status === null ? "none" : String(entry.status))),
    h("td", { class: "number" }, entry.duration_ms.toFixed(1)),
    h("td", { class: "account" }, entry.account_id ? nameOf(entry.account_id) : ""));
}

async function drawDetails(entry) {
  if (!entry || opened === null) {
    details.hidden = true;
    return;
  }
  details.hidden = false;
  replace(details, h("p", { class: "empty" }, "Loading."));
  let whole;
  try {
    whole = await control("GET", `/requests/${entry.number}`);
  } catch (error) {
    replace(details, h("p", { class: "empty" }, error.message), closer());
    return;
  }
  if (opened !== entry.number) return;
  const copies = [["curl", curl], ["Playwright", playwright], ["pytest", pytest]].map(
    ([name, write]) => button(`Copy as ${name}`, async () =>
      copy(write(whole, await keyFor(whole)), `the request as ${name}`)));
  const again = button("Send again", () => sendAgain(whole), { class: "primary" });
  const cut = problemOf(whole);
  replace(details,
    h("div", { class: "head" }, h("h3", {}, `${whole.method} ${whole.path}`), closer()),
    h("dl", { class: "facts" }, fact("Operation", whole.operation_id || "none"),
      fact("Status", whole.status === null ? "no response" : String(whole.status)),
      fact("Time", `${time(whole.at)} UTC, ${entry.duration_ms} ms`),
      fact("Account", whole.account_id ? nameOf(whole.account_id) : "none"),
      whole.query ? fact("Query", whole.query) : null),
    h("div", { class: "tools" }, again, copies),
    cut ? h("p", { class: "hint" }, cut) : null,
    body("Request body", whole.request_body), body("Response body", whole.response_body));
  details.scrollIntoView({ block: "nearest" });
}

function closer() {
  return button("Close", () => {
    const key = `r${opened}`;
    opened = null;
    drawDetails();
    draw();
    root.querySelector(`[data-key="${key}"]`)?.focus();
  });
}

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

function body(title, value) {
  const pre = h("pre", { tabindex: "0", "aria-label": title });
  pre.textContent = value === null ? "none" : json(value);
  return [h("h4", {}, title), pre];
}

// The mock keeps 1 KiB of a body and hides secrets. Neither can be sent again as it was.
function problemOf({ request_body: sent, query: asked, path }) {
  const text = typeof sent === "string" ? sent : JSON.stringify(sent ?? "");
  if (`${text}${asked}${path}`.includes("***")) {
    return "A secret in this request is hidden, so sending it again may get another response.";
  }
  if (typeof sent === "string" && sent.length >= 1024) {
    return "Only the beginning of this body was kept, so it cannot be sent again as it was.";
  }
  return null;
}

async function keyFor({ account_id: id }) {
  try {
    return id ? await keyOf(id) : undefined;
  } catch {
    return undefined;
  }
}

async function sendAgain(whole) {
  const key = await keyFor(whole);
  const target = whole.path + (whole.query ? `?${whole.query}` : "");
  const sent = whole.request_body;
  const headers = credentials(key);
  if (sent !== null) headers["Content-Type"] = "application/json";
  const response = await fetch(withKey(target, key), {
    method: whole.method, headers,
    body: sent === null ? undefined : typeof sent === "string" ? sent : JSON.stringify(sent),
  }).catch(() => null);
  notice(response ? `Sent again: ${response.status}.` : "Sent again: no response.",
    response?.ok ? "good" : "bad");
}
