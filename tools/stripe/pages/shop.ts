/** What the pages of the tests share: where the mock is and who pays, as a shop's own server would have told them. */
const asked = new URLSearchParams(location.search);

export const kind = asked.get("kind") ?? "payment";
export const secret = asked.get("secret") ?? "";
export const theme = asked.get("theme") === "night" ? ("night" as const) : ("stripe" as const);
export const redirect = asked.get("redirect") ?? "if_required";
export const returnUrl = new URL("/done", location.href).href;
const mock = asked.get("mock") ?? "";
const key = asked.get("key") ?? "";

/** Put a card on the account, as the shop does once Stripe.js has collected it. */
export async function addCard(paymentMethod: string): Promise<string> {
  const reply = await fetch(`${mock}/api/v1/billing/payment-methods`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-API-Key": key },
    body: JSON.stringify({ payment_method_id: paymentMethod }),
  });
  const body = (await reply.json()) as Record<
    string,
    { card_brand: string; card_last4: string }
  > & { detail?: string };
  const card = (body.payment_method ?? body) as unknown as {
    card_brand: string;
    card_last4: string;
  };
  return reply.ok ? `added ${card.card_brand} ${card.card_last4}` : `not added: ${body.detail}`;
}

export async function newSecret(): Promise<string> {
  const headers = { "X-API-Key": key };
  const reply = await fetch(`${mock}/api/v1/billing/setup-intent`, { method: "POST", headers });
  return ((await reply.json()) as { client_secret: string }).client_secret;
}
