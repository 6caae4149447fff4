/** The account's cards: which is charged, and adding or removing one. */

import { addCard } from "./add-card";
import { answer, billing, type Schemas } from "./api";
import { confirmed } from "./confirmation";
import { busy, el } from "./dom";
import { Failure } from "./failure";
import { notice } from "./notices";
import { section, type Section } from "./section";
import { cardInWords } from "./words";

const ONE = "/api/v1/billing/payment-methods/{payment_method_id}";

export function cardsSection(changed: () => void): Section {
  const refresh = async (): Promise<void> => {
    await whole.refresh();
    changed();
  };
  const whole = section("Payment methods", {
    id: "cards",
    load: () => answer(billing.GET("/api/v1/billing/payment-methods")),
    show: ({ payment_methods: cards }) => [
      cards.length === 0
        ? el("p", {
            className: "quiet",
            textContent: "No cards yet. Add one to pay without typing it each time.",
          })
        : el("ul", { className: "cards" }, ...cards.map((card) => item(card, refresh))),
    ],
    below: addCard(refresh),
  });
  return whole;
}

function item(card: Schemas["PaymentMethod"], refresh: () => Promise<void>): HTMLElement {
  const params = { path: { payment_method_id: card.id } };
  const name = cardInWords(card);
  const makeDefault = (): Promise<void> =>
    act(refresh, async () => (await answer(billing.POST(`${ONE}/default`, { params }))).message);
  const remove = async (): Promise<void> => {
    if (!(await confirmed(`Remove the ${name}?`, "Remove"))) return;
    await act(refresh, async () => (await answer(billing.DELETE(ONE, { params }))).message);
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
      !card.is_default && action(`default-${card.id}`, "Make default", name, makeDefault),
      action(`remove-${card.id}`, "Remove", name, remove),
    ),
  );
}

function action(id: string, text: string, card: string, work: () => Promise<void>): HTMLElement {
  const button = el("button", {
    type: "button",
    id,
    textContent: text,
    ariaLabel: `${text}: ${card}`,
  });
  button.addEventListener("click", () => void busy(button, work));
  return button;
}

/** Do something, say what came of it, and show how things are now, whatever came of it. */
async function act(refresh: () => Promise<void>, work: () => Promise<string>): Promise<void> {
  try {
    notice(await work());
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
