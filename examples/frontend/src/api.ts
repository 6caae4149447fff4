/** The Billing API with the contract's types: a path, a field or a value that is not in the contract does not compile. */

import createClient from "openapi-fetch";
import type { components, paths } from "./billing";
import { failureOf, failureWithoutAnswer } from "./failure";
import { apiKey, billingUrl } from "./settings";

export type Schemas = components["schemas"];

const PATIENCE_MS = 10_000;

export const billing = createClient<paths>({
  baseUrl: billingUrl,
  ...(apiKey === undefined ? { credentials: "include" } : { headers: { "X-API-Key": apiKey } }),
  fetch: (request) => fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) }),
});

/** What a call answered. Whatever else happens is a Failure with words for people. */
export async function answer<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call.catch((reason: unknown) => {
    throw failureWithoutAnswer(reason);
  });
  if (data === undefined) throw failureOf(response.status, error);
  return data;
}
