/** The balance, with a warning when it is low. */

import { billing, dataOf, type Schemas } from "./api";
import { el } from "./dom";
import { formatCents, label } from "./format";
import { section, type Section } from "./section";

const WARNINGS: Record<string, string> = {
  low: "Your balance is low. Add funds before it runs out.",
  critical: "Your balance is almost used up. Add funds to keep your requests running.",
  exhausted: "Your balance is used up. Requests are refused until you add funds.",
};

interface BalanceState {
  balance: Schemas["Balance"];
  warning: string | undefined;
}

export function balanceSection(): Section {
  return section("Balance", { id: "balance", load, show });
}

/** The warning is a header of every response. */
async function load(): Promise<BalanceState> {
  const call = billing.GET("/api/v1/billing/balance");
  const balance = await dataOf(call);
  return {
    balance,
    warning: (await call).response.headers.get("X-AlterLab-Balance-Warning") ?? undefined,
  };
}

function show({ balance, warning }: BalanceState): Node[] {
  const recharge = balance.auto_recharge;
  const rows: [string, string][] = [
    ["Paid in", formatCents(balance.total_deposited_cents)],
    ["Spent", formatCents(balance.total_spent_cents)],
    [
      "Auto-recharge",
      recharge.enabled
        ? `${recharge.recharge_amount_display} below ${recharge.threshold_display}`
        : "Off",
    ],
  ];
  return [
    el(
      "p",
      { className: "amount" },
      el("strong", { textContent: balance.balance_display, attrs: { "data-testid": "balance" } }),
      el("span", {
        className: "tag",
        textContent: `${label(balance.tier)} tier`,
        attrs: { "data-testid": "tier" },
      }),
    ),
    ...(warning === undefined ? [] : [warningElement(warning)]),
    el(
      "dl",
      {},
      ...rows.flatMap(([name, value]) => [
        el("dt", { textContent: name }),
        el("dd", { textContent: value }),
      ]),
    ),
  ];
}

function warningElement(level: string): HTMLElement {
  const text = WARNINGS[level] ?? "Check your balance.";
  return el("p", {
    className: "warning",
    textContent: text,
    attrs: { "data-testid": "balance-warning" },
  });
}
