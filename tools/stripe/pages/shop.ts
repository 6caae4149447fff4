/** What the test pages share. The URL's parameters replace the data of a shop's server. */
const parameters = new URLSearchParams(location.search);

export const kind = parameters.get("kind") ?? "payment";
export const secret = parameters.get("secret") ?? "";
export const theme = parameters.get("theme") === "night" ? ("night" as const) : ("stripe" as const);
export const redirect = parameters.get("redirect") ?? "if_required";
export const returnUrl = new URL("/done", location.href).href;
const mock = parameters.get("mock") ?? "";
const key = parameters.get("key") ?? "";

/** Add a payment method to the account, as a shop does after Stripe.js has created it. */
export async function addCard(paymentMethod: string): Promise<string> {
  const response = await fetch(`${mock}/api/v1/billing/payment-methods`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-API-Key": key },
    body: JSON.stringify({ payment_method_id: paymentMethod }),
  });
  const body = (await response.json()) as Record<
    string,
    { card_brand: string; card_last4: string }
  > & { detail?: string };
  const card = (body.payment_method ?? body) as unknown as {
    card_brand: string;
    card_last4: string;
  };
  return response.ok ? `added ${card.card_brand} ${card.card_last4}` : `not added: ${body.detail}`;
}

export async function newSecret(): Promise<string> {
  const headers = { "X-API-Key": key };
  const response = await fetch(`${mock}/api/v1/billing/setup-intent`, { method: "POST", headers });
  return ((await response.json()) as { client_secret: string }).client_secret;
}
