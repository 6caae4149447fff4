// Faults: switches and sliders, named sets, and what each has struck.

import { COOKIE, control, facts, isCookie, serial } from "./api.js";
import { button, field, guarded, h, replace } from "./dom.js";
import { accountOf, keyOf, nameOf, world } from "./world.js";

let root = null, quick = null, sets = null, table = null, where = null;
let operation = "";
const settings = {
  errors: { share: 100, status: "503" }, latency: { milliseconds: 500 },
  connection: { share: 100, connection: "reset" },
};

const draw = serial(redraw);

export const panel = {
  id: "faults", title: "Faults", mount, refresh: draw, leave: () => { root = null; },
};

const STATUSES = ["400", "401", "402", "403", "404", "409", "422", "429", "500", "502", "503",
  "504"];
const BREAKS = { reset: "Reset before the response", truncated_body: "Half of the response",
  answer_lost: "The response is lost" };

const QUICK = [
  { id: "errors", title: "Errors",
    about: ({ status, share }) => `${share} % of requests get a ${status}.`,
    rule: ({ status, share }) => ({ status: Number(status), share: share / 100 }),
    controls: (change) => [choice("Status", "errors", "status",
      STATUSES.map((status) => [status, status]), change), slider("Share in %", "errors", "share",
      1, 100, 1, change)] },
  { id: "latency", title: "Latency",
    about: ({ milliseconds }) => `Every request takes ${milliseconds} ms longer.`,
    rule: ({ milliseconds }) => ({ latency: { ms: milliseconds } }),
    controls: (change) => [slider("Milliseconds", "latency", "milliseconds", 50, 10000, 50,
      change)] },
  { id: "connection", title: "Broken connections",
    about: ({ share }) => `${share} % of connections break.`,
    rule: ({ connection, share }) => ({ connection, share: share / 100 }),
    controls: (change) => [choice("How", "connection", "connection", Object.entries(BREAKS),
      change), slider("Share in %", "connection", "share", 1, 100, 1, change)] },
];

function choice(name, id, property, entries, change) {
  const select = h("select", { "data-key": `${id}-${property}`, onchange: () => {
    settings[id][property] = select.value;
    change();
  } }, entries.map(([value, text]) => h("option", { value }, text)));
  select.value = settings[id][property];
  return field(name, select);
}

function slider(name, id, property, min, max, step, change) {
  const output = h("output", {}, String(settings[id][property]));
  const input = h("input", { type: "range", min: String(min), max: String(max),
    step: String(step), "data-key": `${id}-${property}`,
    oninput: () => { output.textContent = input.value; },
    onchange: () => { settings[id][property] = Number(input.value); change(); } });
  input.value = String(settings[id][property]);
  return h("label", { class: "field" }, h("span", {}, `${name}: `, output), input);
}

async function mount(place) {
  root = place;
  const which = h("select", { onchange: () => { operation = which.value; } },
    h("option", { value: "" }, "All operations"),
    facts.operations.map((name) => h("option", { value: name }, name)));
  which.value = operation;
  root.append(h("div", { class: "head" }, h("h2", {}, "Faults"),
    h("div", { class: "tools" }, field("Operation of new faults", which),
      button("Remove all", async () => control("DELETE", "/faults", { key: await key() }),
        { class: "danger" }))),
  where = h("p", { class: "summary" }),
  quick = h("div", { class: "cards" }), h("h3", {}, "Named sets"), sets = h("div",
    { class: "cards" }), h("h3", {}, "What is on"),
  h("div", { class: "scroll" }, table = h("table")));
  await draw();
}

const key = async () => (world.selected ? keyOf() : undefined);
const isMine = ({ account }) => (account === null ? !world.selected
  : account === accountOf(world.selected)?.name);
const nameOfQuick = (id) =>
  `workbench-${id}${world.selected ? `-${world.selected.slice(-8)}` : ""}`;

async function redraw() {
  const [found, named] = await Promise.all([control("GET", "/faults"),
    control("GET", "/fault-sets")]);
  if (!root) return;
  if (panel.count) panel.count.textContent = found.faults.length ? String(found.faults.length) : "";
  where.textContent = concerns();
  replace(quick, QUICK.map((kind) => quickCard(kind, found.faults)));
  replace(sets, named.sets.map((set) => setCard(set, found.faults)));
  drawTable(found.faults);
}

function concerns() {
  if (!world.selected) {
    return "Switches concern requests of all accounts. Select an account above for one.";
  }
  return isCookie ? `${COOKIE} Select all accounts above.`
    : `Switches concern requests of ${nameOf(world.selected)}. Select all accounts above for all.`;
}

function toggle(title, isOn, action, id) {
  const input = h("input", { type: "checkbox", role: "switch", checked: isOn, "data-key": id,
    onchange: guarded(async () => {
      try {
        await action(input.checked);
      } finally {
        await draw();
      }
    }) });
  return h("label", { class: "switch" }, input, h("strong", {}, title));
}

function quickCard(kind, faults) {
  const current = faults.find(({ name }) => name === nameOfQuick(kind.id));
  const set = async (isOn) => {
    if (current) await control("DELETE", `/faults/${current.id}`);
    if (isOn) {
      await control("POST", "/faults", { key: await key(), body: {
        name: nameOfQuick(kind.id), ...(operation ? { operations: [operation] } : {}),
        ...kind.rule(settings[kind.id]) } });
    }
  };
  const change = guarded(async () => { if (current) await set(true); await draw(); });
  return h("div", { class: "card" }, toggle(kind.title, Boolean(current), set, `on-${kind.id}`),
    h("p", { class: "hint" }, kind.about(settings[kind.id])), kind.controls(change),
    current ? h("p", { class: "struck" }, `Struck ${current.applied} of ${current.seen}.`) : null);
}

function setCard(set, faults) {
  const on = faults.filter((fault) => fault.set === set.name && isMine(fault));
  const action = async (isOn) => (isOn
    ? control("POST", `/fault-sets/${set.name}/apply`, { key: await key() })
    : control("DELETE", `/faults?set=${set.name}`, { key: await key() }));
  const struck = on.reduce((sum, { applied }) => sum + applied, 0);
  return h("div", { class: "card" }, toggle(set.title, on.length > 0, action, `set-${set.name}`),
    h("p", { class: "hint" }, set.about),
    on.length ? h("p", { class: "struck" }, `Struck ${struck}.`) : null);
}

function drawTable(faults) {
  const rows = faults.map((fault) => h("tr", {},
    h("td", {}, h("strong", {}, fault.name), h("small", {}, fault.set ? ` of ${fault.set}` : "")),
    h("td", {}, effect(fault)), h("td", {}, fault.operations?.join(", ") || "all"),
    h("td", {}, fault.account || "all"),
    h("td", { class: "number" }, `${fault.applied} of ${fault.seen}`),
    h("td", {}, button("Remove", async () => {
      await control("DELETE", `/faults/${fault.id}`);
      await draw();
    }, { "data-key": `off-${fault.id}`, "aria-label": `Remove ${fault.name}` }))));
  replace(table, h("caption", { class: "off" }, "Faults"),
    h("thead", {}, h("tr", {}, ["Fault", "Effect", "Operations", "Account", "Struck", ""].map(
      (name) => (name ? h("th", { scope: "col", class: name === "Struck" ? "number" : null }, name)
        : h("td", {}))))),
    h("tbody", {}, rows.length ? rows : h("tr", {}, h("td", { colspan: "6", class: "empty" },
      "No fault is on."))));
}

function effect({ status, connection, latency, share, next, remaining }) {
  const parts = [];
  if (latency) parts.push(`latency ${Object.values(latency).join(" to ")}`);
  if (status) parts.push(`status ${status}`);
  if (connection) parts.push(BREAKS[connection].toLowerCase());
  if (share !== null) parts.push(`${Math.round(share * 100)} %`);
  if (next !== null) parts.push(`next ${next}, ${remaining} left`);
  return parts.join(", ");
}
