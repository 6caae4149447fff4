// Webhooks: endpoints, deliveries with their attempts, replays, events that did not happen.

import { control, facts, serial } from "./api.js";
import { button, copy, field, guarded, h, json, notice, replace, time } from "./dom.js";
import { filterKey, keyOf, nameOf, requireKey } from "./world.js";

let root = null, endpoints = null, table = null, details = null, opened = null, found = [];
let known = [];

const draw = serial(redraw);

export const panel = {
  id: "webhooks", title: "Webhooks", mount, refresh: draw,
  leave: () => { root = null; opened = null; },
};

async function mount(place) {
  root = place;
  const url = h("input", { type: "url", placeholder: "http://127.0.0.1:3000/webhooks",
    required: true });
  const register = guarded(async (event) => {
    event.preventDefault();
    await control("POST", "/webhook-endpoints", { key: await keyOf(), body: { url: url.value } });
    url.value = "";
    await draw();
  });
  root.append(h("h2", {}, "Webhooks"),
    h("div", { class: "cards" },
      h("form", { class: "card", onsubmit: register }, h("h3", {}, "New endpoint"),
        field("URL", url, "It gets the events of the selected account, or of all."),
        h("button", { type: "submit" }, "Register")),
      sender()),
    h("h3", {}, "Endpoints"), endpoints = h("div", { class: "cards" }),
    h("div", { class: "head" }, h("h3", {}, "Deliveries"), button("Refresh", draw)),
    h("div", { class: "split" }, h("div", { class: "scroll" }, table = h("table")),
      details = h("section", { class: "details", "aria-label": "Selected delivery",
        hidden: true })));
  await draw();
}

function sender() {
  const kind = facts.events ? h("select", {}, facts.events.map((name) => h("option",
    { value: name }, name))) : h("input", { placeholder: "note.created" });
  const data = h("textarea", { class: "code", rows: "3", spellcheck: "false",
    placeholder: '{"amount_cents": 5000}' });
  const send = guarded(async (event) => {
    event.preventDefault();
    let given = null;
    try {
      given = data.value.trim() ? JSON.parse(data.value) : null;
    } catch (error) {
      throw new Error(`The data is no JSON: ${error.message}`);
    }
    const sent = await control("POST", "/webhook-events", { key: await requireKey(),
      body: { event: kind.value, data: given } });
    notice(sent.deliveries.length ? `Sent to ${sent.deliveries.length} endpoint(s).`
      : "No endpoint wants this event. Register one first.",
    sent.deliveries.length ? "good" : "bad");
    setTimeout(guarded(draw), 300);
  });
  return h("form", { class: "card", onsubmit: send }, h("h3", {}, "Send an event now"),
    field("Event", kind, "As if it had happened to the selected account."),
    field("Data", data, "What is left out is made up."),
    h("button", { type: "submit" }, "Send"));
}

async function redraw() {
  const account = await filterKey();
  const [all, deliveries] = await Promise.all([
    control("GET", "/webhook-endpoints", { key: account }),
    control("GET", "/webhook-deliveries?limit=200", { key: account })]);
  if (!root) return;
  known = all.endpoints;
  found = deliveries.deliveries;
  if (panel.count) panel.count.textContent = known.length ? String(known.length) : "";
  replace(endpoints, known.length ? known.map(endpointCard)
    : h("p", { class: "empty" }, "No endpoint is registered."));
  drawTable();
  const current = found.find(({ id }) => id === opened);
  if (current) drawDetails(current);
}

function endpointCard(endpoint) {
  const { id, url, secret, events, account_id: account } = endpoint;
  return h("div", { class: "card" }, h("h4", {}, id), h("p", { class: "code" }, url),
    h("p", { class: "hint" }, `${events.length ? events.join(", ") : "All events"} of ` +
      `${account ? nameOf(account) : "all accounts"}.`),
    h("p", { class: "line" }, tag(`${endpoint.delivered} delivered`, "good"),
      endpoint.pending ? tag(`${endpoint.pending} pending`, "warn") : null,
      endpoint.failed ? tag(`${endpoint.failed} failed`, "bad") : null,
      endpoint.dropped ? tag(`${endpoint.dropped} dropped`, "bad") : null),
    h("div", { class: "tools" }, button("Copy secret", () => copy(secret, "the secret")),
      button("Delete", async () => {
        await control("DELETE", `/webhook-endpoints/${id}`);
        await draw();
      }, { class: "danger", "aria-label": `Delete ${id}` })));
}

const tag = (text, kind) => h("span", { class: `tag ${kind}` }, text);
const KIND = { delivered: "good", pending: "warn", failed: "bad", dropped: "bad" };

function drawTable() {
  const rows = found.map((delivery) => h("tr", { class: delivery.id === opened ? "chosen" : null },
    h("td", { class: "time" }, time(delivery.created_at)),
    h("td", {}, h("button", { type: "button", class: "open", "data-key": delivery.id,
      "aria-expanded": String(delivery.id === opened), onclick: () => {
        opened = delivery.id === opened ? null : delivery.id;
        drawTable();
        drawDetails(delivery);
      } }, delivery.event), h("small", {}, ` ${delivery.id}`)),
    h("td", {}, tag(delivery.status, KIND[delivery.status])),
    h("td", { class: "number" }, String(delivery.attempts.length)),
    h("td", { class: "account" }, nameOf(delivery.account_id))));
  replace(table, h("caption", { class: "off" }, "Deliveries, newest first"),
    h("thead", {}, h("tr", {}, ["Time", "Event", "Status", "Attempts", "Account"].map((name) =>
      h("th", { scope: "col", class: name === "Attempts" ? "number" : null }, name)))),
    h("tbody", {}, rows.length ? rows : h("tr", {}, h("td", { colspan: "5", class: "empty" },
      "No delivery yet."))));
}

function drawDetails(delivery) {
  details.hidden = opened === null;
  if (opened === null) return;
  const verdict = h("p", { role: "status" });
  const attempts = delivery.attempts.map((attempt, index) => h("li", {},
    `Attempt ${index + 1}, ${time(attempt.at)}, ${attempt.duration_ms} ms: `,
    attempt.error ? h("span", { class: "reason" }, attempt.error)
      : `status ${attempt.response_status}`));
  const pre = h("pre", { tabindex: "0", "aria-label": "Body" });
  pre.textContent = json(delivery.body);
  replace(details, h("div", { class: "head" }, h("h3", {}, delivery.event),
    button("Close", () => { opened = null; drawTable(); drawDetails(delivery); })),
  h("div", { class: "tools" },
    button("Replay", async () => {
      const again = await control("POST", `/webhook-deliveries/${delivery.id}/replay`);
      notice(`Replayed as ${again.id}.`);
      await draw();
    }, { class: "primary", "data-key": "replay" }),
    button("Check signature", async () => {
      const [text, kind] = await check(delivery);
      verdict.className = kind;
      verdict.textContent = text;
    }, { "data-key": "check" })),
  verdict, delivery.reason ? h("p", { class: "reason" }, delivery.reason) : null,
  delivery.next_attempt_at ? h("p", { class: "hint" },
    `Next attempt at ${time(delivery.next_attempt_at)}.`) : null,
  attempts.length ? h("ol", { class: "list" }, attempts) : h("p", { class: "hint" },
    "No attempt yet."), pre);
}

// Computes the HMAC here, from the secret and the body, and compares it with what was sent.
async function check({ attempts, raw_body: raw, endpoint_id: id }) {
  const sent = attempts.flatMap(({ request_headers: headers }) => Object.entries(headers))
    .find(([, value]) => value.startsWith("sha256="));
  if (!sent) throw new Error("Nothing was sent yet, so there is no signature.");
  const secret = known.find((endpoint) => endpoint.id === id)?.secret;
  if (!secret) throw new Error("The endpoint is gone, so its secret is not known.");
  const bytes = (text) => new TextEncoder().encode(text);
  const hmac = await crypto.subtle.importKey("raw", bytes(secret),
    { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const digest = new Uint8Array(await crypto.subtle.sign("HMAC", hmac, bytes(raw)));
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return sent[1] === `sha256=${hex}` ? [`✓ ${sent[0]} is the HMAC of this body.`, "tag good"]
    : [`${sent[0]} does not fit this body.`, "tag bad"];
}
