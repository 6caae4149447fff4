/**
 * A client of the Billing API with types from the contract: unknown paths and fields do not
 * compile.
 */

import createClient from "openapi-fetch";
import type { components, paths } from "./billing";
import { failureOf, failureWithoutResponse } from "./failure";
import { apiKey, billingUrl } from "./settings";

export type Schemas = components["schemas"];

const TIMEOUT_MS = 10_000;

export const billing = createClient<paths>({
  baseUrl: billingUrl,
  ...(apiKey === undefined ? { credentials: "include" } : { headers: { "X-API-Key": apiKey } }),
  fetch: (request) => fetch(request, { signal: AbortSignal.timeout(TIMEOUT_MS) }),
});

/** Return the data of a successful response; throw a Failure for everything else. */
export async function dataOf<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call.catch((reason: unknown) => {
    throw failureWithoutResponse(reason);
  });
  if (data === undefined) throw failureOf(response.status, error);
  return data;
}
