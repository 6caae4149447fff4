// A frontend's first hour with the Billing API, in types made from the contract. Run with the address and a key.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Balance = components["schemas"]["Balance"];
type Transaction = components["schemas"]["CreditTransaction"];

declare const process: { argv: string[] };
const [, , baseUrl, key] = process.argv;
if (baseUrl === undefined || key === undefined) throw new Error("usage: story.js <address> <key>");

const billing = createClient<paths>({ baseUrl, headers: { "X-API-Key": key } });
const said: Record<string, unknown> = {};

async function balance(): Promise<Balance> {
  const { data, error } = await billing.GET("/api/v1/billing/balance");
  if (error) throw new Error(String(error.detail));
  return data;
}

async function ledger(): Promise<Transaction[]> {
  const entries: Transaction[] = [];
  for (let offset = 0; offset < 1000; offset += 100) {
    const { data, error } = await billing.GET("/api/v1/billing/credit-transactions", {
      params: { query: { limit: 100, offset } },
    });
    if (error) throw new Error(String(error.detail));
    entries.push(...data.transactions);
    if (!data.has_more) break;
  }
  return entries;
}

const before = await balance();
said.tier = before.tier;
said.display = before.balance_display;

const deposit = await billing.POST("/api/v1/billing/deposit", {
  body: { amount_cents: 5000, promo_code: "BONUS5" },
});
if (deposit.error) throw new Error(String(deposit.error.detail));
said.depositStatus = deposit.response.status;
said.amount = deposit.data.amount_display;
said.page = (await fetch(deposit.data.url)).status;
await fetch(`${deposit.data.url}/pay`, { method: "POST", redirect: "manual" });

const after = await balance();
said.gained = after.balance_microcents - before.balance_microcents;
said.exposed = deposit.response.headers.get("X-RateLimit-Limit") !== null;

const entries = await ledger();
said.sumIsBalance = entries.reduce((sum, entry) => sum + entry.amount_microcents, 0) === after.balance_microcents;
said.newest = entries.slice(0, 2).map((entry) => entry.type);

// Errors are typed by the contract too: a sentence, or on 422 a list of all that is wrong.
const small = await billing.POST("/api/v1/billing/deposit", { body: { amount_cents: 1 } });
if (small.error && Array.isArray(small.error.detail)) {
  said.problems = small.error.detail.map((problem) => [small.response.status, problem.loc.join("."), problem.type]);
}
const used = await billing.POST("/api/v1/billing/deposit", { body: { amount_cents: 5000, promo_code: "BONUS5" } });
said.refused = [used.response.status, typeof used.error?.detail];

const card = await billing.POST("/api/v1/billing/payment-methods", { body: { payment_method_id: "pm_card_amex" } });
if (card.error) throw new Error(String(card.error.detail));
const removed = await billing.DELETE("/api/v1/billing/payment-methods/{payment_method_id}", {
  params: { path: { payment_method_id: card.data.id } },
});
said.removed = [card.data.card_brand, removed.data?.status];

const plan = await billing.POST("/api/v1/billing/change-plan");
said.plan = plan.data?.plan;

console.log(JSON.stringify(said));
