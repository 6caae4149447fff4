// The calls to the mock: the only thing that leaves the page.

const SCRIPT_PATH = "/_mock/stripe.js";

/** Where the mock is: where this script came from, or, when something else served it, where the mock says it is. */
const ORIGIN = (() => {
  const source = (document.currentScript?.src ?? "").split(/[?#]/)[0];
  return source.endsWith(SCRIPT_PATH) ? source.slice(0, -SCRIPT_PATH.length) : MOCK.origin;
})();

/** The answer, or {error}. */
async function post(path, body) {
  try {
    const reply = await fetch(`${ORIGIN}/_mock/stripe/v1/${path}`, {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return await reply.json();
  } catch {
    return { error: CONNECTION_ERROR };
  }
}

/** One of the calls about a setup intent: {setupIntent}, or {error}. */
async function aboutIntent(secret, where, step = "", more = {}) {
  const { id, isSetup } = intentOf(secret, where);
  if (!isSetup) return { error: NO_PAYMENT_INTENTS };
  const answer = await post(`setup_intents/${id}${step}`, { client_secret: secret, ...more });
  return answer.error ? { error: answer.error } : { setupIntent: answer };
}
