// Methods that create payment methods and confirm setup intents.

/**
 * Send the card of an element to the mock: the response, or {error} if it is incomplete or invalid.
 * The frame adds the card and the entered billing details to the body, under `wrapper` if given.
 */
async function sendCard(element, where, { path, billing, wrapper, body }) {
  const types =
    element.type === "cardNumber" ? ["cardNumber", "cardExpiry", "cardCvc"] : [element.type];
  const elements = types.map((type) => element.group.part(type));
  if (elements.some((part) => part === undefined || !part.isMounted))
    throw new IntegrationError(`${where}: ${NOT_MOUNTED}`);
  const contacts = element.type === "payment" ? element.group.contacts : [];
  const parts = [...contacts, ...elements];
  const errors = await Promise.all(parts.map((part) => part.validate()));
  const error = errors.find((problem) => problem !== undefined);
  if (error !== undefined) return { error };
  const details = contacts.length > 0 ? element.group.withContacts(billing) : billing;
  return element.send(path, details, wrapper, body);
}

/** Send a card, an element or a token, to the mock. */
function sendCardOf(card, where, request) {
  if (!isObject(card) || typeof card.token !== "string")
    return sendCard(elementOf(card, where), where, request);
  const { path, billing, wrapper, body } = request;
  const data = { type: "card", token: card.token, billing_details: billing ?? {} };
  return post(path, wrapper === undefined ? data : { ...body, [wrapper]: data });
}

/** Return the element of a card or of its number. */
function elementOf(card, where) {
  const element = implementationOf(card);
  if (
    !(element instanceof ElementImplementation) ||
    !["card", "cardNumber"].includes(element.type)
  ) {
    const found = element === undefined ? describeType(card) : `a ${element.type} Element`;
    throw new IntegrationError(
      `Invalid value for ${where}: card should be a card or cardNumber Element, ` +
        `or an object {token}. You specified: ${found}.`,
    );
  }
  return element;
}

async function createPaymentMethod(options, legacyElement, legacyData) {
  const where = "stripe.createPaymentMethod()";
  let request = options;
  if (typeof options === "string")
    request = { ...legacyData, type: options, [options]: legacyElement };
  if (!isObject(request))
    throw new IntegrationError(`Invalid value for ${where}: an object is required.`);
  let response;
  const path = "payment_methods";
  if (request.elements !== undefined || request.element !== undefined) {
    const element =
      request.element === undefined
        ? groupOf(request.elements, where).mounted(where)
        : implementationOf(request.element);
    if (!(element instanceof ElementImplementation))
      throw new IntegrationError(`Invalid value for ${where}: element.`);
    response = await sendCard(element, where, { path, billing: request.params?.billing_details });
  } else {
    if (request.type !== "card")
      throwUnsupported(`${where} with the type ${JSON.stringify(request.type)}`);
    const billing = request.billing_details;
    response = await sendCardOf(request.card, where, { path, billing });
  }
  return response.error ? { error: response.error } : { paymentMethod: response };
}

async function createToken(card, data) {
  if (typeof card === "string") throwUnsupported(`stripe.createToken(${JSON.stringify(card)})`);
  const {
    name,
    address_zip,
    address_country,
    address_city,
    address_state,
    address_line1,
    address_line2,
  } = data ?? {};
  const address = {
    postal_code: address_zip,
    country: address_country,
    city: address_city,
    state: address_state,
    line1: address_line1,
    line2: address_line2,
  };
  const { paymentMethod, error } = await createPaymentMethod({
    type: "card",
    card,
    billing_details: { name, address },
  });
  return error ? { error } : { token: tokenOf(paymentMethod) };
}

const TOKEN_BRANDS = {
  visa: "Visa",
  mastercard: "MasterCard",
  amex: "American Express",
  discover: "Discover",
  diners: "Diners Club",
  jcb: "JCB",
  unionpay: "UnionPay",
};

/** Convert a payment method to a token, the older format. */
function tokenOf({ id, card, billing_details: billing, created }) {
  const { address } = billing;
  return {
    id: id.replace(/^pm_/, "tok_"),
    object: "token",
    card: {
      id: id.replace(/^pm_/, "card_"),
      object: "card",
      brand: TOKEN_BRANDS[card.brand] ?? "Unknown",
      country: card.country,
      exp_month: card.exp_month,
      exp_year: card.exp_year,
      funding: card.funding,
      last4: card.last4,
      name: billing.name,
      address_city: address.city,
      address_country: address.country,
      address_line1: address.line1,
      address_line2: address.line2,
      address_state: address.state,
      address_zip: address.postal_code,
      cvc_check: null,
      dynamic_last4: null,
      metadata: {},
      tokenization_method: null,
    },
    client_ip: null,
    created,
    livemode: false,
    type: "card",
    used: false,
  };
}

function groupOf(elements, where) {
  const group = implementationOf(elements);
  if (!(group instanceof GroupImplementation)) {
    throw new IntegrationError(
      `Invalid value for ${where}: elements should be an object from stripe.elements().`,
    );
  }
  return group;
}

/** Validate a return URL. Only http and https: it may come from the page's own URL. */
function returnUrl(text, where) {
  let url;
  try {
    url = new URL(text);
  } catch {
    url = null;
  }
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new IntegrationError(
      `Invalid value for ${where}: return_url should be a full URL, ` +
        "beginning with https:// or http://.",
    );
  }
  return url;
}

/** Complete the required action of an intent; return {setupIntent}, or its last {error}. */
async function authenticate(setupIntent, where) {
  if (setupIntent.status !== "requires_action") return { setupIntent };
  const outcome = await challenge();
  const result = await requestSetupIntent(setupIntent.client_secret, where, "/authenticate", {
    outcome,
  });
  const failure = result.setupIntent?.last_setup_error;
  return failure ? { error: { ...failure, setup_intent: result.setupIntent } } : result;
}

/** Confirm a setup intent with a card that `send` adds to the request. */
async function confirmWithCard(secret, where, more, send) {
  const { id, isSetup } = intentOf(secret, where);
  if (!isSetup) return { error: NO_PAYMENT_INTENTS };
  const body = { client_secret: secret, ...more };
  const path = `setup_intents/${id}/confirm`;
  const response = await send({ path, wrapper: "payment_method_data", body });
  return response.error ? { error: response.error } : { setupIntent: response };
}

async function confirmSetup(options) {
  const where = "stripe.confirmSetup()";
  if (!isObject(options))
    throw new IntegrationError(`Invalid value for ${where}: an object is required.`);
  const { elements, confirmParams = {}, redirect = "always" } = options;
  if (!["always", "if_required"].includes(redirect)) {
    throw new IntegrationError(
      `Invalid value for ${where}: redirect should be one of: always, if_required.`,
    );
  }
  if (confirmParams.return_url === undefined && redirect === "always") {
    throw new IntegrationError(
      `${where}: the confirmParams.return_url argument is required ` +
        "unless passing redirect: 'if_required'.",
    );
  }
  const back =
    confirmParams.return_url === undefined ? null : returnUrl(confirmParams.return_url, where);
  if (confirmParams.confirmation_token !== undefined) throwUnsupported("confirmation_token");
  const group = elements === undefined ? null : groupOf(elements, where);
  const secret = options.clientSecret ?? group?.secret;
  intentOf(secret, `${where}: clientSecret`);
  const body = { expand: confirmParams.expand ?? [] };
  let result;
  if (typeof confirmParams.payment_method === "string") {
    body.payment_method = confirmParams.payment_method;
    result = await requestSetupIntent(secret, where, "/confirm", body);
  } else {
    if (group === null)
      throw new IntegrationError(
        `Invalid value for ${where}: elements, or a payment_method, is required.`,
      );
    const element = group.mounted(where);
    if (group.secret === undefined && !group.isSubmitted) {
      throw new IntegrationError(
        `elements.submit() must be called, and have succeeded, before ${where}.`,
      );
    }
    const billing = confirmParams.payment_method_data?.billing_details;
    result = await confirmWithCard(secret, where, body, (request) =>
      sendCard(element, where, { ...request, billing }),
    );
  }
  if (result.setupIntent) result = await authenticate(result.setupIntent, where);
  if (result.error || redirect === "if_required") return result;
  return redirectBack(back, result.setupIntent);
}

/** Redirect to the return URL. The promise never settles. */
function redirectBack(url, { id, client_secret: secret, status }) {
  url.searchParams.set("setup_intent", id);
  url.searchParams.set("setup_intent_client_secret", secret);
  url.searchParams.set("redirect_status", status === "succeeded" ? "succeeded" : "failed");
  location.assign(url.href);
  return new Promise(() => {});
}

async function confirmCardSetup(secret, data = {}, { handleActions = true } = {}) {
  const where = "stripe.confirmCardSetup()";
  intentOf(secret, `${where} intent secret`);
  if (!isObject(data))
    throw new IntegrationError(`Invalid value for ${where}: data should be an object.`);
  const method = data.payment_method;
  const body = { expand: data.expand ?? [] };
  if (method === undefined) {
    // Continue a setup in progress. Without one, the mock reports the error.
    const current = await requestSetupIntent(secret, where);
    if (current.error) return current;
    if (current.setupIntent.status === "requires_action") {
      return handleActions ? authenticate(current.setupIntent, where) : current;
    }
  } else if (typeof method === "string") {
    body.payment_method = method;
  } else if (isObject(method)) {
    const billing = method.billing_details;
    const sent = await confirmWithCard(secret, where, body, (request) =>
      sendCardOf(method.card, where, { ...request, billing }),
    );
    return sent.setupIntent && handleActions ? authenticate(sent.setupIntent, where) : sent;
  } else {
    throw new IntegrationError(
      `Invalid value for ${where}: payment_method should be an id or an object.`,
    );
  }
  const result = await requestSetupIntent(secret, where, "/confirm", body);
  return result.setupIntent && handleActions ? authenticate(result.setupIntent, where) : result;
}

async function retrieveSetupIntent(secret) {
  return requestSetupIntent(secret, "stripe.retrieveSetupIntent() intent secret");
}

async function handleNextAction(options) {
  const where = "stripe.handleNextAction()";
  if (!isObject(options))
    throw new IntegrationError(`Invalid value for ${where}: an object is required.`);
  if (options.hashedValue !== undefined) throwUnsupported(`${where} with a hashedValue`);
  const { setupIntent, error } = await requestSetupIntent(
    options.clientSecret,
    `${where}: clientSecret`,
  );
  if (error) return { error };
  if (setupIntent.status !== "requires_action") {
    const message =
      "handleNextAction: The SetupIntent supplied is not in the requires_action state.";
    return {
      error: {
        type: "invalid_request_error",
        code: "setup_intent_unexpected_state",
        message,
        setup_intent: setupIntent,
      },
    };
  }
  return authenticate(setupIntent, where);
}
