// Requests to the mock. The scripts send no other requests.

/** Send a POST request; return the response body, or {error}. */
async function post(path, body) {
  try {
    const response = await fetch(`${ORIGIN}/_mock/stripe/v1/${path}`, {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return await response.json();
  } catch {
    return { error: CONNECTION_ERROR };
  }
}

/** Send a request about a setup intent; return {setupIntent} or {error}. */
async function requestSetupIntent(secret, where, step = "", more = {}) {
  const { id, isSetup } = intentOf(secret, where);
  if (!isSetup) return { error: NO_PAYMENT_INTENTS };
  const response = await post(`setup_intents/${id}${step}`, { client_secret: secret, ...more });
  return response.error ? { error: response.error } : { setupIntent: response };
}
