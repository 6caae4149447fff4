/** The same page in React, in strict mode, which mounts everything twice. */
import {
  CardCvcElement,
  CardElement,
  CardExpiryElement,
  CardNumberElement,
  Elements,
  PaymentElement,
  useElements,
  useStripe,
} from "@stripe/react-stripe-js";
import { loadStripe } from "@stripe/stripe-js";
import { StrictMode, useState } from "react";
import type { FormEvent, ReactElement } from "react";
import { createRoot } from "react-dom/client";

import { addCard, kind, secret, theme } from "./shop";

const stripePromise = loadStripe("pk_test_shop");

function Fields({ onComplete }: { onComplete: (complete: boolean) => void }): ReactElement {
  const onChange = (event: { complete: boolean }): void => onComplete(event.complete);
  if (kind === "payment")
    return <PaymentElement onChange={onChange} onReady={() => onComplete(false)} />;
  if (kind === "card")
    return <CardElement onChange={onChange} options={{ hidePostalCode: true }} />;
  return (
    <>
      <CardNumberElement options={{ showIcon: true }} onChange={onChange} />
      <CardExpiryElement />
      <CardCvcElement />
    </>
  );
}

function Form(): ReactElement {
  const stripe = useStripe();
  const elements = useElements();
  const [isComplete, setComplete] = useState(false);
  const [isShown, setShown] = useState(true);
  const [result, setResult] = useState("");

  async function save(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!stripe || !elements) return;
    const card =
      kind === "card" ? elements.getElement(CardElement) : elements.getElement(CardNumberElement);
    const { setupIntent, error } =
      kind === "payment"
        ? await stripe.confirmSetup({ elements, redirect: "if_required" })
        : await stripe.confirmCardSetup(secret, card ? { payment_method: { card } } : {});
    if (error) setResult(`${error.type} ${error.code ?? ""}: ${error.message ?? ""}`);
    else setResult(await addCard(String(setupIntent.payment_method)));
  }

  return (
    <form
      onSubmit={(event) => void save(event).catch((error: unknown) => setResult(String(error)))}
    >
      {isShown && <Fields onComplete={setComplete} />}
      <button>Save card</button>
      <button type="button" onClick={() => setShown(!isShown)}>
        {isShown ? "Hide" : "Show"}
      </button>
      <p data-testid="complete">{isComplete ? "complete" : "incomplete"}</p>
      <p role="status" id="result">
        {result}
      </p>
    </form>
  );
}

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <Elements stripe={stripePromise} options={{ clientSecret: secret, appearance: { theme } }}>
      <Form />
    </Elements>
  </StrictMode>,
);
