import type { components } from "./control.js";
import { MockError } from "./errors.js";
import { send, type Target } from "./http.js";

type Schemas = components["schemas"];

export type State = Schemas["State"];
export type FaultRule = Schemas["FaultRule"];
/** What happens to a request: a status, a broken connection, or latency. */
export type Fault = Omit<FaultRule, "operations" | "next" | "share">;
export type Message = Schemas["Message"];
export type Delivery = Schemas["WebhookDelivery"];
export type WebhookEndpoint = Schemas["WebhookEndpoint"];
export type CheckoutSession = Schemas["CheckoutSession"];
export type UsageType = Schemas["UsageType"];
export type Violation = Schemas["Invariants"]["violations"][number];

const API = "/api/v1/billing";

/** One account of the mock, and everything about it that the API itself does not offer. */
export class Account {
  readonly #target: Target;

  constructor(
    target: Target,
    /** Its API key. */
    readonly key: string,
  ) {
    this.#target = { ...target, headers: { ...target.headers, "X-API-Key": key } };
  }

  /** Call an operation of the Billing API: `api("GET", "/balance")`. Throws MockError. */
  api<T = any>(method: string, path: string, body?: unknown): Promise<T> {
    return send(this.#target, method, API + path, body);
  }

  /** Call an operation of the control API as this account. Throws MockError. */
  control<T = any>(method: string, path: string, body?: unknown): Promise<T> {
    return send(this.#target, method, this.#target.control + path, body);
  }

  // ---------------------------------------------------------------------------- payments

  /** Pay a checkout session, with a test card such as `pm_card_visa` or the account's own. */
  complete(sessionId: string, card?: string): Promise<CheckoutSession> {
    return this.#endSession(sessionId, "complete", card ? { payment_method_id: card } : {});
  }

  /** Decline a checkout session, for a decline code of Stripe. */
  decline(sessionId: string, reason = "card_declined"): Promise<CheckoutSession> {
    return this.#endSession(sessionId, "decline", { reason });
  }

  /** Let a checkout session expire. */
  expire(sessionId: string): Promise<CheckoutSession> {
    return this.#endSession(sessionId, "expire");
  }

  /** Create and pay a deposit, in US cents. */
  async deposit(cents: number, card?: string): Promise<CheckoutSession> {
    const session = await this.api("POST", "/deposit", { amount_cents: cents });
    return this.complete(session.session_id, card);
  }

  /** Use credits, with all consequences: ledger entries, alerts, automatic recharge. */
  use(requests: number, type: UsageType = "light"): Promise<Schemas["UsageCharge"]> {
    return this.control("POST", "/usage", { type, requests });
  }

  /** The balance as the API displays it, such as `$25.00`. */
  async balance(): Promise<string> {
    return (await this.api("GET", "/balance")).balance_display;
  }

  /** Add a test card, such as `pm_card_visa`. */
  async addCard(id: string): Promise<void> {
    await this.api("POST", "/payment-methods", { payment_method_id: id });
  }

  /** Remove all cards. */
  async removeCards(): Promise<void> {
    const { payment_methods: cards } = await this.api("GET", "/payment-methods");
    for (const { id } of cards) await this.api("DELETE", `/payment-methods/${id}`);
  }

  // ------------------------------------------------------------------------------ faults

  /** Let the next requests of an operation fail: with a 500, or as the fault says. */
  failNext(operation: string, fault: Fault = { status: 500 }, times = 1): Promise<Schemas["Fault"]> {
    return this.fail({ ...fault, operations: [operation], next: times });
  }

  /** Let requests of this account fail by a rule, until `stopFailing`. */
  fail(rule: FaultRule): Promise<Schemas["Fault"]> {
    return this.control("POST", "/faults", rule);
  }

  /** Remove all fault rules of this account. */
  async stopFailing(): Promise<void> {
    await this.control("DELETE", "/faults");
  }

  // ---------------------------------------------------------------- messages and webhooks

  /** E-mails, text messages and usage alerts to this account, newest first. */
  async outbox(): Promise<Message[]> {
    return (await this.control<Schemas["Outbox"]>("GET", "/outbox")).messages;
  }

  /** Post events of this account to a URL: these types, or all. */
  webhook(url: string, events: string[] = []): Promise<WebhookEndpoint> {
    return this.control("POST", "/webhook-endpoints", { url, events });
  }

  /** The endpoints of this account, and the secret that signs its usage alerts. */
  webhooks(): Promise<Schemas["WebhookEndpoints"]> {
    return this.control("GET", "/webhook-endpoints");
  }

  /** Webhook deliveries of this account, newest first, once those under way have ended. */
  async deliveries(event?: string): Promise<Delivery[]> {
    await this.control("POST", "/webhook-deliveries/settle");
    const query = event ? `?event=${encodeURIComponent(event)}` : "";
    const path = `/webhook-deliveries${query}`;
    return (await this.control<Schemas["WebhookDeliveries"]>("GET", path)).deliveries;
  }

  /** Send a delivery again. */
  replay(deliveryId: string): Promise<Delivery> {
    const path = `/webhook-deliveries/${encodeURIComponent(deliveryId)}/replay`;
    return this.control("POST", path);
  }

  // ------------------------------------------------------------------------------- state

  /** Copy the state of a persona to this account. Without it, an account starts like `default`. */
  async startAs(persona: string): Promise<void> {
    const { personas } = await this.control<Schemas["Personas"]>("GET", "/personas");
    const key = personas.find(({ slug }) => slug === persona)?.key;
    if (!key) {
      const known = personas.filter((other) => other.key).map(({ slug }) => slug);
      throw new MockError(`There is no persona '${persona}'. Personas: ${known.join(", ")}.`);
    }
    await this.setState(await new Account(this.#target, key).state());
  }

  /** Everything that the mock knows of this account, as JSON. */
  state(): Promise<State> {
    return this.control("GET", "/state");
  }

  /** Replace the state of this account. */
  async setState(state: State): Promise<void> {
    await this.control("PUT", "/state", state);
  }

  /** What does not add up in the books of this account: nothing, unless the mock has a bug. */
  async violations(): Promise<Violation[]> {
    return (await this.control<Schemas["Invariants"]>("GET", "/invariants")).violations;
  }

  #endSession(id: string, how: string, body?: unknown): Promise<CheckoutSession> {
    return this.control("POST", `/checkout-sessions/${encodeURIComponent(id)}/${how}`, body);
  }
}
