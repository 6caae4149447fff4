// Cards are typed, made payment methods, and set up.

/** What was typed into an element, to be sent: {data}, or {error} when it is not whole. */
function typed(element, where) {
  const parts = element.type === "cardNumber" ? ["cardNumber", "cardExpiry", "cardCvc"] : [element.type];
  const elements = parts.map((type) => element.group.part(type));
  if (elements.some((each) => each === undefined || !each.isMounted)) {
    throw new IntegrationError(
      `${where}: We could not retrieve data from the specified Element. ` +
        "Please make sure the Element you are attempting to use is still mounted.",
    );
  }
  const error = elements.map((each) => each.validate()).find((each) => each !== undefined);
  if (error !== undefined) return { error };
  const fields = elements.flatMap((each) => each.shownFields);
  const text = (kind) => fields.find((field) => field.kind === kind)?.value ?? "";
  const { month, year } = expiryOf(text("expiry"));
  const card = { number: digitsOf(text("number")), exp_month: month, exp_year: year, cvc: digitsOf(text("cvc")) };
  const address = { postal_code: text("postal") || null, country: element.country ?? null };
  return { data: { type: "card", card, billing_details: { address } } };
}

/** Billing details of the page, with those that were typed, which count more. */
function withBilling(data, billing) {
  const own = isObject(billing) ? billing : {};
  const typedIn = Object.entries(data.billing_details?.address ?? {}).filter(([, value]) => value !== null);
  const address = { ...(isObject(own.address) ? own.address : {}), ...Object.fromEntries(typedIn) };
  return { ...data, billing_details: { ...own, address } };
}

/** The `card` of payment method data: an element, or a token. {data}, or {error}. */
function cardData(card, billing, where) {
  if (isObject(card) && typeof card.token === "string") {
    return { data: withBilling({ type: "card", token: card.token }, billing) };
  }
  const element = behind(card);
  if (!(element instanceof CardElementBehind) || !["card", "cardNumber"].includes(element.type)) {
    throw new IntegrationError(
      `Invalid value for ${where}: card should be a card or cardNumber Element, or an object {token}. ` +
        `You specified: ${element === undefined ? kindOf(card) : `a ${element.type} Element`}.`,
    );
  }
  const { data, error } = typed(element, where);
  return error ? { error } : { data: withBilling(data, billing) };
}

async function createPaymentMethod(options, legacyElement, legacyData) {
  const where = "stripe.createPaymentMethod()";
  let given = options;
  if (typeof options === "string") given = { ...legacyData, type: options, [options]: legacyElement };
  if (!isObject(given)) throw new IntegrationError(`Invalid value for ${where}: an object is needed.`);
  let made;
  if (given.elements !== undefined || given.element !== undefined) {
    const element = given.element === undefined ? groupOf(given.elements, where).mounted(where) : behind(given.element);
    if (!(element instanceof ElementBehind)) throw new IntegrationError(`Invalid value for ${where}: element.`);
    made = typed(element, where);
    if (made.data) made.data = withBilling(made.data, given.params?.billing_details);
  } else {
    if (given.type !== "card") leftOut(`${where} with the type ${JSON.stringify(given.type)}`);
    made = cardData(given.card, given.billing_details, where);
  }
  if (made.error) return { error: made.error };
  const answer = await post("payment_methods", made.data);
  return answer.error ? { error: answer.error } : { paymentMethod: answer };
}

async function createToken(card, data) {
  if (typeof card === "string") leftOut(`stripe.createToken(${JSON.stringify(card)})`);
  const { name, address_zip, address_country, address_city, address_state, address_line1, address_line2 } = data ?? {};
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

/** A payment method in the older form of a token. */
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
  const group = behind(elements);
  if (!(group instanceof GroupBehind)) {
    throw new IntegrationError(`Invalid value for ${where}: elements should be what stripe.elements() gave.`);
  }
  return group;
}

/** Where to go afterwards. Only to web pages: an address may come from the page's own address. */
function returnUrl(text, where) {
  let url;
  try {
    url = new URL(text);
  } catch {
    url = null;
  }
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new IntegrationError(
      `Invalid value for ${where}: return_url should be a full URL, beginning with https:// or http://.`,
    );
  }
  return url;
}

/** Carry out what an intent waits for: {setupIntent} or {error}, which names the last thing that went wrong. */
async function authenticated(setupIntent, where) {
  if (setupIntent.status !== "requires_action") return { setupIntent };
  const outcome = await challenge();
  const result = await aboutIntent(setupIntent.client_secret, where, "/authenticate", { outcome });
  const failure = result.setupIntent?.last_setup_error;
  return failure ? { error: { ...failure, setup_intent: result.setupIntent } } : result;
}

async function confirmSetup(options) {
  const where = "stripe.confirmSetup()";
  if (!isObject(options)) throw new IntegrationError(`Invalid value for ${where}: an object is needed.`);
  const { elements, confirmParams = {}, redirect = "always" } = options;
  if (!["always", "if_required"].includes(redirect)) {
    throw new IntegrationError(`Invalid value for ${where}: redirect should be one of: always, if_required.`);
  }
  if (confirmParams.return_url === undefined && redirect === "always") {
    throw new IntegrationError(
      `${where}: the confirmParams.return_url argument is required unless passing redirect: 'if_required'.`,
    );
  }
  const back = confirmParams.return_url === undefined ? null : returnUrl(confirmParams.return_url, where);
  if (confirmParams.confirmation_token !== undefined) leftOut("confirmation_token");
  const group = elements === undefined ? null : groupOf(elements, where);
  const secret = options.clientSecret ?? group?.secret;
  intentOf(secret, `${where}: clientSecret`);
  const body = { expand: confirmParams.expand ?? [] };
  if (typeof confirmParams.payment_method === "string") {
    body.payment_method = confirmParams.payment_method;
  } else {
    if (group === null)
      throw new IntegrationError(`Invalid value for ${where}: elements, or a payment_method, is needed.`);
    const element = group.mounted(where);
    if (group.secret === undefined && !group.isSubmitted) {
      throw new IntegrationError(`elements.submit() must be called, and have succeeded, before ${where}.`);
    }
    const { data, error } = typed(element, where);
    if (error) return { error };
    body.payment_method_data = withBilling(data, confirmParams.payment_method_data?.billing_details);
  }
  let result = await aboutIntent(secret, where, "/confirm", body);
  if (result.setupIntent) result = await authenticated(result.setupIntent, where);
  if (result.error || redirect === "if_required") return result;
  return leave(back, result.setupIntent);
}

/** Go back to the page's own address, and never come back here. */
function leave(url, { id, client_secret: secret, status }) {
  url.searchParams.set("setup_intent", id);
  url.searchParams.set("setup_intent_client_secret", secret);
  url.searchParams.set("redirect_status", status === "succeeded" ? "succeeded" : "failed");
  location.assign(url.href);
  return new Promise(() => {});
}

async function confirmCardSetup(secret, data = {}, { handleActions = true } = {}) {
  const where = "stripe.confirmCardSetup()";
  intentOf(secret, `${where} intent secret`);
  if (!isObject(data)) throw new IntegrationError(`Invalid value for ${where}: data should be an object.`);
  const method = data.payment_method;
  const body = { expand: data.expand ?? [] };
  if (method === undefined) {
    // A setup that was begun goes on; the mock says so if there is none.
    const begun = await aboutIntent(secret, where);
    if (begun.error) return begun;
    if (begun.setupIntent.status === "requires_action") {
      return handleActions ? authenticated(begun.setupIntent, where) : begun;
    }
  } else if (typeof method === "string") {
    body.payment_method = method;
  } else if (isObject(method)) {
    const { data: made, error } = cardData(method.card, method.billing_details, where);
    if (error) return { error };
    body.payment_method_data = made;
  } else {
    throw new IntegrationError(`Invalid value for ${where}: payment_method should be an id or an object.`);
  }
  const result = await aboutIntent(secret, where, "/confirm", body);
  return result.setupIntent && handleActions ? authenticated(result.setupIntent, where) : result;
}

async function retrieveSetupIntent(secret) {
  return aboutIntent(secret, "stripe.retrieveSetupIntent() intent secret");
}

async function handleNextAction(options) {
  const where = "stripe.handleNextAction()";
  if (!isObject(options)) throw new IntegrationError(`Invalid value for ${where}: an object is needed.`);
  if (options.hashedValue !== undefined) leftOut(`${where} with a hashedValue`);
  const { setupIntent, error } = await aboutIntent(options.clientSecret, `${where}: clientSecret`);
  if (error) return { error };
  if (setupIntent.status !== "requires_action") {
    const message = "handleNextAction: The SetupIntent supplied is not in the requires_action state.";
    return {
      error: {
        type: "invalid_request_error",
        code: "setup_intent_unexpected_state",
        message,
        setup_intent: setupIntent,
      },
    };
  }
  return authenticated(setupIntent, where);
}
