/** Adding funds: the form, the redirect to the checkout page, and the return from it. */

import { billing, dataOf } from "./api";
import { busy, el } from "./dom";
import { Failure } from "./failure";
import { describeBonus, parseCents } from "./format";
import { field, form } from "./forms";
import { notice } from "./notices";

const DONE = "done";
const CANCELLED = "cancelled";
const ATTEMPTS = 4;
const ATTEMPT_INTERVAL_MS = 1_000;

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
  const benefit = el("p", {
    className: "quiet",
    role: "status",
    attrs: { "data-testid": "promo-worth" },
  });
  const apply = el("button", { type: "button", textContent: "Check code" });

  const code = (): string => promo.input.value.trim();
  const validate = async (): Promise<void> => {
    promo.setProblem(undefined);
    benefit.textContent = "";
    if (code() === "") return promo.setProblem("Enter a code first.");
    const validation = await dataOf(
      billing.POST("/api/v1/billing/promo/validate", { body: { code: code() } }),
    );
    if (validation.valid)
      benefit.textContent = `${validation.message} ${describeBonus(validation)}`;
    else promo.setProblem(validation.message);
  };
  apply.addEventListener("click", () => {
    void busy(apply, () =>
      validate().catch((reason: unknown) => promo.setProblem(messageOf(reason))),
    );
  });
  promo.input.addEventListener("input", () => {
    promo.setProblem(undefined);
    benefit.textContent = "";
  });

  const element = form(
    {
      fields: { amount_cents: amount, promo_code: promo },
      content: [
        amount.element,
        el("div", { className: "with-button" }, promo.element, apply, benefit),
      ],
      submit: "Continue to payment",
    },
    async () => {
      const cents = parseCents(amount.input.value);
      if (cents === undefined || cents < 1_000 || cents > 200_000) {
        const message = "Enter an amount from $10 to $2,000, such as 50 or 12.50.";
        throw new Failure(message, new Map([["amount_cents", message]]));
      }
      const session = await dataOf(
        billing.POST("/api/v1/billing/deposit", {
          body: {
            amount_cents: cents,
            success_url: returnUrl(DONE, "&session={CHECKOUT_SESSION_ID}"),
            cancel_url: returnUrl(CANCELLED),
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

/** A string, not a URL object, since that would encode the braces of the session placeholder. */
function returnUrl(outcome: string, more = ""): string {
  return `${location.origin}${location.pathname}?deposit=${outcome}${more}`;
}

/**
 * Report the outcome after the return from the checkout page. A URL can be forged, so a payment is
 * only confirmed if it is in the ledger, where it may appear with a short delay.
 */
export async function reportCheckout(refresh: () => Promise<void>): Promise<void> {
  const url = new URL(location.href);
  const outcome = url.searchParams.get("deposit");
  const session = url.searchParams.get("session");
  if (outcome === null) return;
  history.replaceState(null, "", url.pathname);
  if (outcome === CANCELLED) notice("Payment cancelled. Nothing was charged.", "plain");
  if (outcome !== DONE || session === null) return;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, ATTEMPT_INTERVAL_MS));
    const message = await paymentMessage(session).catch(() => undefined);
    if (message !== undefined) {
      notice(message);
      return refresh();
    }
  }
  notice("Your payment is being processed. Your balance will show it soon.", "plain");
}

/** Describe the payment of a session from its ledger entries; undefined if there are none. */
async function paymentMessage(session: string): Promise<string | undefined> {
  const { transactions } = await dataOf(
    billing.GET("/api/v1/billing/credit-transactions", { params: { query: { limit: 100 } } }),
  );
  const entries = transactions.filter((entry) => entry.reference_id === session);
  const deposit = entries.find((entry) => entry.type === "deposit");
  const bonus = entries.find((entry) => entry.type === "bonus");
  if (deposit === undefined) return undefined;
  const addition = bonus === undefined ? "" : `, and a bonus of ${bonus.amount_display}`;
  return `Payment received: ${deposit.amount_display} added to your balance${addition}.`;
}

function messageOf(reason: unknown): string {
  if (reason instanceof Failure) return reason.message;
  throw reason;
}
