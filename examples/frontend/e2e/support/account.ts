import { randomUUID } from "node:crypto";
import { expect, type APIRequestContext, type APIResponse } from "@playwright/test";

type Persona = "new" | "low_balance" | "exhausted" | "card_declined" | "power_user";

interface Fault {
  operations?: string[];
  next?: number;
  status?: number;
  connection?: "reset" | "truncated_body" | "answer_lost";
  latency?: { ms: number };
}

export const mockUrl = process.env["MOCK_URL"] ?? "http://127.0.0.1:8080";

// A server closes connections that were idle for some seconds; a request that meets that moment would fail.
const ONE_REQUEST = { Connection: "close" };

/** An account of the mock that nobody else uses, and what a test does to it behind the screen's back. */
export class Account {
  readonly key = `sk_test_${randomUUID().replaceAll("-", "")}`;

  constructor(private readonly request: APIRequestContext) {}

  /** Start as one of the personas: its whole state becomes this account's. Otherwise it starts like `default`. */
  async startAs(persona: Persona): Promise<void> {
    const state = await this.call("GET", "/_mock/state", undefined, `sk_test_${persona}`);
    await this.call("PUT", "/_mock/state", state);
  }

  /** Use credits, as the customer's programs would; everything that follows from it happens. */
  async use(requests: number, type: "light" | "js" = "light"): Promise<void> {
    await this.call("POST", "/_mock/usage", { type, requests });
  }

  /** Pay a deposit without a browser, where the way to it is not what is tested. */
  async deposit(cents: number): Promise<void> {
    const session = await this.call("POST", "/api/v1/billing/deposit", { amount_cents: cents });
    await this.call("POST", `/_mock/checkout-sessions/${session["session_id"]}/complete`, {});
  }

  async addCard(id: string): Promise<void> {
    await this.call("POST", "/api/v1/billing/payment-methods", { payment_method_id: id });
  }

  async removeCards(): Promise<void> {
    const { payment_methods: cards } = await this.call("GET", "/api/v1/billing/payment-methods");
    for (const card of cards)
      await this.call("DELETE", `/api/v1/billing/payment-methods/${card.id}`);
  }

  async balance(): Promise<string> {
    return (await this.call("GET", "/api/v1/billing/balance"))["balance_display"];
  }

  /** What was sent: e-mails, webhook calls. */
  async messages(): Promise<{ channel: string; subject: string; payload: unknown }[]> {
    return (await this.call("GET", "/_mock/outbox"))["messages"];
  }

  /** Let requests of this account go wrong: the rules of `POST /_mock/faults`. */
  async letFail(rule: Fault): Promise<void> {
    await this.call("POST", "/_mock/faults", rule);
  }

  async letAllGoWell(): Promise<void> {
    await this.call("DELETE", "/_mock/faults");
  }

  /** What the account's usage alerts are signed with. */
  async webhookSecret(): Promise<string> {
    return (await this.call("GET", "/_mock/webhook-endpoints"))["usage_alerts"].secret;
  }

  /** What does not add up in the account's books. */
  async violations(): Promise<unknown> {
    return (await this.call("GET", "/_mock/invariants"))["violations"];
  }

  private async call(
    method: string,
    path: string,
    data?: unknown,
    key = this.key,
  ): Promise<Record<string, any>> {
    const headers = { "X-API-Key": key, ...ONE_REQUEST };
    return must(await this.request.fetch(mockUrl + path, { method, data, headers }));
  }
}

/** Move the clock of the whole mock, for every account. */
export async function advanceClock(
  request: APIRequestContext,
  step: { days: number } | { seconds: number },
): Promise<void> {
  await must(
    await request.post(`${mockUrl}/_mock/clock/advance`, { data: step, headers: ONE_REQUEST }),
  );
}

async function must(response: APIResponse): Promise<Record<string, any>> {
  expect(response.ok(), `${response.url()}: ${await response.text()}`).toBe(true);
  return response.json();
}
