// Requests to the control API.

export const facts = JSON.parse(document.querySelector("meta[name=workbench]").content);
const TOKEN = "workbench-token";

export const canDo = (operation) => facts.controls.includes(operation);

export const isCookie = facts.scheme.type === "apiKey" && facts.scheme.in === "cookie";
export const COOKIE = "The key of this API is a cookie, which this page cannot send.";

// The headers that name an account, as the served API takes its credentials. A request without
// them may concern all accounts, so credentials that a page cannot send are an error.
export function credentials(key) {
  const { type, name, scheme } = facts.scheme;
  if (key === undefined || key === null) return {};
  if (isCookie) throw new Error(COOKIE);
  if (type === "apiKey" && facts.scheme.in === "query") return {};
  if (!canBeSent(key)) throw new Error("This key has characters that no header can have.");
  if (type === "apiKey") return { [name]: key };
  if (type === "http" && scheme?.toLowerCase() === "basic") {
    return { Authorization: `Basic ${key.includes(":") ? btoa(key) : key}` };
  }
  return { Authorization: `Bearer ${key}` };
}

// The path with the key in its query, where the API takes it there. It replaces the one of a
// recorded request, which is hidden.
export function withKey(path, key) {
  if (!key || facts.scheme.type !== "apiKey" || facts.scheme.in !== "query") return path;
  const name = encodeURIComponent(facts.scheme.name);
  const [place, ...rest] = path.split("?");
  const others = rest.join("?").split("&").filter((part) => part && nameOf(part) !== name);
  return `${place}?${[...others, `${name}=${encodeURIComponent(key)}`].join("&")}`;
}

// The name of a part of a query, encoded as this page encodes it.
function nameOf(part) {
  const name = part.split("=")[0];
  try {
    return encodeURIComponent(decodeURIComponent(name.replaceAll("+", " ")));
  } catch {
    return name;
  }
}

export class Refused extends Error {
  constructor(status, detail) {
    super(sentence(detail) || `The mock refused with ${status}.`);
    this.status = status;
    this.problems = Array.isArray(detail) ? detail.map(problem) : [this.message];
  }
}

function problem({ loc = [], msg }) {
  const place = loc.slice(loc[0] === "body" ? 1 : 0).join(".");
  return place ? `${place}: ${msg}` : msg;
}

function sentence(detail) {
  return Array.isArray(detail) ? detail.map(problem).join(" ") : detail;
}

export function tokenHeaders() {
  const token = sessionStorage.getItem(TOKEN);
  if (token && !canBeSent(token)) sessionStorage.removeItem(TOKEN);
  else if (token) return { "X-Control-Token": token };
  return {};
}

export function keepToken(token) {
  if (!canBeSent(token)) throw new Error("This token has characters that no header can have.");
  sessionStorage.setItem(TOKEN, token);
}

function canBeSent(value) {
  try {
    return Boolean(new Headers({ "X-Control-Token": value }));
  } catch {
    return false;
  }
}

// With an undefined key, a request concerns all accounts.
export async function control(method, path, { key, body } = {}) {
  if (key === null || key === "") {
    throw new Error("This account has no key, so it cannot be selected.");
  }
  const headers = { ...tokenHeaders(), ...credentials(key) };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(withKey(facts.prefix + path, key), {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error("The mock does not respond. Is it still running?");
  }
  const content = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(response.status, content?.detail);
  return content;
}

// Runs a function never twice at once, so no response that was slow replaces a newer one. A call
// resolves when a run that began after it has ended.
export function serial(run) {
  let running = null, next = null;
  const call = () => {
    if (running) {
      next ??= running.catch(() => null).then(() => {
        next = null;
        return call();
      });
      return next;
    }
    running = run().finally(() => { running = null; });
    return running;
  };
  return call;
}
