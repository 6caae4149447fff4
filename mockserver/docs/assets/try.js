"use strict";
// "Try it": only on the page that the mock serves. Requests go to where the page comes from, and nowhere else.
(() => {
  const make = (tag, props, ...inner) => { const made = Object.assign(document.createElement(tag), props); made.append(...inner); return made; };
  const remembered = () => { try { return sessionStorage.getItem("reference-key"); } catch { return null; } };
  let key = remembered() || "sk_test_default", number = 0;
  const shown = /^(content-type|retry-after|x-.*)$/i;

  const field = (label, input) => make("label", {}, label, input);
  const input = (parameter) => {
    if (!parameter.enum) return make("input", { value: parameter.value ?? "", required: parameter.required, autocomplete: "off" });
    const options = parameter.required ? parameter.enum : ["", ...parameter.enum];
    const select = make("select", {}, ...options.map((each) => make("option", { value: String(each ?? ""), textContent: String(each ?? "") })));
    select.value = parameter.value ?? options[0];
    return select;
  };
  const request = (form) => {
    const asked = form.asked, headers = new Headers(), query = new URLSearchParams();
    let path = asked.path;
    for (const { parameter, box } of form.boxes) {
      if (parameter.in === "path") path = path.replaceAll("{" + parameter.name + "}", () => encodeURIComponent(box.value));
      else if (box.value === "" && !parameter.required) continue;
      else if (parameter.in === "query") query.append(parameter.name, box.value);
      else headers.set(parameter.name, box.value);
    }
    if (asked.key && form.key.value) headers.set(asked.key, form.key.value);
    if (form.body) headers.set("Content-Type", asked.headers["Content-Type"] || "application/json");
    const search = query.size ? "?" + query : "";
    return [location.origin + path + search, { method: asked.method, headers, body: form.body ? form.body.value : undefined, credentials: "omit", redirect: "manual", cache: "no-store" }];
  };
  const pretty = (text) => { try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; } };
  const send = async (form) => {
    const started = performance.now();
    form.button.disabled = true;
    try {
      const answer = await fetch(...request(form)), text = await answer.text();
      const headers = [...answer.headers].filter(([name]) => shown.test(name)).map(([name, value]) => name + ": " + value).join("\n");
      const time = Math.round(performance.now() - started);
      form.output.replaceChildren(
        make("p", { className: answer.ok ? "status" : "status failed", textContent: `${answer.status} ${answer.statusText} in ${time} ms` }),
        make("pre", { className: "body", textContent: pretty(text) || "(no body)" }),
        make("details", {}, make("summary", { textContent: "Headers" }), make("pre", { textContent: headers })),
      );
    } catch (error) {
      form.output.replaceChildren(make("p", { className: "status failed", textContent: "It could not be sent: " + error.message }));
    }
    form.button.disabled = false;
  };
  const build = (holder) => {
    const asked = JSON.parse(holder.dataset.request), node = make("form", {}), id = ++number;
    const form = { asked, boxes: [], key: make("input", { className: "key", value: key, autocomplete: "off", spellcheck: false }) };
    if (asked.key) node.append(field(asked.key, form.key));
    for (const parameter of asked.parameters) {
      const box = input(parameter);
      form.boxes.push({ parameter, box });
      node.append(field(`${parameter.name} (${parameter.in}${parameter.required ? ", required" : ""})`, box));
    }
    if (asked.body !== null) {
      form.body = make("textarea", { value: asked.body, spellcheck: false });
      node.append(field("Body", form.body));
    }
    form.button = make("button", { type: "submit", textContent: "Send" });
    form.output = make("output", { id: "answer-" + id });
    node.append(form.button, form.output);
    form.key.addEventListener("change", () => {
      key = form.key.value;
      try { sessionStorage.setItem("reference-key", key); } catch { /* not allowed here */ }
      for (const each of document.querySelectorAll(".try .key")) each.value = key;
    });
    node.addEventListener("submit", (event) => { event.preventDefault(); send(form); });
    return node;
  };
  for (const holder of document.querySelectorAll(".try")) {
    const details = make("details", {}, make("summary", { textContent: "Try it" }));
    details.addEventListener("toggle", () => { if (details.childElementCount < 2) details.append(build(holder)); });
    holder.append(details);
  }
})();
