// Errors, worded as Stripe words them: incorrect use throws, every other error is a value.

class IntegrationError extends Error {
  constructor(message) {
    super(message);
    this.name = "IntegrationError";
  }
}

const UNSUPPORTED_MESSAGE =
  "is not part of the mock's stand-in for Stripe.js, which only sets up cards and opens " +
  "checkout pages.";

function throwUnsupported(name) {
  throw new IntegrationError(`${name} ${UNSUPPORTED_MESSAGE}`);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Describe the type of a value, but not its content, which may be a secret. */
function describeType(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "string" ? "a string of another form" : `${typeof value}`;
}

const SECRET = /^((seti|pi)_[A-Za-z0-9]+)_secret_[A-Za-z0-9]+$/;

/** Return the id of the intent of a client secret, and whether it is a setup intent. */
function intentOf(secret, where) {
  const found = typeof secret === "string" ? SECRET.exec(secret) : null;
  if (found === null) {
    throw new IntegrationError(
      `Invalid value for ${where}: value should be a client secret of the form ` +
        `\${id}_secret_\${secret}. You specified: ${describeType(secret)}.`,
    );
  }
  return { id: found[1], isSetup: found[2] === "seti" };
}

const CONNECTION_ERROR = {
  type: "api_connection_error",
  message:
    `The mock at ${MOCK.origin} cannot be reached. Nothing was charged. ` +
    "Check that it is running, and try again.",
};

const NO_PAYMENT_INTENTS = {
  type: "invalid_request_error",
  code: "resource_missing",
  message:
    "The mock has no payment intents: this API takes payments on checkout pages. Open the url of " +
    "a deposit or a checkout session, or call stripe.redirectToCheckout({sessionId}).",
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
  incomplete_address: "This field is incomplete.",
  incomplete_email: "Your email is incomplete.",
};

function validationError(code) {
  return { type: "validation_error", code, message: VALIDATION_MESSAGES[code] };
}
