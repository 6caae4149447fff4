// A recorded request as a command, a Playwright step and a line of pytest.

import { credentials, facts, isCookie, withKey } from "./api.js";

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function parts(request, key) {
  const target = withKey(request.path + (request.query ? `?${request.query}` : ""), key);
  const body = request.request_body;
  const headers = isCookie && key ? { Cookie: `${facts.scheme.name}=${encodeURIComponent(key)}` }
    : credentials(key);
  return { target, headers, body, text: typeof body === "string" ? body : JSON.stringify(body) };
}

export function curl(request, key) {
  const { target, headers, body, text } = parts(request, key);
  const words = ["curl", "-i"];
  if (/[[\]{}]/.test(target)) words.push("-g");
  const isHead = request.method === "HEAD";
  if (isHead) words.push("--head");
  else if (request.method !== "GET") words.push("-X", request.method);
  words.push(quoted(location.origin + target));
  for (const [name, value] of Object.entries(headers)) {
    words.push("-H", quoted(`${name}: ${value}`));
  }
  if (body !== null && !isHead) {
    if (request.method === "GET") words.push("-X", "GET");
    words.push("-H", quoted("Content-Type: application/json"), "--data-raw", quoted(text));
  }
  return words.join(" ");
}

// A recorded request without a status got no response.
export function playwright(request, key) {
  const { target, headers, body } = parts(request, key);
  const given = { method: request.method, headers };
  if (body !== null) given.data = body;
  const call = `request.fetch(${JSON.stringify(location.origin + target)}, ` +
    `${JSON.stringify(given)})`;
  if (request.status === null) return `await expect(${call}).rejects.toThrow();`;
  return `const response = await ${call};\nexpect(response.status()).toBe(${request.status});`;
}

export function pytest(request, key) {
  const { target, headers, body, text } = parts(request, key);
  const words = [JSON.stringify(request.method), JSON.stringify(location.origin + target)];
  if (Object.keys(headers).length) words.push(`headers=${python(headers)}`);
  if (body !== null) {
    words.push(typeof body === "string" ? `content=${JSON.stringify(text)}`
      : `json=${python(body)}`);
  }
  const call = `httpx.request(${words.join(", ")})`;
  if (request.status === null) return `with pytest.raises(httpx.TransportError):\n    ${call}`;
  return `assert ${call}.status_code == ${request.status}`;
}

// JSON as a Python expression: only the three constants differ.
export function python(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const pairs = Object.entries(value).map(([name, item]) =>
    `${JSON.stringify(name)}: ${python(item)}`);
  return `{${pairs.join(", ")}}`;
}
