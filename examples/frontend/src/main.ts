/** The billing screen. */

import { activitySection } from "./activity";
import { alertSettingsSection, usageSection } from "./alerts";
import { balanceSection } from "./balance";
import { cardsSection } from "./cards";
import { depositSection, reportCheckout } from "./deposit";
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

const sections = [balance, usage, transactions, activity];
const refresh = async (): Promise<void> => {
  await Promise.all(sections.map((section) => section.refresh()));
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
void Promise.all([refresh(), cards.refresh(), alerts.refresh(), reportCheckout(refresh)]);

/** The account of this tab and links to others; in development and tests only. */
function testAccounts(key: string): HTMLElement {
  const keys = ["default", "new", "low_balance", "exhausted", "power_user"].map(
    (name) => `sk_test_${name}`,
  );
  const links = keys.map((other) =>
    el("li", {}, el("a", { href: `?key=${other}`, textContent: other })),
  );
  return el(
    "footer",
    {},
    el(
      "p",
      {},
      "Test mode: nothing is charged. Account: ",
      el("code", { textContent: key }),
      ". Other accounts:",
    ),
    el("ul", {}, ...links),
  );
}
