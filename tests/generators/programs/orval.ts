// Ten calls with the functions that orval made.
import {
  createDeposit,
  getBalance,
  getSubscription,
  getUsageChart,
  listCreditTransactions,
  listPaymentMethods,
  listRecentActivity,
  updateAutoRecharge,
  validatePromoCode,
} from "./billing.js";

const [base, key, unknown] = process.argv.slice(2) as [string, string, string];
const options = { headers: { "X-API-Key": key } };
const send = globalThis.fetch;

// The functions request paths only.
let server = base;
globalThis.fetch = (path, init) => send(`${server}${String(path)}`, init);

function ok<T extends { status: number }>(response: T): Extract<T, { status: 200 }> {
  if (response.status !== 200) throw new Error(String(response.status));
  return response as Extract<T, { status: 200 }>;
}

const balance = ok(await getBalance(options));
const ledger = ok(await listCreditTransactions({ limit: 5 }, options));
const activity = ok(await listRecentActivity({}, options));
const deposit = ok(await createDeposit({ amount_cents: 5000 }, options));
const cards = ok(await listPaymentMethods(options));
const recharge = ok(
  await updateAutoRecharge(
    { enabled: true, recharge_amount_cents: 10000, consent_source: "settings" },
    options,
  ),
);
const plan = ok(await getSubscription(options));
const chart = ok(await getUsageChart({ days: 7 }, options));
const promo = ok(await validatePromoCode({ code: "BONUS5" }, options));
const refused = await createDeposit({ amount_cents: 1 }, options);

server = unknown;
const later = ok(await getBalance(options));

console.log(
  JSON.stringify({
    balance: balance.data.balance_display,
    ledger: ledger.data.transactions.length,
    activity: activity.data.activities[0]?.type,
    deposit: deposit.data.amount_display,
    card: cards.data.payment_methods[0]?.card_last4,
    recharge: recharge.data.recharge_amount_display,
    plan: plan.data.plan,
    chart: chart.data.data.length,
    promo: promo.data.bonus_type,
    refused: refused.status,
    later: later.data.tier,
  }),
);
