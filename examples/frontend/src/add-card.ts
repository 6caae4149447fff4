/**
 * Adding a card with Stripe, written as for production: a setup intent from the billing API, Stripe's own form, and the
 * payment method that comes out of it goes back to the billing API. Nothing here knows of a mock.
 */

import { loadStripe, type Appearance, type Stripe, type StripeElements } from "@stripe/stripe-js";
import { answer, billing } from "./api";
import { busy, el } from "./dom";
import { Failure } from "./failure";
import { form } from "./forms";
import { notice } from "./notices";
import { stripeKey } from "./settings";
import { cardInWords } from "./words";

interface Entry {
  stripe: Stripe;
  elements: StripeElements;
}

/** The button, and the form that it opens. */
export function addCard(added: () => Promise<void>): HTMLElement {
  const open = el("button", { type: "button", textContent: "Add a card" });
  const problem = el("p", { className: "problem", role: "alert", hidden: true });
  const place = el("div", {});
  const close = (): void => {
    place.replaceChildren();
    open.hidden = false;
    open.focus();
  };
  open.addEventListener("click", () => {
    problem.hidden = true;
    void busy(open, async () => {
      try {
        place.replaceChildren(await cardForm(added, close));
        open.hidden = true;
      } catch (reason) {
        problem.textContent = wordsOf(reason);
        problem.hidden = false;
      }
    });
  });
  return el("div", { id: "add-card" }, problem, open, place);
}

async function cardForm(added: () => Promise<void>, close: () => void): Promise<HTMLFormElement> {
  const mount = el("div", { id: "payment-element" });
  const prepare = async (): Promise<Entry> => {
    const [stripe, intent] = await Promise.all([
      loadStripe(stripeKey),
      answer(billing.POST("/api/v1/billing/setup-intent")),
    ]);
    if (stripe === null) throw new Failure("Cards cannot be added here.");
    const elements = stripe.elements({
      clientSecret: intent.client_secret,
      appearance: appearance(),
    });
    mount.replaceChildren();
    elements.create("payment").mount(mount);
    return { stripe, elements };
  };
  let entry = await prepare();
  const cancel = el("button", { type: "button", textContent: "Cancel", on: { click: close } });
  return form({ fields: {}, content: [mount], submit: "Save card", others: [cancel] }, async () => {
    const id = await confirmedMethod(entry);
    if (id === undefined) return;
    try {
      const card = await answer(
        billing.POST("/api/v1/billing/payment-methods", { body: { payment_method_id: id } }),
      );
      notice(`${cardInWords(card)} added.`);
    } catch (reason) {
      entry = await prepare(); // the intent is used up: another card needs another one
      throw reason;
    }
    close();
    await added();
  });
}

/**
 * The payment method's id, once the card's bank agreed; undefined if something is typed wrongly, which Stripe's form says
 * itself. A declined card can be corrected and tried again.
 */
async function confirmedMethod({ stripe, elements }: Entry): Promise<string | undefined> {
  const { error, setupIntent } = await stripe.confirmSetup({
    elements,
    confirmParams: { return_url: location.href },
    redirect: "if_required",
  });
  if (error?.type === "validation_error") return undefined;
  if (error !== undefined) throw new Failure(error.message ?? "The card could not be saved.");
  const method = setupIntent.payment_method;
  if (method === null) throw new Failure("The card could not be saved.");
  return typeof method === "string" ? method : method.id;
}

function appearance(): Appearance {
  return { theme: matchMedia("(prefers-color-scheme: dark)").matches ? "night" : "stripe" };
}

function wordsOf(reason: unknown): string {
  if (reason instanceof Failure) return reason.message;
  if (reason instanceof Error && reason.message.startsWith("Failed to load Stripe.js")) {
    return "The card form cannot be loaded. Check your connection, then try again.";
  }
  throw reason;
}
