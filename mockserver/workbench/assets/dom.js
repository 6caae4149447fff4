// Builds elements. All text becomes text nodes, so nothing that was recorded can be markup.

export function h(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else if (key in node && typeof value !== "string") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  node.append(...children);
  return node;
}

export function button(text, onclick, properties = {}) {
  return h("button", { type: "button", onclick: guarded(onclick), ...properties }, text);
}

// Runs an action. What it throws is shown to the user.
export function guarded(action) {
  return async (event) => {
    try {
      await action(event);
    } catch (error) {
      notice(error.message, "bad");
    }
  };
}

export function notice(text, kind = "good") {
  const place = document.getElementById("notices");
  const shown = h("p", { class: `notice ${kind}` }, text);
  place.append(shown);
  while (place.childElementCount > 3) place.firstChild.remove();
  setTimeout(() => shown.remove(), kind === "bad" ? 12000 : 5000);
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without a permission, as on plain http under another name, the old way still works.
    const area = h("textarea", { class: "off", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  notice(`Copied ${what}.`);
}

export function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export function field(label, control, hint) {
  return h("label", { class: "field" }, h("span", {}, label), control,
    hint ? h("small", {}, hint) : null);
}

export function options(select, entries, chosen) {
  select.replaceChildren(...entries.map(([value, text]) => {
    const option = h("option", { value }, text);
    option.selected = value === chosen;
    return option;
  }));
}

// Replaces the children of a node and keeps the focus on the element of the same data-key.
export function replace(node, ...children) {
  const focused = document.activeElement?.dataset?.key;
  const inside = focused && node.contains(document.activeElement);
  node.replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (inside) node.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

export function time(text) {
  return text ? text.slice(0, 19).replace("T", " ") : "";
}

export function json(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
