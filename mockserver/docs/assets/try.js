"use strict";
// "Try it" forms, only on the page that a server serves. Requests go only to that server.
(() => {
  const { all, make, copy, announce } = page;
  const shownHeader = /^(content-type|retry-after|x-.*)$/i, maxPast = 5;
  let forms = 0;

  const field = (label, input) => make("label", {}, label, input);
  const input = (parameter) => {
    if (!parameter.enum) {
      const { value, required } = parameter;
      return make("input", { value: value ?? "", required, autocomplete: "off" });
    }
    const values = parameter.required ? parameter.enum : ["", ...parameter.enum];
    const options = values.map((value) => String(value ?? ""));
    const option = (text) => make("option", { value: text, textContent: text });
    const select = make("select", {}, ...options.map(option));
    select.value = parameter.value ?? values[0];
    return select;
  };
  const credentials = (request, value) =>
    value.startsWith(request.key_prefix) ? value : request.key_prefix + value;
  const built = (form) => {
    const { request } = form, headers = [], query = new URLSearchParams();
    let path = request.path;
    for (const { parameter, box } of form.boxes) {
      if (parameter.in === "path") {
        path = path.replaceAll("{" + parameter.name + "}", () => encodeURIComponent(box.value));
      } else if (box.value === "" && !parameter.required) continue;
      else if (parameter.in === "query") query.append(parameter.name, box.value);
      else headers.push([parameter.name, box.value]);
    }
    if (request.key && form.key.value) {
      headers.push([request.key, credentials(request, form.key.value)]);
    }
    if (form.body) {
      headers.push(["Content-Type", request.headers["Content-Type"] || "application/json"]);
    }
    const url = location.origin + path + (query.size ? "?" + query : "");
    return { method: request.method, url, headers, body: form.body ? form.body.value : undefined };
  };
  const word = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
  const curl = ({ method, url, headers, body }) => [
    `curl -X ${method} ${word(url)}`,
    ...headers.map(([name, value]) => "-H " + word(`${name}: ${value}`)),
    ...(body === undefined ? [] : ["--data-raw " + word(body)]),
  ].join(" \\\n  ");
  const pretty = (text) => {
    try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
  };
  // Addresses in a response become links. They are followed only when the reader clicks.
  const linked = (text) => text.split(/(?<=")(https?:\/\/[^\s"\\]+)(?=")/).map((piece, at) =>
    at % 2 ? make("a", {
      href: piece, target: "_blank", rel: "noopener noreferrer", textContent: piece,
    }) : piece);
  const copier = (text, label) => {
    const button = make("button", { type: "button", className: "as", textContent: label });
    button.addEventListener("click", async () => {
      button.textContent = await copy(text) ? "Copied" : "Press Ctrl-C";
      announce(button.textContent);
      setTimeout(() => { button.textContent = label; }, 2000);
    });
    return button;
  };
  const send = async (form) => {
    const started = performance.now(), request = built(form);
    const command = copier(curl(request), "Copy as curl");
    let status, shown;
    form.button.disabled = true;
    try {
      const { method, url, headers, body } = request;
      const response = await fetch(url, {
        method, headers, body, credentials: "omit", redirect: "manual", cache: "no-store",
      });
      const text = await response.text();
      const lines = [...response.headers].filter(([name]) => shownHeader.test(name))
        .map(([name, value]) => name + ": " + value).join("\n");
      const time = Math.round(performance.now() - started);
      status = `${response.status} ${response.statusText} in ${time} ms`;
      shown = [
        make("p", { className: response.ok ? "status" : "status failed", textContent: status }),
        make("pre", { className: "body" }, ...linked(pretty(text) || "(no body)")),
        command,
        make("details", {}, make("summary", {}, "Headers"), make("pre", { textContent: lines })),
      ];
    } catch (error) {
      status = "The request could not be sent: " + error.message;
      shown = [make("p", { className: "status failed", textContent: status }), command];
    }
    remember(form);
    form.latest = `${request.method} ${request.url.slice(location.origin.length)}: ${status}`;
    form.output.replaceChildren(...shown);
    form.button.disabled = false;
  };
  // Earlier responses of this form, until the page is closed. They are not stored.
  const remember = (form) => {
    if (!form.latest || !form.output.childElementCount) return;
    const past = make("details", {}, make("summary", { textContent: form.latest }));
    past.append(...form.output.childNodes);
    for (const node of all(".status, .body", past)) node.className = "past";
    form.past.after(past);
    const kept = all(":scope > details", form.past.parentElement);
    for (const old of kept.slice(maxPast)) old.remove();
    form.past.hidden = false;
  };
  const build = (holder) => {
    // What the request leaves out is empty, or is written above the form.
    const [method, path] = all(".u > *", holder.closest(".o")).map((part) => part.textContent);
    const known = { method, path, parameters: [], headers: {}, key_prefix: "", body: null };
    const request = { ...known, ...JSON.parse(holder.dataset.request) }, node = make("form", {});
    const keyInput = { className: "key", autocomplete: "off", spellcheck: false };
    const form = { request, boxes: [], key: make("input", { ...keyInput, value: settings.key() }) };
    if (request.key) node.append(field(request.key, form.key));
    for (const parameter of request.parameters) {
      const box = input(parameter);
      const place = parameter.required ? parameter.in + ", required" : parameter.in;
      form.boxes.push({ parameter, box });
      node.append(field(`${parameter.name} (${place})`, box));
    }
    if (request.body !== null) {
      form.body = make("textarea", { value: request.body, spellcheck: false });
      node.append(field("Body", form.body));
    }
    form.button = make("button", { type: "submit", textContent: "Send to this mock" });
    form.output = make("output", { id: "response-" + ++forms });
    form.past = make("p", { className: "x", textContent: "Earlier responses", hidden: true });
    node.append(form.button, form.output);
    form.key.addEventListener("change", () => settings.setKey(form.key.value));
    node.addEventListener("submit", (event) => { event.preventDefault(); send(form); });
    return make("div", {}, node, make("div", { className: "history" }, form.past));
  };
  settings.watch(() => { for (const box of all(".try .key")) box.value = settings.key(); });
  for (const holder of all(".try")) {
    const details = make("details", {}, make("summary", { textContent: "Try it" }));
    details.addEventListener("toggle", () => {
      if (details.childElementCount < 2) details.append(build(holder));
    });
    holder.append(details);
  }
})();
