// The elements of a page. It holds handles; their implementations are private, and the fields are
// in frames.

const IMPLEMENTATIONS = new WeakMap();

/** Return the implementation of a handle, or undefined for any other value. */
function implementationOf(handle) {
  return isObject(handle) ? IMPLEMENTATIONS.get(handle) : undefined;
}

const CLASSES = {
  base: "StripeElement",
  complete: "StripeElement--complete",
  empty: "StripeElement--empty",
  focus: "StripeElement--focus",
  invalid: "StripeElement--invalid",
};

const FRAMES = {
  payment: { page: "elements-inner-payment", title: "Secure payment input frame" },
  card: { page: "elements-inner-card", title: "Secure card payment input frame" },
  cardNumber: { page: "elements-inner-card", title: "Secure card number input frame" },
  cardExpiry: { page: "elements-inner-card", title: "Secure expiration date input frame" },
  cardCvc: { page: "elements-inner-card", title: "Secure CVC input frame" },
  address: { page: "elements-inner-address", title: "Secure address input frame" },
  linkAuthentication: {
    page: "elements-inner-link-authentication",
    title: "Secure email input frame",
  },
};

const FRAME_STYLES = {
  border: "none",
  margin: "0",
  padding: "0",
  width: "1px",
  "min-width": "100%",
  overflow: "hidden",
  display: "block",
  "user-select": "none",
  height: "1.2em",
};

class ElementImplementation extends Emitter {
  constructor(type, group, options) {
    super();
    this.type = type;
    this.group = group;
    this.options = { ...options };
    this.container = null;
    this.isDestroyed = false;
    this.isFocused = false;
    this.state = this.emptyState();
    this._listeners = null;
    this._frame = null;
    this.host = node("div", { class: "__PrivateStripeElement" });
    this.handle = new StripeElement(this);
  }

  get isMounted() {
    return this.container !== null && this.host.isConnected;
  }

  /** The public part of an element's state, before anything is typed. */
  emptyState() {
    const more = {
      payment: { collapsed: false, value: { type: "card" } },
      card: { brand: "unknown", value: { postalCode: "" } },
      cardNumber: { brand: "unknown" },
      linkAuthentication: { value: { email: "" } },
      address: { elementMode: this.options.mode ?? "shipping", isNewAddress: true, value: {} },
    };
    const hasError = this.type.startsWith("card");
    return {
      payload: {
        elementType: this.type,
        empty: true,
        complete: false,
        ...(hasError ? { error: undefined } : {}),
        ...more[this.type],
      },
      isInvalid: false,
    };
  }

  mount(target) {
    if (this.isDestroyed) {
      throw new IntegrationError(
        "This Element has already been destroyed. Please create a new one.",
      );
    }
    const container = typeof target === "string" ? document.querySelector(target) : target;
    if (container === null && typeof target === "string") {
      throw new IntegrationError(
        `The selector you specified (${target}) applies to no DOM elements that are currently ` +
          "on the page. Make sure the element exists on the page before calling mount().",
      );
    }
    if (!(container instanceof HTMLElement)) {
      throw new IntegrationError(
        "Invalid DOM element. Call mount() with a CSS selector or an HTML element.",
      );
    }
    if (container === this.container) return;
    this.unmount();
    this.container = container;
    this._openFrame();
    container.replaceChildren(this.host);
    this._listenOnContainer();
    this.refresh();
    this.emit("loaderstart", { elementType: this.type });
  }

  _openFrame() {
    const { page, title } = FRAMES[this.type];
    const allow = this.type === "payment" ? "payment *; publickey-credentials-get *" : null;
    this._frame = new Frame(page, { title, allow }, (message) => this._heard(message));
    setStyles(this._frame.iframe, { ...FRAME_STYLES, "color-scheme": "light only" });
    this.host.replaceChildren(this._frame.iframe);
  }

  _heard(message) {
    const handlers = {
      hello: () => this._start(),
      built: () => this.load(),
      lost: () => this._fail(CONNECTION_ERROR),
      state: () => this._changed(message),
      focus: () => this._focusChanged(true),
      blur: () => this._focusChanged(false),
      escape: () => this.emit("escape", { elementType: this.type }),
      submit: () => this._submitForm(),
      size: () => afterClick(() => this._resize(message.height)),
    };
    handlers[message.kind]?.();
  }

  _resize(height) {
    if (this._frame !== null) setStyles(this._frame.iframe, { height: `${height}px` });
  }

  /** Tell a frame that has been loaded what it shows. */
  _start() {
    this._frame.sendFirst({
      kind: "init",
      type: this.type,
      group: this.group.id,
      ...this._settings(),
      page: surroundings(this.host),
      host: location.hostname,
    });
  }

  _settings() {
    const { appearance, locale } = this.group.options;
    return plain({
      options: this.options,
      appearance,
      locale: locale ?? "auto",
      isSetup: this.group.isSetup,
      brand: this.group.brand,
    });
  }

  /** Load what the element needs before it is ready. */
  async load() {
    const secret = this.type === "payment" ? this.group.secret : undefined;
    const { error } = secret ? await requestSetupIntent(secret, "elements(): clientSecret") : {};
    if (!this.isMounted) return;
    if (error === undefined) {
      this.emit("ready", { elementType: this.type }, true);
      return;
    }
    this._frame.post({ kind: "failure", message: error.message });
    this._fail(error);
  }

  _fail(error) {
    if (!this.hasListener("loaderror"))
      console.error(`Unhandled ${this.type} Element loaderror`, error);
    this.emit("loaderror", { elementType: this.type, error }, true);
  }

  unmount() {
    if (this.container === null) return;
    this._listeners.abort();
    const { base, complete, empty, focus, invalid } = this._classes();
    for (const names of [base, complete, empty, focus, invalid])
      this.container.classList.remove(...classNames(names));
    this._frame?.close();
    this._frame = null;
    this.host.remove();
    this.container = null;
    this.isFocused = false;
    this.state = this.emptyState();
  }

  destroy() {
    this.unmount();
    this.isDestroyed = true;
    this.group.removeElement(this);
  }

  update(options) {
    if (!isObject(options))
      throw new IntegrationError("Invalid value for element.update(): an object is required.");
    const before = Object.values(this._classes()).flatMap(classNames);
    this.options = { ...this.options, ...options };
    if (this.container !== null) this.container.classList.remove(...before);
    this.sendSettings(options);
    this.refresh();
  }

  /** Send the settings to the frame again, with the options that have changed. */
  sendSettings(changed = {}) {
    this._frame?.post({ kind: "update", ...this._settings(), changed: plain(changed) });
  }

  focus() {
    this._frame?.iframe.focus();
    this._frame?.post({ kind: "focus" });
  }

  blur() {
    if (this._frame !== null && document.activeElement === this._frame.iframe)
      this._frame.iframe.blur();
    this._frame?.post({ kind: "blur" });
  }

  clear() {
    this._frame?.post({ kind: "clear" });
  }

  /** Show all errors, including those of untouched fields; return the first, or undefined. */
  async validate() {
    const { error } = (await this._frame?.ask("validate")) ?? {};
    return error;
  }

  /** Let the frame send its card to the mock: the response of the call, or {error}. */
  async send(path, billing, wrapper, body) {
    return this._frame.ask("send", plain({ path, billing, wrapper, body }));
  }

  _changed({ payload, isInvalid, isChange }) {
    this.state = { payload, isInvalid };
    this.refresh();
    if (this.type === "cardNumber") this.group.part("cardCvc")?.sendSettings();
    if (isChange) this.emit("change", payload);
  }

  refresh() {
    if (this.container === null) return;
    const { empty, complete } = this.state.payload;
    const names = this._classes();
    const states = {
      base: true,
      empty,
      complete,
      invalid: this.state.isInvalid,
      focus: this.isFocused,
    };
    for (const [name, isOn] of Object.entries(states)) {
      for (const word of classNames(names[name])) this.container.classList.toggle(word, isOn);
    }
  }

  _classes() {
    return { ...CLASSES, ...(isObject(this.options.classes) ? this.options.classes : {}) };
  }

  _focusChanged(isFocused) {
    if (isFocused === this.isFocused) return;
    this.isFocused = isFocused;
    this.refresh();
    this.emit(isFocused ? "focus" : "blur", { elementType: this.type });
  }

  /** Submit the surrounding form on Enter: fields in a frame belong to no form of the page. */
  _submitForm() {
    const form = this.host.closest("form");
    const button = [...(form?.elements ?? [])].find(
      (control) => control.type === "submit" || control.type === "image",
    );
    if (form !== null && !button?.disabled) form.requestSubmit(button);
  }

  /** Focus the element on a click on its container or on a label of the container. */
  _listenOnContainer() {
    this._listeners = new AbortController();
    const { signal } = this._listeners;
    const { id } = this.container;
    const labels = [...document.querySelectorAll("label")].filter(
      (label) => id !== "" && label.htmlFor === id,
    );
    const around = this.container.closest("label");
    for (const label of around ? [...labels, around] : labels) {
      label.addEventListener(
        "click",
        (event) => event.composedPath().includes(this.host) || this.focus(),
        { signal },
      );
    }
    this.container.addEventListener(
      "click",
      (event) => event.target === this.container && this.focus(),
      { signal },
    );
  }
}

/** Return a copy without functions and other values that cannot be sent to a frame. */
function plain(value) {
  return JSON.parse(JSON.stringify(value));
}

/** Describe the page around an element: the frame has its color and font unless options differ. */
function surroundings(host) {
  const { color, fontFamily, fontSize } = getComputedStyle(host);
  let background = "";
  for (let at = host; at !== null && background === ""; at = at.parentElement) {
    const found = getComputedStyle(at).backgroundColor;
    if (!/^rgba\(.*, 0\)$|^transparent$/.test(found)) background = found;
  }
  return { color, fontFamily, fontSize, background };
}

/** An element that shows a note in its place: the mock has no such form. */
class InertElement extends ElementImplementation {
  _openFrame() {
    const note = node("p", {}, `Test mode: the mock has no ${this.type} element.`);
    const styles = { margin: "0", padding: "8px 12px", border: "1px dashed", opacity: "0.8" };
    setStyles(note, { ...styles, "border-radius": "6px" });
    this.host.replaceChildren(note);
    console.warn(`The element "${this.type}" ${UNSUPPORTED_MESSAGE} It shows a note instead.`);
    setTimeout(() => this.isMounted && this.load());
  }
}
