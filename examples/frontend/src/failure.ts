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
  ) {
    super(message);
  }
}

/** The API says `{"detail": "a sentence"}`, or on 422 a list with a place for each thing that is wrong. */
export function failureOf(status: number, body: unknown): Failure {
  if (status === 401) return new Failure("You are not signed in any more. Sign in again.");
  if (status === 404) return new Failure("That is not there any more.");
  if (status === 429) return new Failure("That was too much at once. Wait a minute, then try again.");
  if (status >= 500) {
    return new Failure(`Billing has a problem right now (${status}). If you changed something, see whether it is done.`);
  }
  const detail = typeof body === "object" && body !== null && "detail" in body ? body.detail : undefined;
  if (typeof detail === "string") return new Failure(detail);
  if (Array.isArray(detail) && detail.every(isProblem)) return invalid(detail);
  return new Failure(`Billing refused this (${status}).`);
}

/** No answer came, or none that can be read. */
export function failureWithoutAnswer(reason: unknown): Failure {
  if (reason instanceof Failure) return reason;
  if (reason instanceof DOMException && reason.name === "TimeoutError") {
    return new Failure("Billing did not answer in time. If you changed something, see whether it is done.");
  }
  if (reason instanceof SyntaxError) return new Failure("The answer from billing could not be read.");
  if (reason instanceof TypeError) return new Failure("Billing cannot be reached. Check your connection.");
  throw reason; // a mistake of this program: not for the screen
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "msg" in value && "loc" in value && Array.isArray(value.loc);
}

function invalid(problems: Problem[]): Failure {
  const fields = new Map<string, string>();
  for (const { loc, msg } of problems) fields.set(String(loc.at(-1) ?? ""), msg);
  return new Failure([...fields].map(([name, message]) => `${name.replaceAll("_", " ")}: ${message}`).join(". "), fields);
}
