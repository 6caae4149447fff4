// Accounts: those that exist, what one of them has, and its state.

import { control, COOKIE, isCookie } from "./api.js";
import { button, copy, download, field, guarded, h, notice, replace } from "./dom.js";
import { extensions, nameOf, onChange, refreshAccounts, select, world } from "./world.js";

let root = null, table = null, details = null, personas = null, search = "";

export const panel = {
  id: "accounts",
  title: "Accounts",
  mount,
  refresh: async (changes) => {
    draw();
    if (changes.has("selected") || !editing()) await drawDetails();
  },
  leave: () => { root = null; },
};

onChange((what) => {
  if (panel.count) panel.count.textContent = world.total ? String(world.total) : "";
  if (what === "accounts" && root) draw();
});

// What is being typed is not replaced, however often something changes.
const editing = () => details?.querySelector(".editor")?.hidden === false ||
  (details?.contains(document.activeElement) && document.activeElement.tagName === "INPUT");

async function mount(place) {
  root = place;
  const find = h("input", { type: "search", placeholder: "name, plan ...",
    oninput: () => { search = find.value; draw(); } });
  find.value = search;
  const creator = extensions.newKey ? newAccount() : null;
  root.append(
    h("div", { class: "head" }, h("h2", {}, "Accounts"),
      h("div", { class: "tools" }, field("Filter", find), creator)),
    personas = h("div", { class: "line chips" }),
    h("div", { class: "split" },
      h("div", { class: "scroll" }, table = h("table", { class: "accounts" })),
      details = h("section", { class: "details", "aria-label": "Selected account" })));
  draw();
  await drawDetails();
}

function newAccount() {
  const key = h("input", { class: "code", value: extensions.newKey(), spellcheck: "false",
    autocomplete: "off" });
  const open = button("Open a new account", async () => {
    await openKey(key.value.trim());
    key.value = extensions.newKey();
  }, { class: "primary" });
  return [field("Key", key), open];
}

async function openKey(key) {
  if (!key) throw new Error("Type a key first.");
  const state = await control("GET", "/state", { key });
  world.keys.set(state.id, key);
  await refreshAccounts();
  select(state.id);
}

function draw() {
  const unused = world.personas.filter(({ key }) => key &&
    !world.accounts.some(({ name }) => name === key));
  replace(personas, unused.length ? h("span", { class: "quiet" }, "Not used yet:") : null,
    unused.map(({ slug, key, title, about }) => button(slug, () => openKey(key),
      { title: `${title}: ${about.trim()}`, "data-key": key })));
  const columns = extensions.accountColumns;
  const wanted = search.toLowerCase();
  const found = world.accounts.filter((account) =>
    JSON.stringify(account).toLowerCase().includes(wanted));
  const rows = found.map((account) => h("tr",
    { class: account.id === world.selected ? "chosen" : null },
    h("td", {}, h("button", { type: "button", class: "open", "data-key": account.id,
      "aria-pressed": String(account.id === world.selected),
      onclick: () => select(account.id === world.selected ? "" : account.id) },
      account.label || account.name),
    account.label ? h("small", {}, ` ${account.name}`) : null),
    columns.map(([, show, kind]) => h("td", { class: kind }, show(account)))));
  if (!rows.length) {
    rows.push(h("tr", {}, h("td", { colspan: String(columns.length + 1), class: "empty" },
      world.accounts.length ? "No account matches."
        : "No account yet. It appears with the first request of its key.")));
  }
  replace(table, h("caption", { class: "off" }, "Accounts, newest first"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Account"),
      columns.map(([name, , kind]) => h("th", { scope: "col", class: kind }, name)))),
    h("tbody", {}, rows));
}

async function drawDetails() {
  const id = world.selected;
  if (!id) {
    details.hidden = true;
    return;
  }
  details.hidden = false;
  const found = await control("GET", `/accounts/${encodeURIComponent(id)}`);
  if (id !== world.selected || !root) return;
  const { account, key } = found;
  const parts = [h("div", { class: "head" }, h("h3", {}, nameOf(id)),
    button("Close", () => select("")))];
  if (key === null) {
    parts.push(h("p", { class: "hint" }, "This account has no key. Its members change it."));
  } else if (isCookie) {
    parts.push(h("p", { class: "hint" }, COOKIE), copier(key));
  } else {
    parts.push(
      h("div", { class: "tools" }, copier(key),
        button("Save state", () => save(id, key)), loader(key), button("Edit state", () =>
          edit(key)),
        button("Reset", () => reset(id, key), { class: "danger" })),
      labelForm(key, account), forkForm(key));
  }
  parts.push(...extensions.accountDetails.map((show) => show(found)));
  replace(details, h("div", { class: "editor", hidden: true }), parts);
}

const copier = (key) => button("Copy key", () => copy(key, "the key"));

async function save(id, key) {
  download(`${id}.json`, JSON.stringify(await control("GET", "/state", { key }), null, 2));
  notice("Saved the state as a file.");
}

function loader(key) {
  const input = h("input", { type: "file", accept: "application/json,.json", class: "off",
    "aria-label": "State file", onchange: guarded(async () => {
      const [file] = input.files;
      if (!file) return;
      const text = await file.text();
      input.value = "";
      await put(key, text);
    }) });
  return [input, button("Load state", () => input.click())];
}

async function put(key, text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new Error(`This is no JSON: ${error.message}`);
  }
  await control("PUT", "/state", { key, body });
  notice("The account has the new state.");
}

async function edit(key) {
  const place = details.querySelector(".editor");
  const area = h("textarea", { class: "code state", rows: "16", spellcheck: "false",
    "aria-label": "State as JSON" });
  area.value = JSON.stringify(await control("GET", "/state", { key }), null, 2);
  const problems = h("ul", { class: "problems", role: "alert" });
  const submit = async () => {
    problems.replaceChildren();
    try {
      await put(key, area.value);
      place.hidden = true;
    } catch (error) {
      const found = error.problems || [error.message];
      problems.replaceChildren(...found.map((text) => h("li", {}, text)));
    }
  };
  replace(place, h("h4", {}, "State"), area, problems, h("div", { class: "tools" },
    button("Replace state", submit, { class: "primary" }),
    button("Cancel", () => { place.hidden = true; })));
  place.hidden = false;
  area.focus();
}

async function reset(id, key) {
  if (!key) throw new Error("Select an account first.");
  await control("POST", "/reset", { key, body: {} });
  world.keys.delete(id);
  await control("GET", "/state", { key });
  notice("The account is as new.");
}

function form(label, name, value, action, attributes = {}) {
  const input = h("input", { value: value || "", autocomplete: "off", ...attributes });
  const send = guarded(async (event) => {
    event.preventDefault();
    input.blur();
    await action(input.value.trim());
  });
  return h("form", { class: "line", onsubmit: send }, field(label, input),
    h("button", { type: "submit" }, name));
}

const labelForm = (key, { label }) => form("Name", "Rename", label, async (text) => {
  await control("PUT", "/label", { key, body: { label: text || null } });
  notice(text ? "The account has a name." : "The name is removed.");
}, { maxlength: "60" });

const forkForm = (key) => form("Fork under another key", "Fork", extensions.newKey?.() ?? "",
  async (other) => {
    if (!other || other === key) throw new Error("Type another key first.");
    const state = await control("GET", "/state", { key });
    await control("GET", "/state", { key: other });
    await control("PUT", "/state", { key: other, body: state });
    await openKey(other);
    notice("The fork has the same state.");
  }, { class: "code" });

