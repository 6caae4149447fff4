// What several panels show: accounts, the selected one, and the clock.

import { canDo, control, isCookie, serial } from "./api.js";

export const world = {
  accounts: [],
  personas: [],
  total: 0,
  clock: null,
  measuredAt: 0,
  selected: "",
  keys: new Map(),
};

// What the panels of one API add to the general ones.
export const extensions = {
  newKey: null,
  accountColumns: [],
  accountDetails: [],
  dueKinds: {},
};

const listeners = new Set();

export function onChange(listener) {
  listeners.add(listener);
}

export function changed(what) {
  for (const listener of listeners) listener(what);
}

export const refreshClock = serial(async () => {
  world.clock = await control("GET", "/clock");
  world.measuredAt = Date.now();
  changed("clock");
});

export const refreshAccounts = serial(async () => {
  if (!canDo("list_accounts")) return;
  const [found, personas] = await Promise.all([
    control("GET", "/accounts?limit=1000"),
    canDo("list_personas") && !world.personas.length ? control("GET", "/personas") : null,
  ]);
  world.accounts = found.accounts;
  world.total = found.total;
  if (personas) world.personas = personas.personas;
  if (world.selected && !world.accounts.some(({ id }) => id === world.selected)) {
    world.selected = "";
  }
  changed("accounts");
});

export function select(id) {
  world.selected = id;
  changed("selected");
}

export function accountOf(id) {
  return world.accounts.find((account) => account.id === id);
}

export function nameOf(id) {
  const account = accountOf(id);
  return account ? account.label || account.name : id;
}

// The key of an account; undefined for no account, null for one that has no key.
export async function keyOf(id = world.selected) {
  if (!id) return undefined;
  if (!world.keys.has(id)) {
    const { key } = await control("GET", `/accounts/${encodeURIComponent(id)}`);
    world.keys.set(id, key);
  }
  return world.keys.get(id);
}

// The key that filters a list; undefined if the list has to show all accounts.
export async function filterKey() {
  return isCookie ? undefined : (await keyOf()) ?? undefined;
}

export async function requireKey(id = world.selected) {
  const key = await keyOf(id);
  if (key === undefined) throw new Error("Select an account first.");
  if (key === null) throw new Error("This account has no key, so it cannot be selected.");
  return key;
}

export function now() {
  if (!world.clock) return null;
  const start = Date.parse(world.clock.now);
  return new Date(world.clock.frozen ? start : start + Date.now() - world.measuredAt);
}
