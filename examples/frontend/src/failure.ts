/** What went wrong, in words for the person in front of the screen. */

interface Problem {
  loc: (string | number)[];
  msg: string;
}

export class Failure extends Error {
  constructor(
    message: string,
    /** By the name of the field that is wrong: what is wrong with it. */
    readonly fields: ReadonlyMap<string, string> = new Map(),
    /** True if nobody knows whether it was done: the answer is missing, or says only that something broke. */
    readonly isOpen: boolean = false,
  ) {
    super(message);
  }

  /** For who wanted to change something: the message, and whether to look before trying again. */
  get afterChange(): string {
    return this.isOpen
      ? `${this.message} See whether it was done before you try again.`
      : this.message;
  }
}

/** The API says `{"detail": "a sentence"}`, or on 422 a list with a place for each thing that is wrong. */
export function failureOf(status: number, body: unknown): Failure {
  if (status === 401) return new Failure("You are not signed in any more. Sign in again.");
  if (status === 404) return new Failure("That is not there any more.");
  if (status === 429)
    return new Failure("That was too much at once. Wait a minute, then try again.");
  if (status >= 500) return unclear(`Billing has a problem right now (${status}).`);
  const detail =
    typeof body === "object" && body !== null && "detail" in body ? body.detail : undefined;
  if (typeof detail === "string") return new Failure(detail);
  if (Array.isArray(detail) && detail.every(isProblem)) return invalid(detail);
  return new Failure(`Billing refused this (${status}).`);
}

/** No answer came, or none that can be read. */
export function failureWithoutAnswer(reason: unknown): Failure {
  if (reason instanceof Failure) return reason;
  const isTimeout = reason instanceof DOMException && reason.name === "TimeoutError";
  if (isTimeout) return unclear("Billing did not answer in time.");
  if (reason instanceof SyntaxError) return unclear("The answer from billing could not be read.");
  if (reason instanceof TypeError)
    return unclear("Billing cannot be reached. Check your connection.");
  throw reason; // a mistake of this program: not for the screen
}

function unclear(message: string): Failure {
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
