/** Errors with messages for the user. */

interface Problem {
  loc: (string | number)[];
  msg: string;
}

export class Failure extends Error {
  constructor(
    message: string,
    /** Messages by the name of the invalid field. */
    readonly fields: ReadonlyMap<string, string> = new Map(),
    /** True if the request may have taken effect: no usable response, or a server error. */
    readonly isUncertain: boolean = false,
  ) {
    super(message);
  }

  /** The message after a change; if it may have taken effect, with the advice to check. */
  get afterChange(): string {
    return this.isUncertain
      ? `${this.message} Check whether it was done before you try again.`
      : this.message;
  }
}

/** Convert an error response: `{"detail": ...}` has a message, or with 422 a list of problems. */
export function failureOf(status: number, body: unknown): Failure {
  if (status === 401) return new Failure("You are no longer signed in. Sign in again.");
  if (status === 404) return new Failure("That no longer exists.");
  if (status === 429) return new Failure("Too many requests. Wait a minute, then try again.");
  if (status >= 500) return uncertain(`Billing has a problem right now (${status}).`);
  const detail =
    typeof body === "object" && body !== null && "detail" in body ? body.detail : undefined;
  if (typeof detail === "string") return new Failure(detail);
  if (Array.isArray(detail) && detail.every(isProblem)) return invalid(detail);
  return new Failure(`Billing refused this (${status}).`);
}

/** Convert the error of a request without a usable response. */
export function failureWithoutResponse(reason: unknown): Failure {
  if (reason instanceof Failure) return reason;
  const isTimeout = reason instanceof DOMException && reason.name === "TimeoutError";
  if (isTimeout) return uncertain("Billing did not respond in time.");
  if (reason instanceof SyntaxError) return uncertain("The response from billing cannot be read.");
  if (reason instanceof TypeError)
    return uncertain("Billing cannot be reached. Check your connection.");
  throw reason; // a bug of this program, which the user cannot correct
}

function uncertain(message: string): Failure {
  return new Failure(message, new Map(), true);
}

function isProblem(value: unknown): value is Problem {
  return (
    typeof value === "object" &&
    value !== null &&
    "msg" in value &&
    "loc" in value &&
    Array.isArray(value.loc)
  );
}

function invalid(problems: Problem[]): Failure {
  const fields = new Map<string, string>();
  for (const { loc, msg } of problems) fields.set(String(loc.at(-1) ?? ""), msg);
  return new Failure(
    [...fields].map(([name, message]) => `${name.replaceAll("_", " ")}: ${message}`).join(". "),
    fields,
  );
}
