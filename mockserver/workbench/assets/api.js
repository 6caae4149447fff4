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

export function withKey(path, key) {
  if (!key || facts.scheme.type !== "apiKey" || facts.scheme.in !== "query") return path;
  const name = encodeURIComponent(facts.scheme.name);
  return `${path}${path.includes("?") ? "&" : "?"}${name}=${encodeURIComponent(key)}`;
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

// Calls back with each event of a stream, and connects again where it ended. A hidden page has no
// stream, because browsers open only six connections to one origin, and all tabs share them.
export async function follow(path, onEvent, onState) {
  let last = "", stop = null;
  document.addEventListener("visibilitychange", () => document.hidden && stop?.abort());
  for (let wait = 250; ; wait = Math.min(wait * 2, 5000)) {
    await visible();
    stop = new AbortController();
    try {
      const headers = { ...tokenHeaders(), ...(last ? { "Last-Event-ID": last } : {}) };
      const response = await fetch(facts.prefix + path, { headers, signal: stop.signal });
      if (!response.ok) {
        const content = await response.json().catch(() => null);
        const { message } = new Refused(response.status, content?.detail);
        const needsToken = response.status === 401 || response.status === 403;
        onState(needsToken ? "forbidden" : "refused", message);
      } else {
        wait = 250;
        onState("open");
        await read(response.body.pipeThrough(new TextDecoderStream()), (name, data, id) => {
          last = id || last;
          onEvent(name, data);
        });
        onState("lost");
      }
    } catch {
      onState(stop.signal.aborted ? "paused" : "lost");
    }
    if (!stop.signal.aborted) await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function visible() {
  while (document.hidden) {
    await new Promise((resolve) =>
      document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}

async function read(stream, onEvent) {
  const reader = stream.getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (text + value).split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      let name = "", data = "", id = "";
      for (const line of part.split("\n")) {
        if (line.startsWith("event: ")) name = line.slice(7);
        else if (line.startsWith("data: ")) data += line.slice(6);
        else if (line.startsWith("id: ")) id = line.slice(4);
      }
      if (name) onEvent(name, JSON.parse(data), id);
    }
  }
}
