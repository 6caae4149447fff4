/** A page that saves a card with Stripe.js, in plain TypeScript. */
import { loadStripe } from "@stripe/stripe-js";
import type { SetupIntentResult, Stripe, StripeElements, StripeError } from "@stripe/stripe-js";

import { addCard, kind, newSecret, redirect, returnUrl, secret, theme } from "./shop";

type Saved = { paymentMethod: string } | { error: StripeError };
type Save = () => Promise<Saved>;

const events: unknown[] = [];
const find = <T extends Element>(selector: string): T => document.querySelector(selector) as T;
const show = (text: string): void => void (find("#result").textContent = text);

function saved(result: SetupIntentResult): Saved {
  return result.error
    ? { error: result.error }
    : { paymentMethod: String(result.setupIntent.payment_method) };
}

/** The payment element, which Stripe recommends. */
function withPaymentElement(stripe: Stripe, elements: StripeElements): Save {
  const payment = elements.create("payment", { layout: "tabs" });
  payment.on("ready", (event) => events.push({ ready: event.elementType }));
  payment.on("change", (event) => events.push({ change: event }));
  payment.on("loaderror", (event) => show(`loaderror ${event.error.code ?? event.error.type}`));
  payment.mount("#element");
  return async () => {
    const confirmParams = {
      return_url: returnUrl,
      payment_method_data: { billing_details: { name: "Jenny Rosen" } },
    };
    if (redirect === "always") {
      const { error } = await stripe.confirmSetup({ elements, confirmParams });
      return { error };
    }
    return saved(await stripe.confirmSetup({ elements, confirmParams, redirect: "if_required" }));
  };
}

/** The payment element without an intent: the shop requests one when the form is submitted. */
function withDeferredIntent(stripe: Stripe, elements: StripeElements): Save {
  elements.create("payment").mount("#element");
  return async () => {
    const { error } = await elements.submit();
    if (error) return { error };
    const clientSecret = await newSecret();
    return saved(await stripe.confirmSetup({ elements, clientSecret, redirect: "if_required" }));
  };
}

/** The card element, with all fields in one row. */
function withCardElement(stripe: Stripe, elements: StripeElements): Save {
  const style = {
    base: {
      color: theme === "night" ? "#ffffff" : "#202030",
      "::placeholder": { color: "#8a8a99" },
    },
  };
  const card = elements.create("card", { style, hidePostalCode: kind === "card-without-postal" });
  card.on("change", (event) => {
    events.push({ change: event });
    find("#problem").textContent = event.error?.message ?? "";
  });
  card.mount(find<HTMLElement>("#element"));
  return async () => {
    const billing_details = { name: "Jenny Rosen", email: "jenny@example.com" };
    return saved(
      await stripe.confirmCardSetup(secret, { payment_method: { card, billing_details } }),
    );
  };
}

/** Separate elements for number, expiry and security code. */
function withSplitFields(stripe: Stripe, elements: StripeElements): Save {
  const number = elements.create("cardNumber", { showIcon: true, placeholder: "Number" });
  number.on("change", (event) => events.push({ change: event }));
  number.mount("#number");
  elements.create("cardExpiry").mount("#expiry");
  elements.create("cardCvc").mount("#cvc");
  return async () => {
    const { paymentMethod, error } = await stripe.createPaymentMethod({
      type: "card",
      card: number,
    });
    return error ? { error } : { paymentMethod: paymentMethod.id };
  };
}

async function start(): Promise<void> {
  const stripe = await loadStripe("pk_test_shop");
  if (stripe === null) throw new Error("Stripe.js is not available.");
  const appearance = {
    theme,
    variables: { colorPrimary: theme === "night" ? "#85d996" : "#5433ff" },
  };
  const elements =
    kind === "deferred"
      ? stripe.elements({ mode: "setup", currency: "usd", appearance })
      : stripe.elements(kind === "payment" ? { clientSecret: secret, appearance } : { appearance });
  const kinds = {
    payment: withPaymentElement,
    deferred: withDeferredIntent,
    split: withSplitFields,
  };
  const save = (kinds[kind as keyof typeof kinds] ?? withCardElement)(stripe, elements);
  find<HTMLFormElement>("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    show("saving");
    try {
      const result = await save();
      if ("error" in result)
        show(`${result.error.type} ${result.error.code ?? ""}: ${result.error.message ?? ""}`);
      else show(await addCard(result.paymentMethod));
    } catch (error) {
      show(String(error));
    }
  });
  Object.assign(window, { shop: { stripe, elements, events, secret } });
}

void start();
