// The global function Stripe(key) and the object that it returns.

async function paymentIntentsUnsupported() {
  return { error: NO_PAYMENT_INTENTS };
}

async function redirectToCheckout(options) {
  const id = isObject(options) ? options.sessionId : undefined;
  if (isObject(options) && id === undefined)
    throwUnsupported("stripe.redirectToCheckout() without a sessionId");
  if (typeof id !== "string" || !/^cs_\w+$/.test(id)) {
    throw new IntegrationError(
      "Invalid value for stripe.redirectToCheckout(): sessionId should be the id of " +
        "a Checkout Session, cs_...",
    );
  }
  location.assign(`${ORIGIN}/checkout/${id}`);
  return new Promise(() => {});
}

const METHODS = {
  elements: (options = {}) => {
    if (!isObject(options))
      throw new IntegrationError("Invalid value for elements(): options should be an object.");
    return new GroupImplementation(options).handle;
  },
  createPaymentMethod,
  createToken,
  confirmSetup,
  confirmCardSetup,
  retrieveSetupIntent,
  handleNextAction,
  redirectToCheckout,
  confirmPayment: paymentIntentsUnsupported,
  confirmCardPayment: paymentIntentsUnsupported,
  retrievePaymentIntent: paymentIntentsUnsupported,
  handleCardAction: paymentIntentsUnsupported,
  // Wrappers report themselves to Stripe; the mock ignores them.
  registerAppInfo: () => undefined,
  _registerWrapper: () => undefined,
};

function Stripe(key) {
  if (typeof key !== "string" || key.trim() === "") {
    throw new IntegrationError(
      "Please call Stripe() with your publishable key. With the mock, any pk_test_... key works.",
    );
  }
  if (key.startsWith("sk_")) {
    throw new IntegrationError(
      "You should not use your secret key with Stripe.js. Please pass a publishable key instead.",
    );
  }
  if (key.startsWith("pk_live")) {
    throw new IntegrationError(
      "The mock's stand-in for Stripe.js accepts no live keys. Any pk_test_... key works.",
    );
  }
  const stripe = { _apiKey: key, _keyMode: "test" };
  for (const [name, method] of Object.entries(METHODS)) stripe[name] = method;
  for (const name of UNSUPPORTED) stripe[name] = () => throwUnsupported(`stripe.${name}()`);
  return stripe;
}

/** The release that the page requested. @stripe/stripe-js compares it with Stripe.version. */
function requestedRelease() {
  const [, train] =
    /^https:\/\/js\.stripe\.com\/([a-z0-9]+)/.exec(document.currentScript?.src ?? "") ?? [];
  return train === "v3" ? 3 : (train ?? "endive");
}

if (window.Stripe?.isStandIn) {
  console.warn("The mock's stand-in for Stripe.js was loaded more than once.");
} else {
  Stripe.version = requestedRelease();
  Stripe.isStandIn = true;
  window.Stripe = Stripe;
}
