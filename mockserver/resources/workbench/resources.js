// The collections and singletons of the selected account, as tables.

import { COOKIE, control, isCookie, serial } from "./api.js";
import { h, replace } from "./dom.js";
import { keyOf, world } from "./world.js";

const SHOWN = 200;
const COLUMNS = 8;
const SECRET = /password|secret|token|passcode|cvc|cvv|card_?number|api_?key/i;

let root = null, tables = null;
const draw = serial(redraw);

const resources = {
  id: "resources", title: "Resources", refresh: draw, leave: () => { root = null; },
  async mount(place) {
    root = place;
    root.append(h("h2", {}, "Resources"), tables = h("div", { class: "mails" }));
    await draw();
  },
};

async function redraw() {
  if (!root) return;
  const id = world.selected || (world.accounts.length === 1 ? world.accounts[0].id : "");
  if (!id) {
    replace(tables, h("p", { class: "empty" }, world.accounts.length
      ? "Select an account above to see its resources."
      : "No resource yet. It appears with the first request that lists, reads or changes it."));
    return;
  }
  if (isCookie) {
    replace(tables, h("p", { class: "empty" }, COOKIE));
    return;
  }
  const state = await control("GET", "/state", { key: await keyOf(id) });
  if (!root) return;
  const collections = Object.entries(state.collections ?? {});
  const singletons = Object.entries(state.singletons ?? {});
  replace(tables,
    h("p", { class: "summary" }, "What is known of each item. Responses show it as their schema " +
      "says."),
    collections.map(([path, { items }]) => collection(path, Object.entries(items).reverse())),
    singletons.map(([path, data]) => collection(path, data ? [["", { data }]] : [])),
    collections.length + singletons.length ? null : h("p", { class: "empty" },
      "This account has no resources yet."));
}

function collection(path, items) {
  const counts = new Map();
  for (const [, { data }] of items.slice(0, SHOWN)) {
    for (const name of Object.keys(data)) counts.set(name, (counts.get(name) || 0) + 1);
  }
  const names = [...counts].sort(([, one], [, other]) => other - one).map(([name]) => name);
  const columns = names.slice(0, COLUMNS);
  const rest = names.length - columns.length;
  const rows = items.slice(0, SHOWN).map(([key, { data, is_seeded: seeded }]) => h("tr", {},
    h("th", { scope: "row", class: "code" }, key || "one",
      seeded ? [" ", h("span", { class: "tag" }, "example")] : null),
    columns.map((name) => h("td", {}, cell(name, data[name])))));
  const notes = [
    items.length > SHOWN ? `The newest ${SHOWN} of ${items.length} items.` : null,
    rest > 0 ? `${rest} more properties are not shown.` : null,
  ].filter(Boolean).join(" ");
  return h("section", { class: "card" }, h("div", { class: "head" },
    h("h3", { class: "code" }, path), h("span", { class: "quiet" }, String(items.length))),
  notes ? h("p", { class: "hint" }, notes) : null,
  h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": path }, h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Key"), columns.map((name) =>
      h("th", { scope: "col" }, name)))),
    h("tbody", {}, rows.length ? rows : h("tr", {}, h("td", { class: "empty" }, "Empty."))))));
}

function cell(name, value) {
  if (value === undefined) return "";
  if (SECRET.test(name)) return "***";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const shown = text.replace(/_live_\w+/g, "_live_***").replace(/\b\d(?:[ -]?\d){12,18}\b/g, "***");
  return shown.length > 120 ? `${shown.slice(0, 120)}...` : shown;
}

export const panels = [resources];
