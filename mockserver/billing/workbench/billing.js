// What only billing has: balance, cards and plan of an account, its outbox and its books.

import { control, credentials, serial } from "./api.js";
import { button, copy, h, replace, svg, time } from "./dom.js";
import { extensions, nameOf, requireKey, world } from "./world.js";

const BASE = "/api/v1/billing";

extensions.newKey = () => `sk_test_${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
extensions.dueKinds = { renewal: "Until the next renewal", retry: "Until the next retry" };
extensions.accountColumns.push(
  ["Balance", ({ balance_display: balance }) => balance, "number"],
  ["Plan", ({ plan, plan_status: status }) => [plan || h("span", { class: "quiet" }, "none"),
    status === "past_due" ? [" ", h("span", { class: "tag bad" }, "past due")] : null]],
  ["Cards", ({ cards }) => (cards.length ? cards.map((card) => h("div", {},
    card.replace(" ending in ", " "))) : h("span", { class: "quiet" }, "none"))],
  ["Alerts", ({ alerts }) => (alerts.length ? alerts.map((percent) => `${percent} %`).join(", ")
    : h("span", { class: "quiet" }, "off"))],
);
extensions.accountDetails.push(({ account, key, pages }) => {
  const kinds = { checkout: "Checkout", portal: "Portal", invoice: "Invoices" };
  const lists = Object.entries(kinds).map(([kind, name]) => {
    const found = pages.filter((page) => page.kind === kind);
    const adder = key === null ? null : NEW[kind]?.(key);
    const links = found.slice(0, 8).map(({ title, status, url }) => h("li", {},
      h("a", { href: own(url), target: "_blank", rel: "noreferrer" }, title), " ",
      h("span", { class: "tag" }, status)));
    return h("div", { class: "section" }, h("h4", {}, name),
      found.length ? h("ul", { class: "pages" }, links) : h("p", { class: "quiet" }, "None."),
      adder);
  });
  return [h("dl", { class: "facts" },
    [["Balance", account.balance_display], ["Tier", account.tier], ["Persona", account.persona],
      ["Created", time(account.created_at)]].map(([name, value]) => h("div", {},
      h("dt", {}, name), h("dd", {}, value)))), lists];
});

// The page's own address may differ from the one that the mock knows.
const own = (url) => new URL(url).pathname;

const NEW = {
  checkout: (key) => button("New $50 deposit", () => post("/deposit", key,
    { amount_cents: 5000 })),
  portal: (key) => button("Open a portal session", () => post("/portal", key)),
};

async function post(path, key, body) {
  const headers = { ...credentials(key), "Content-Type": "application/json" };
  const response = await fetch(BASE + path, { method: "POST", headers,
    body: body && JSON.stringify(body) });
  const content = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(content.detail));
}

// ------------------------------------------------------------------------------------- outbox

let outboxRoot = null, mails = null;
const drawOutbox = serial(redrawOutbox);

const outbox = {
  id: "outbox", title: "Outbox", refresh: drawOutbox, leave: () => { outboxRoot = null; },
  async mount(root) {
    outboxRoot = root;
    root.append(h("h2", {}, "Outbox"), mails = h("div", { class: "mails" }));
    await drawOutbox();
  },
};

const choose = (what) => h("p", { class: "empty" }, `Select an account above to see its ${what}.`);

async function redrawOutbox() {
  if (!outboxRoot) return;
  if (!world.selected) return replace(mails, choose("messages"));
  const key = await requireKey();
  const { messages, total } = await control("GET", "/outbox?limit=100", { key });
  if (!outboxRoot) return null;
  return replace(mails, h("p", { class: "summary" }, total === 1 ? "1 message."
    : `${total} messages, newest first.`), messages.map((message) => h("article",
    { class: "card mail" },
    h("div", { class: "head" }, h("h3", {}, message.subject),
      h("span", { class: "quiet" }, time(message.created_at))),
    h("p", { class: "hint" }, `${message.channel} to ${message.recipient}`),
    h("p", { class: "text" }, message.text),
    message.code ? h("p", { class: "line" }, h("strong", { class: "code big" }, message.code),
      button("Copy code", () => copy(message.code, "the code"),
        { "data-key": message.id })) : null)));
}

// -------------------------------------------------------------------------------------- books

let booksRoot = null, books = null;
const drawBooks = serial(redrawBooks);

const ledger = {
  id: "books", title: "Books", refresh: drawBooks, leave: () => { booksRoot = null; },
  async mount(root) {
    booksRoot = root;
    root.append(h("h2", {}, "Books"), books = h("div", { class: "books" }));
    await drawBooks();
  },
};

async function redrawBooks() {
  if (!booksRoot) return;
  if (!world.selected) {
    replace(books, choose("books"));
    return;
  }
  const found = await control("GET", "/books", { key: await requireKey() });
  if (!booksRoot) return;
  const wrong = found.checks.reduce((sum, { violations }) => sum + violations.length, 0);
  replace(books,
    h("div", { class: "card" },
      h("div", { class: "head" }, h("h3", {}, `Balance of ${nameOf(world.selected)}`),
        h("strong", {}, found.balance_display)),
      plot(found.points),
      h("p", { class: "hint" }, `${found.entries.toLocaleString("en")} ledger entries.`)),
    h("div", { class: "columns" },
      h("div", { class: "card" }, h("h3", {}, wrong ? `Violations: ${wrong}`
        : "Everything adds up"), h("ul", { class: "checks" }, found.checks.map(check))),
      h("div", { class: "card" }, h("h3", {}, "Usage by day"), usage(found.usage))));
}

function check({ title, violations }) {
  return h("li", {}, h("span", { class: violations.length ? "tag bad" : "tag good" },
    violations.length ? "✗" : "✓"), h("div", {}, title, violations.map((text) =>
    h("p", { class: "reason" }, text))));
}

const dollars = (microcents) => `$${(microcents / 100_000_000).toFixed(2)}`;

// A step plot: the balance keeps its value until the next entry.
function plot(points) {
  if (!points.length) return h("p", { class: "empty" }, "The ledger is empty.");
  const [width, height, left, bottom] = [760, 200, 64, 22];
  const times = points.map(({ at }) => Date.parse(at));
  const values = points.map((point) => point.balance_microcents);
  const [first, last] = [times[0], times.at(-1)];
  const top = Math.max(...values, 1);
  const x = (moment) => left + (moment - first) / Math.max(last - first, 1) * (width - left - 8);
  const y = (value) => 10 + (1 - value / top) * (height - bottom - 10);
  let path = `M${x(first).toFixed(1)},${y(values[0]).toFixed(1)}`;
  for (let index = 1; index < points.length; index += 1) {
    path += `H${x(times[index]).toFixed(1)}V${y(values[index]).toFixed(1)}`;
  }
  const name = `Balance from ${points[0].at.slice(0, 10)} to ${points.at(-1).at.slice(0, 10)}: ` +
    `lowest ${dollars(Math.min(...values))}, highest ${dollars(Math.max(...values))}, ` +
    `now ${dollars(values.at(-1))}`;
  const node = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": name,
    class: "plot" });
  for (const part of [0, 0.5, 1]) {
    node.append(svg("line", { x1: left, x2: width - 8, y1: y(top * part), y2: y(top * part),
      class: "grid" }));
    node.append(svg("text", { x: left - 8, y: y(top * part) + 4, "text-anchor": "end" },
      dollars(top * part)));
  }
  node.append(svg("path", { d: `${path}V${y(0)}H${x(first)}Z`, class: "area" }));
  node.append(svg("path", { d: path, class: "curve" }));
  node.append(svg("text", { x: left, y: height - 4 }, points[0].at.slice(0, 10)));
  node.append(svg("text", { x: width - 8, y: height - 4, "text-anchor": "end" },
    points.at(-1).at.slice(0, 10)));
  return node;
}

function usage(days) {
  if (!days.length) return h("p", { class: "empty" }, "No usage yet.");
  const most = Math.max(...days.map(({ credits }) => credits));
  return h("div", { class: "scroll tall", tabindex: "0", role: "region",
    "aria-label": "Usage by day" }, h("table", {},
    h("thead", {}, h("tr", {}, ["Day", "Requests", "Credits", "Cost"].map((name) =>
      h("th", { scope: "col", class: name === "Day" ? null : "number" }, name)))),
    h("tbody", {}, [...days].reverse().map((day) => {
      const bar = svg("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", class: "bar-of",
        "aria-hidden": "true" }, svg("rect", { width: day.credits / most * 100, height: 6 }));
      return h("tr", {}, h("td", { class: "time" }, day.day, bar),
        h("td", { class: "number" }, day.requests.toLocaleString("en")),
        h("td", { class: "number" }, day.credits.toLocaleString("en")),
        h("td", { class: "number" }, day.cost_display));
    }))));
}

export const panels = [outbox, ledger];
