import { MockError } from "./errors.js";

const TIMEOUT_MS = 30_000;

/** Headers and address of requests to one mock. */
export interface Target {
  url: string;
  /** The path of the control API. */
  control: string;
  headers: Readonly<Record<string, string>>;
}

/** Send a request with a JSON body, and return the JSON of the response. Throws MockError. */
export async function send<T>(
  target: Target,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const response = await attempt(target, method, path, body);
  const text = await response.text();
  const content = parsed(text);
  if (!response.ok) {
    const status = response.status;
    throw new MockError(`${method} ${path}: ${status}: ${reason(content)}`, status, content);
  }
  return content as T;
}

async function attempt(
  { url, headers }: Target,
  method: string,
  path: string,
  body: unknown,
): Promise<Response> {
  try {
    return await fetch(url + path, {
      method,
      headers: body === undefined ? headers : { ...headers, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new MockError(`${method} ${url}${path}: ${String((cause as Error).message)}`);
  }
}

function parsed(text: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return text;
  }
}

/** Return the sentences of an error body: FastAPI's `detail`, or `error`. */
function reason(content: unknown): string {
  if (typeof content !== "object" || content === null) return String(content);
  const { detail, error } = content as { detail?: unknown; error?: unknown };
  if (Array.isArray(detail))
    return detail
      .map(({ loc, msg }: { loc?: unknown[]; msg?: string }) => `${loc?.join(".")}: ${msg}`)
      .join("; ");
  const found = detail ?? (error as { message?: unknown } | undefined)?.message ?? error;
  return typeof found === "string" ? found : JSON.stringify(content);
}
