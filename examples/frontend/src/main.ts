/** The billing screen, put together. */

import { activitySection } from "./activity";
import { alertSettingsSection, usageSection } from "./alerts";
import { balanceSection } from "./balance";
import { cardsSection } from "./cards";
import { depositSection, welcomeBack } from "./deposit";
import { el } from "./dom";
import { noticesElement } from "./notices";
import { apiKey, isTestMode } from "./settings";
import { transactionsSection } from "./transactions";

const banner = el("div", { role: "status" });
const balance = balanceSection();
const usage = usageSection(banner);
const transactions = transactionsSection();
const activity = activitySection();
const cards = cardsSection(() => void activity.refresh());
const alerts = alertSettingsSection();

const figures = [balance, usage, transactions, activity];
const refresh = async (): Promise<void> => {
  await Promise.all(figures.map((each) => each.refresh()));
};

document
  .getElementById("app")
  ?.replaceChildren(
    el(
      "header",
      {},
      el("h1", { textContent: "Billing" }),
      el("button", { type: "button", textContent: "Refresh", on: { click: () => void refresh() } }),
    ),
    el(
      "main",
      {},
      el("div", {}, noticesElement, banner),
      el(
        "div",
        { className: "columns" },
        el("div", { className: "stack" }, balance.element, usage.element),
        depositSection(),
      ),
      el("div", { className: "columns" }, cards.element, alerts.element),
      activity.element,
      transactions.element,
    ),
    ...(isTestMode && apiKey !== undefined ? [testAccounts(apiKey)] : []),
  );
void Promise.all([refresh(), cards.refresh(), alerts.refresh(), welcomeBack(refresh)]);

/** Who this tab is; development and tests only. */
function testAccounts(key: string): HTMLElement {
  const others = ["default", "new", "low_balance", "exhausted", "power_user"].map(
    (each) => `sk_test_${each}`,
  );
  const links = others.map((each) =>
    el("li", {}, el("a", { href: `?key=${each}`, textContent: each })),
  );
  return el(
    "footer",
    {},
    el(
      "p",
      {},
      "Test mode, no money moves. You are ",
      el("code", { textContent: key }),
      ". Others:",
    ),
    el("ul", {}, ...links),
  );
}
