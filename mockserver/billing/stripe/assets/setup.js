// Methods that create payment methods and confirm setup intents.

/** Read the card data of an element: {data}, or {error} if it is incomplete or invalid. */
function cardDataOf(element, where) {
  const types =
    element.type === "cardNumber" ? ["cardNumber", "cardExpiry", "cardCvc"] : [element.type];
  const elements = types.map((type) => element.group.part(type));
  if (elements.some((part) => part === undefined || !part.isMounted)) {
    throw new IntegrationError(
      `${where}: We could not retrieve data from the specified Element. ` +
        "Please make sure the Element you are attempting to use is still mounted.",
    );
  }
  const error = elements.map((part) => part.validate()).find((problem) => problem !== undefined);
  if (error !== undefined) return { error };
  const fields = elements.flatMap((part) => part.shownFields);
  const text = (kind) => fields.find((field) => field.kind === kind)?.value ?? "";
  const { month, year } = expiryOf(text("expiry"));
  const card = {
    number: digitsOf(text("number")),
    exp_month: month,
    exp_year: year,
    cvc: digitsOf(text("cvc")),
  };
  const address = { postal_code: text("postal") || null, country: element.country ?? null };
  return { data: { type: "card", card, billing_details: { address } } };
}

/** Merge the billing details of the page and of the form; the form takes precedence. */
function withBillingDetails(data, billing) {
  const own = isObject(billing) ? billing : {};
  const entered = Object.entries(data.billing_details?.address ?? {}).filter(
    ([, value]) => value !== null,
  );
  const address = { ...(isObject(own.address) ? own.address : {}), ...Object.fromEntries(entered) };
  return { ...data, billing_details: { ...own, address } };
}

/** Convert `card`, an element or a token, to payment method data: {data} or {error}. */
function cardData(card, billing, where) {
  if (isObject(card) && typeof card.token === "string") {
    return { data: withBillingDetails({ type: "card", token: card.token }, billing) };
  }
  const element = implementationOf(card);
  if (
    !(element instanceof CardElementImplementation) ||
    !["card", "cardNumber"].includes(element.type)
  ) {
    const found = element === undefined ? describeType(card) : `a ${element.type} Element`;
    throw new IntegrationError(
      `Invalid value for ${where}: card should be a card or cardNumber Element, ` +
        `or an object {token}. You specified: ${found}.`,
    );
  }
  const { data, error } = cardDataOf(element, where);
  return error ? { error } : { data: withBillingDetails(data, billing) };
}

async function createPaymentMethod(options, legacyElement, legacyData) {
  const where = "stripe.createPaymentMethod()";
  let request = options;
  if (typeof options === "string")
    request = { ...legacyData, type: options, [options]: legacyElement };
  if (!isObject(request))
    throw new IntegrationError(`Invalid value for ${where}: an object is required.`);
  let created;
  if (request.elements !== undefined || request.element !== undefined) {
    const element =
      request.element === undefined
        ? groupOf(request.elements, where).mounted(where)
        : implementationOf(request.element);
    if (!(element instanceof ElementImplementation))
      throw new IntegrationError(`Invalid value for ${where}: element.`);
    created = cardDataOf(element, where);
    if (created.data)
      created.data = withBillingDetails(created.data, request.params?.billing_details);
  } else {
    if (request.type !== "card")
      throwUnsupported(`${where} with the type ${JSON.stringify(request.type)}`);
    created = cardData(request.card, request.billing_details, where);
  }
  if (created.error) return { error: created.error };
  const response = await post("payment_methods", created.data);
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
  if (typeof confirmParams.payment_method === "string") {
    body.payment_method = confirmParams.payment_method;
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
    const { data, error } = cardDataOf(element, where);
    if (error) return { error };
    body.payment_method_data = withBillingDetails(
      data,
      confirmParams.payment_method_data?.billing_details,
    );
  }
  let result = await requestSetupIntent(secret, where, "/confirm", body);
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
    const { data: created, error } = cardData(method.card, method.billing_details, where);
    if (error) return { error };
    body.payment_method_data = created;
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
