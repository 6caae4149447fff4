// What can go wrong, in Stripe's words: wrong use throws, everything else is a value.

class IntegrationError extends Error {
  constructor(message) {
    super(message);
    this.name = "IntegrationError";
  }
}

const IS_LEFT_OUT = "is not part of the mock's stand-in for Stripe.js, which sets up cards and goes to checkout pages.";

function leftOut(name) {
  throw new IntegrationError(`${name} ${IS_LEFT_OUT}`);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a value is, without its content: it may be a secret. */
function kindOf(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "string" ? "a string of another form" : `${typeof value}`;
}

const SECRET = /^((seti|pi)_[A-Za-z0-9]+)_secret_[A-Za-z0-9]+$/;

/** The intent that a client secret belongs to: its id, and whether it is a setup or a payment intent. */
function intentOf(secret, where) {
  const found = typeof secret === "string" ? SECRET.exec(secret) : null;
  if (found === null) {
    throw new IntegrationError(
      `Invalid value for ${where}: value should be a client secret of the form \${id}_secret_\${secret}. ` +
        `You specified: ${kindOf(secret)}.`,
    );
  }
  return { id: found[1], isSetup: found[2] === "seti" };
}

const CONNECTION_ERROR = {
  type: "api_connection_error",
  message: `The mock at ${MOCK.origin} cannot be reached. Nothing was charged. Check that it runs, and try again.`,
};

const NO_PAYMENT_INTENTS = {
  type: "invalid_request_error",
  code: "resource_missing",
  message:
    "The mock has no payment intents: this API takes payments on checkout pages. Open the url of a deposit or a " +
    "checkout session, or call stripe.redirectToCheckout({sessionId}).",
  param: "intent",
};

const VALIDATION_MESSAGES = {
  incomplete_number: "Your card number is incomplete.",
  invalid_number: "Your card number is invalid.",
  incomplete_expiry: "Your card's expiration date is incomplete.",
  invalid_expiry_month: "Your card's expiration date is invalid.",
  invalid_expiry_month_past: "Your card's expiration date is in the past.",
  invalid_expiry_year: "Your card's expiration year is invalid.",
  invalid_expiry_year_past: "Your card's expiration year is in the past.",
  incomplete_cvc: "Your card's security code is incomplete.",
  incomplete_zip: "Your postal code is incomplete.",
};

function validationError(code) {
  return { type: "validation_error", code, message: VALIDATION_MESSAGES[code] };
}
