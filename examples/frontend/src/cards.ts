/** The account's cards: list, default card, adding and removing. */

import { addCard } from "./add-card";
import { billing, dataOf, type Schemas } from "./api";
import { confirmed } from "./confirmation";
import { busy, el } from "./dom";
import { Failure } from "./failure";
import { cardName } from "./format";
import { notice } from "./notices";
import { section, type Section } from "./section";

const CARD_PATH = "/api/v1/billing/payment-methods/{payment_method_id}";

export function cardsSection(changed: () => void): Section {
  const refresh = async (): Promise<void> => {
    await cards.refresh();
    changed();
  };
  const cards = section("Payment methods", {
    id: "cards",
    load: () => dataOf(billing.GET("/api/v1/billing/payment-methods")),
    show: ({ payment_methods }) => [
      payment_methods.length === 0
        ? el("p", {
            className: "quiet",
            textContent: "No cards yet. Add one for later payments.",
          })
        : el("ul", { className: "cards" }, ...payment_methods.map((card) => item(card, refresh))),
    ],
    below: addCard(refresh),
  });
  return cards;
}

function item(card: Schemas["PaymentMethod"], refresh: () => Promise<void>): HTMLElement {
  const params = { path: { payment_method_id: card.id } };
  const name = cardName(card);
  const makeDefault = (): Promise<void> =>
    perform(
      refresh,
      async () => (await dataOf(billing.POST(`${CARD_PATH}/default`, { params }))).message,
    );
  const remove = async (): Promise<void> => {
    if (!(await confirmed(`Remove the ${name}?`, "Remove"))) return;
    await perform(
      refresh,
      async () => (await dataOf(billing.DELETE(CARD_PATH, { params }))).message,
    );
  };
  return el(
    "li",
    { attrs: { "data-testid": "card" } },
    el(
      "span",
      {},
      el("strong", { textContent: name }),
      card.is_default && el("span", { className: "tag", textContent: "Default" }),
      el("span", { className: "quiet", textContent: `Expires ${expiry(card)}` }),
    ),
    el(
      "span",
      { className: "buttons" },
      !card.is_default && actionButton(`default-${card.id}`, "Make default", name, makeDefault),
      actionButton(`remove-${card.id}`, "Remove", name, remove),
    ),
  );
}

function actionButton(
  id: string,
  text: string,
  card: string,
  action: () => Promise<void>,
): HTMLElement {
  const button = el("button", {
    type: "button",
    id,
    textContent: text,
    ariaLabel: `${text}: ${card}`,
  });
  button.addEventListener("click", () => void busy(button, action));
  return button;
}

/** Run an action, show its outcome, and reload the list in any case. */
async function perform(refresh: () => Promise<void>, action: () => Promise<string>): Promise<void> {
  try {
    notice(await action());
  } catch (reason) {
    if (!(reason instanceof Failure)) throw reason;
    notice(reason.afterChange, "bad");
  }
  await refresh();
}

function expiry(card: Schemas["PaymentMethod"]): string {
  if (card.card_exp_month === null || card.card_exp_year === null) return "unknown";
  return `${String(card.card_exp_month).padStart(2, "0")}/${card.card_exp_year}`;
}
