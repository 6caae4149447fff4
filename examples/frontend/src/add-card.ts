/**
 * Adding a card with Stripe, as in production: the billing API creates a setup intent, Stripe's
 * form confirms it, and the resulting payment method is added with the billing API.
 */

import { loadStripe, type Appearance, type Stripe, type StripeElements } from "@stripe/stripe-js";
import { billing, dataOf } from "./api";
import { busy, el } from "./dom";
import { Failure } from "./failure";
import { cardName } from "./format";
import { form } from "./forms";
import { notice } from "./notices";
import { stripeKey } from "./settings";

interface CardEntry {
  stripe: Stripe;
  elements: StripeElements;
}

/** A button that opens the form. */
export function addCard(added: () => Promise<void>): HTMLElement {
  const open = el("button", { type: "button", textContent: "Add a card" });
  const problem = el("p", { className: "problem", role: "alert", hidden: true });
  const container = el("div", {});
  const close = (): void => {
    container.replaceChildren();
    open.hidden = false;
    open.focus();
  };
  open.addEventListener("click", () => {
    problem.hidden = true;
    void busy(open, async () => {
      try {
        container.replaceChildren(await cardForm(added, close));
        open.hidden = true;
      } catch (reason) {
        problem.textContent = messageOf(reason);
        problem.hidden = false;
      }
    });
  });
  return el("div", { id: "add-card" }, problem, open, container);
}

async function cardForm(added: () => Promise<void>, close: () => void): Promise<HTMLFormElement> {
  const mount = el("div", { id: "payment-element" });
  const prepare = async (): Promise<CardEntry> => {
    const [stripe, intent] = await Promise.all([
      loadStripe(stripeKey),
      dataOf(billing.POST("/api/v1/billing/setup-intent")),
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
      const card = await dataOf(
        billing.POST("/api/v1/billing/payment-methods", { body: { payment_method_id: id } }),
      );
      notice(`${cardName(card)} added.`);
    } catch (reason) {
      entry = await prepare(); // an intent can be confirmed once: another card needs a new one
      throw reason;
    }
    close();
    await added();
  });
}

/**
 * Confirm the card with its bank and return the payment method's id; undefined for invalid input,
 * which Stripe's form reports itself. After a declined card the user can try again.
 */
async function confirmedMethod({ stripe, elements }: CardEntry): Promise<string | undefined> {
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

function messageOf(reason: unknown): string {
  if (reason instanceof Failure) return reason.message;
  if (reason instanceof Error && reason.message.startsWith("Failed to load Stripe.js")) {
    return "The card form cannot be loaded. Check your connection, then try again.";
  }
  throw reason;
}
