"use strict";
// "Try it" forms, only on the page that a server serves. Requests go only to that server.
(() => {
  const make = (tag, props, ...children) => {
    const element = Object.assign(document.createElement(tag), props);
    element.append(...children);
    return element;
  };
  const storedKey = () => {
    try { return sessionStorage.getItem("reference-key"); } catch { return null; }
  };
  let key = storedKey() || document.getElementById("content").dataset.key || "", forms = 0;
  const shownHeader = /^(content-type|retry-after|x-.*)$/i;

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
  const fetchArguments = (form) => {
    const { request } = form, headers = new Headers(), query = new URLSearchParams();
    let path = request.path;
    for (const { parameter, box } of form.boxes) {
      if (parameter.in === "path") {
        path = path.replaceAll("{" + parameter.name + "}", () => encodeURIComponent(box.value));
      } else if (box.value === "" && !parameter.required) continue;
      else if (parameter.in === "query") query.append(parameter.name, box.value);
      else headers.set(parameter.name, box.value);
    }
    if (request.key && form.key.value) {
      headers.set(request.key, credentials(request, form.key.value));
    }
    const mediaType = request.headers["Content-Type"] || "application/json";
    if (form.body) headers.set("Content-Type", mediaType);
    const body = form.body ? form.body.value : undefined;
    const search = query.size ? "?" + query : "";
    const { method } = request;
    return [location.origin + path + search, {
      method, headers, body, credentials: "omit", redirect: "manual", cache: "no-store",
    }];
  };
  const pretty = (text) => {
    try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
  };
  const send = async (form) => {
    const started = performance.now();
    form.button.disabled = true;
    try {
      const response = await fetch(...fetchArguments(form)), text = await response.text();
      const headers = [...response.headers].filter(([name]) => shownHeader.test(name));
      const lines = headers.map(([name, value]) => name + ": " + value).join("\n");
      const time = Math.round(performance.now() - started);
      const status = `${response.status} ${response.statusText} in ${time} ms`;
      form.output.replaceChildren(
        make("p", { className: response.ok ? "status" : "status failed", textContent: status }),
        make("pre", { className: "body", textContent: pretty(text) || "(no body)" }),
        make("details", {}, make("summary", {}, "Headers"), make("pre", { textContent: lines })),
      );
    } catch (error) {
      const message = "The request could not be sent: " + error.message;
      form.output.replaceChildren(make("p", { className: "status failed", textContent: message }));
    }
    form.button.disabled = false;
  };
  const rememberKey = (value) => {
    key = value;
    try { sessionStorage.setItem("reference-key", key); } catch { /* storage is not allowed */ }
    for (const other of document.querySelectorAll(".try .key")) other.value = key;
  };
  const build = (holder) => {
    const request = JSON.parse(holder.dataset.request), node = make("form", {});
    const keyInput = { className: "key", value: key, autocomplete: "off", spellcheck: false };
    const form = { request, boxes: [], key: make("input", keyInput) };
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
    form.button = make("button", { type: "submit", textContent: "Send" });
    form.output = make("output", { id: "response-" + ++forms });
    node.append(form.button, form.output);
    form.key.addEventListener("change", () => rememberKey(form.key.value));
    node.addEventListener("submit", (event) => { event.preventDefault(); send(form); });
    return node;
  };
  for (const holder of document.querySelectorAll(".try")) {
    const details = make("details", {}, make("summary", { textContent: "Try it" }));
    details.addEventListener("toggle", () => {
      if (details.childElementCount < 2) details.append(build(holder));
    });
    holder.append(details);
  }
})();
