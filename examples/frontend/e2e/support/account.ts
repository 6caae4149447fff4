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

// The server closes idle connections after some seconds; a request at that moment would fail.
const CLOSE_CONNECTION = { Connection: "close" };

/** An account of the mock for one test, with the actions that the screen does not offer. */
export class Account {
  readonly key = `sk_test_${randomUUID().replaceAll("-", "")}`;

  constructor(private readonly request: APIRequestContext) {}

  /** Copy the state of a persona to this account. Without this it starts like `default`. */
  async startAs(persona: Persona): Promise<void> {
    const state = await this.call("GET", "/_mock/state", undefined, `sk_test_${persona}`);
    await this.call("PUT", "/_mock/state", state);
  }

  /** Use credits, with all consequences: ledger entry, alerts, auto recharge. */
  async use(requests: number, type: "light" | "js" = "light"): Promise<void> {
    await this.call("POST", "/_mock/usage", { type, requests });
  }

  /** Make and pay a deposit without the browser. */
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

  /** E-mails, text messages and usage alerts to the account, newest first. */
  async messages(): Promise<{ channel: string; subject: string; payload: unknown }[]> {
    return (await this.call("GET", "/_mock/outbox"))["messages"];
  }

  /** Make requests of this account fail; the rule is the body of `POST /_mock/faults`. */
  async letFail(rule: Fault): Promise<void> {
    await this.call("POST", "/_mock/faults", rule);
  }

  async letAllGoWell(): Promise<void> {
    await this.call("DELETE", "/_mock/faults");
  }

  /** The secret that signs the account's usage alerts. */
  async webhookSecret(): Promise<string> {
    return (await this.call("GET", "/_mock/webhook-endpoints"))["usage_alerts"].secret;
  }

  /** The violated invariants of the account's books. */
  async violations(): Promise<unknown> {
    return (await this.call("GET", "/_mock/invariants"))["violations"];
  }

  private async call(
    method: string,
    path: string,
    data?: unknown,
    key = this.key,
  ): Promise<Record<string, any>> {
    const headers = { "X-API-Key": key, ...CLOSE_CONNECTION };
    return bodyOf(await this.request.fetch(mockUrl + path, { method, data, headers }));
  }
}

/** Advance the clock of the mock, for all accounts. */
export async function advanceClock(
  request: APIRequestContext,
  step: { days: number } | { seconds: number },
): Promise<void> {
  await bodyOf(
    await request.post(`${mockUrl}/_mock/clock/advance`, { data: step, headers: CLOSE_CONNECTION }),
  );
}

async function bodyOf(response: APIResponse): Promise<Record<string, any>> {
  expect(response.ok(), `${response.url()}: ${await response.text()}`).toBe(true);
  return response.json();
}
