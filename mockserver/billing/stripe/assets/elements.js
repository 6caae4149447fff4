// A group of elements that belong to one form.

class GroupImplementation extends Emitter {
  constructor(options) {
    super();
    if (options.clientSecret !== undefined)
      intentOf(options.clientSecret, "elements(): clientSecret");
    if (options.clientSecret !== undefined && options.mode !== undefined) {
      throw new IntegrationError(
        "Invalid value for elements(): mode and clientSecret cannot both be specified.",
      );
    }
    if (
      options.mode !== undefined &&
      !["setup", "payment", "subscription"].includes(options.mode)
    ) {
      throw new IntegrationError(
        "Invalid value for elements(): mode should be one of: payment, setup, subscription.",
      );
    }
    this.id = unguessableId();
    this.options = { ...options };
    this.isSubmitted = false;
    this._elements = new Map();
    this.handle = new Elements(this);
  }

  get secret() {
    return this.options.clientSecret;
  }

  get isSetup() {
    return this.secret !== undefined
      ? this.secret.startsWith("seti_")
      : this.options.mode !== "payment";
  }

  /** The brand of the number in the cardNumber element. */
  get brand() {
    return this.part("cardNumber")?.state.payload.brand ?? "unknown";
  }

  part(type) {
    return this._elements.get(type);
  }

  create(type, options = {}) {
    const isInert = INERT_ELEMENTS.includes(type);
    if (!isInert && !Object.hasOwn(FRAMES, type))
      throwUnsupported(`The element ${JSON.stringify(type)}`);
    if (this._elements.has(type)) {
      throw new IntegrationError(
        `Can only create one Element of type ${type} through elements(). ` +
          "Destroy the other one first.",
      );
    }
    if (type === "payment" && this.secret === undefined && this.options.mode === undefined) {
      throw new IntegrationError(
        "In order to create a payment element, you must pass a clientSecret or mode when " +
          "creating the group: stripe.elements({clientSecret: 'YOUR_CLIENT_SECRET'}).",
      );
    }
    if (!isObject(options))
      throw new IntegrationError(
        "Invalid value for elements.create(): options should be an object.",
      );
    const element = new (isInert ? InertElement : ElementImplementation)(type, this, options);
    this._elements.set(type, element);
    return element.handle;
  }

  /** The mounted elements that collect an address or an email. */
  get contacts() {
    const parts = ["linkAuthentication", "address"].map((type) => this.part(type));
    return parts.filter((part) => part?.isMounted);
  }

  /** Merge what these elements collect with the billing details of the page, which win. */
  withContacts(billing = {}) {
    const collected = Object.assign({}, ...this.contacts.map(({ state }) => state.payload.value));
    const address = { ...collected.address, ...billing.address };
    return { ...collected, ...billing, ...(Object.keys(address).length ? { address } : {}) };
  }

  removeElement(element) {
    if (this._elements.get(element.type) === element) this._elements.delete(element.type);
  }

  async update(options) {
    if (!isObject(options))
      throw new IntegrationError("Invalid value for elements.update(): an object is required.");
    this.options = { ...this.options, ...options };
    for (const element of this._elements.values()) element.sendSettings();
    this.emit("update-end", {});
  }

  /** Return the mounted payment element; throw if there is none. */
  mounted(where) {
    const element = this.part("payment");
    if (element === undefined || !element.isMounted) {
      throw new IntegrationError(
        `Invalid value for ${where}: elements should have a mounted Payment Element.`,
      );
    }
    return element;
  }

  async submit() {
    const parts = [...this.contacts, this.mounted("elements.submit()")];
    const errors = await Promise.all(parts.map((part) => part.validate()));
    const error = errors.find((problem) => problem !== undefined);
    this.isSubmitted = error === undefined;
    return error === undefined ? { selectedPaymentMethod: "card" } : { error };
  }
}

/** The handle of a group. */
class Elements extends Handle {
  create(type, options) {
    return implementationOf(this).create(type, options ?? {});
  }
  getElement(type) {
    return (
      implementationOf(this).part(typeof type === "string" ? type : type?.__elementType)?.handle ??
      null
    );
  }
  update(options) {
    return implementationOf(this).update(options);
  }
  submit() {
    return implementationOf(this).submit();
  }

  async fetchUpdates() {
    return implementationOf(this).secret === undefined
      ? {}
      : errorOnly(await requestSetupIntent(implementationOf(this).secret, "fetchUpdates()"));
  }
}

/** Keep only the error of a result. */
function errorOnly({ error }) {
  return error === undefined ? {} : { error };
}
