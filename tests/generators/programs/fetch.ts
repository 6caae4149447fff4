// Ten calls with openapi-fetch, whose types openapi-typescript made.
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const [base, key, unknown] = process.argv.slice(2) as [string, string, string];
const headers = { "X-API-Key": key };
const client = createClient<paths>({ baseUrl: base, headers });

const balance = await client.GET("/api/v1/billing/balance");
const ledger = await client.GET("/api/v1/billing/credit-transactions", {
  params: { query: { limit: 5 } },
});
const activity = await client.GET("/api/v1/billing/recent-activity");
const deposit = await client.POST("/api/v1/billing/deposit", { body: { amount_cents: 5000 } });
const cards = await client.GET("/api/v1/billing/payment-methods");
const recharge = await client.PUT("/api/v1/billing/auto-recharge", {
  body: { enabled: true, recharge_amount_cents: 10000, consent_source: "settings" },
});
const plan = await client.GET("/api/v1/billing/subscription");
const chart = await client.GET("/api/v1/billing/usage-chart", { params: { query: { days: 7 } } });
const promo = await client.POST("/api/v1/billing/promo/validate", { body: { code: "BONUS5" } });
const refused = await client.POST("/api/v1/billing/deposit", { body: { amount_cents: 1 } });

const newer = createClient<paths>({ baseUrl: unknown, headers });
const later = await newer.GET("/api/v1/billing/balance");

console.log(
  JSON.stringify({
    balance: balance.data?.balance_display,
    ledger: ledger.data?.transactions.length,
    activity: activity.data?.activities[0]?.type,
    deposit: deposit.data?.amount_display,
    card: cards.data?.payment_methods[0]?.card_last4,
    recharge: recharge.data?.recharge_amount_display,
    plan: plan.data?.plan,
    chart: chart.data?.data.length,
    promo: promo.data?.bonus_type,
    refused: refused.response.status,
    later: later.data?.tier,
  }),
);
