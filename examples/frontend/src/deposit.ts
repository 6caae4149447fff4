/** Adding funds: a form, then the checkout page, then back here. */

import { answer, billing } from "./api";
import { busy, el } from "./dom";
import { Failure } from "./failure";
import { field, form } from "./forms";
import { notice } from "./notices";
import { bonusInWords, typedCents } from "./words";

const DONE = "done";
const CANCELLED = "cancelled";
const LOOKS = 4;
const BETWEEN_LOOKS_MS = 1_000;

export function depositSection(): HTMLElement {
  const amount = field(
    "Amount in dollars",
    { id: "amount", inputMode: "decimal", value: "50", required: true },
    "$10 to $2,000",
  );
  const promo = field(
    "Promo code",
    { id: "promo", autocomplete: "off", spellcheck: false, maxLength: 64 },
    "If you have one",
  );
  const worth = el("p", {
    className: "quiet",
    role: "status",
    attrs: { "data-testid": "promo-worth" },
  });
  const apply = el("button", { type: "button", textContent: "Check code" });

  const code = (): string => promo.input.value.trim();
  const validate = async (): Promise<void> => {
    promo.setProblem(undefined);
    worth.textContent = "";
    if (code() === "") return promo.setProblem("Type a code first.");
    const found = await answer(
      billing.POST("/api/v1/billing/promo/validate", { body: { code: code() } }),
    );
    if (found.valid) worth.textContent = `${found.message} ${bonusInWords(found)}`;
    else promo.setProblem(found.message);
  };
  apply.addEventListener("click", () => {
    void busy(apply, () =>
      validate().catch((reason: unknown) => promo.setProblem(wordsOf(reason))),
    );
  });
  promo.input.addEventListener("input", () => {
    promo.setProblem(undefined);
    worth.textContent = "";
  });

  const element = form(
    {
      fields: { amount_cents: amount, promo_code: promo },
      content: [
        amount.element,
        el("div", { className: "with-button" }, promo.element, apply, worth),
      ],
      submit: "Continue to payment",
    },
    async () => {
      const cents = typedCents(amount.input.value);
      if (cents === undefined || cents < 1_000 || cents > 200_000) {
        const wanted = "Type an amount from $10 to $2,000, such as 50 or 12.50.";
        throw new Failure(wanted, new Map([["amount_cents", wanted]]));
      }
      const session = await answer(
        billing.POST("/api/v1/billing/deposit", {
          body: {
            amount_cents: cents,
            success_url: addressAfter(DONE, "&session={CHECKOUT_SESSION_ID}"),
            cancel_url: addressAfter(CANCELLED),
            ...(code() === "" ? {} : { promo_code: code() }),
          },
        }),
      );
      location.assign(session.url);
    },
  );
  const title = el("h2", { id: "deposit-title", textContent: "Add funds" });
  return el("section", { id: "deposit", attrs: { "aria-labelledby": title.id } }, title, element);
}

/** The placeholder of the session must arrive as it is written, so it is no search parameter like others. */
function addressAfter(outcome: string, more = ""): string {
  return `${location.origin}${location.pathname}?deposit=${outcome}${more}`;
}

/**
 * Say how the way through the checkout page ended. An address can be typed by anybody, so that something was paid is
 * only said when the ledger says so; it may take a moment until it does.
 */
export async function welcomeBack(refresh: () => Promise<void>): Promise<void> {
  const address = new URL(location.href);
  const outcome = address.searchParams.get("deposit");
  const session = address.searchParams.get("session");
  if (outcome === null) return;
  history.replaceState(null, "", address.pathname);
  if (outcome === CANCELLED) notice("Payment cancelled. Nothing was charged.", "plain");
  if (outcome !== DONE || session === null) return;
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
    const said = await paid(session).catch(() => undefined);
    if (said !== undefined) {
      notice(said);
      return refresh();
    }
  }
  notice("Your payment is being processed. Your balance will show it soon.", "plain");
}

/** What a session brought, by the ledger; undefined if it is not there. */
async function paid(session: string): Promise<string | undefined> {
  const { transactions } = await answer(
    billing.GET("/api/v1/billing/credit-transactions", { params: { query: { limit: 100 } } }),
  );
  const entries = transactions.filter((entry) => entry.reference_id === session);
  const deposit = entries.find((entry) => entry.type === "deposit");
  const bonus = entries.find((entry) => entry.type === "bonus");
  if (deposit === undefined) return undefined;
  const more = bonus === undefined ? "" : `, and a bonus of ${bonus.amount_display}`;
  return `Payment received: ${deposit.amount_display} added to your balance${more}.`;
}

function wordsOf(reason: unknown): string {
  if (reason instanceof Failure) return reason.message;
  throw reason;
}
