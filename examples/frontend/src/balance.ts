/** What is left, and a warning when that is little. */

import { answer, billing, type Schemas } from "./api";
import { el } from "./dom";
import { section, type Section } from "./section";
import { centsInWords, named } from "./words";

const WARNINGS: Record<string, string> = {
  low: "Your balance is low. Add funds before it runs out.",
  critical: "Your balance is almost used up. Add funds to keep your requests running.",
  exhausted: "Your balance is used up. Requests are refused until you add funds.",
};

interface Standing {
  balance: Schemas["Balance"];
  warning: string | undefined;
}

export function balanceSection(): Section {
  return section("Balance", { id: "balance", load, show });
}

/** The warning comes with every answer, in a header. */
async function load(): Promise<Standing> {
  const call = billing.GET("/api/v1/billing/balance");
  const balance = await answer(call);
  return {
    balance,
    warning: (await call).response.headers.get("X-AlterLab-Balance-Warning") ?? undefined,
  };
}

function show({ balance, warning }: Standing): Node[] {
  const recharge = balance.auto_recharge;
  const rows: [string, string][] = [
    ["Paid in", centsInWords(balance.total_deposited_cents)],
    ["Spent", centsInWords(balance.total_spent_cents)],
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
        textContent: `${named(balance.tier)} tier`,
        attrs: { "data-testid": "tier" },
      }),
    ),
    ...(warning === undefined ? [] : [warningOf(warning)]),
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

function warningOf(level: string): HTMLElement {
  const text = WARNINGS[level] ?? "Look at your balance.";
  return el("p", {
    className: "warning",
    textContent: text,
    attrs: { "data-testid": "balance-warning" },
  });
}
