// The base of all elements inside their frames: fields, state, and what the page may ask for.

class FrameElement {
  constructor(page, settings) {
    this.page = page;
    this.type = settings.type;
    this.settings = settings;
    this.options = settings.options;
    this.language = languageOf(settings.locale);
    this.root = node("div", { class: "element" });
    this._last = "";
    this.fields = this.build();
    document.body.replaceChildren(this.root);
    this.refresh();
    this._last = JSON.stringify(this.payload());
    this._listen();
  }

  _listen() {
    const { documentElement } = document;
    addEventListener("focusin", () => this.page.post({ kind: "focus" }));
    addEventListener("focusout", (event) => {
      if (event.relatedTarget === null) this.page.post({ kind: "blur" });
    });
    addEventListener("keydown", (event) => this._pressed(event));
    new ResizeObserver(() =>
      this.page.post({ kind: "size", height: Math.ceil(this.root.getBoundingClientRect().height) }),
    ).observe(this.root);
    documentElement.lang = this.language;
    documentElement.dir = RIGHT_TO_LEFT.includes(this.language) ? "rtl" : "ltr";
  }

  _pressed(event) {
    const { key, target } = event;
    if (key === "Escape") this.page.post({ kind: "escape" });
    if (!(target instanceof HTMLInputElement)) return;
    if (key === "Enter") this.page.post({ kind: "submit" });
    if (key === "Backspace" && target.value === "" && this.focusNext(target, -1))
      event.preventDefault();
  }

  /** Focus the field after another, or with -1 the one before; return whether there is one. */
  focusNext(input, step = 1) {
    const fields = this.shownFields;
    const place = fields.findIndex((field) => field.input === input);
    const next = fields[place + step];
    next?.input.focus();
    return next !== undefined;
  }

  update(settings) {
    this.settings = { ...this.settings, ...settings };
    this.options = this.settings.options;
    this.applyOptions(settings.changed ?? {});
    this.changed();
  }

  focus() {
    this.fields[0].input.focus();
  }

  blur() {
    document.activeElement?.blur();
  }

  clear() {
    for (const field of this.fields) field.clear();
    this.changed();
  }

  /** Called on input. A field that is complete passes the focus on to the next. */
  typed(field, { isTyped = false } = {}) {
    this.changed();
    const isLast = field.kind === "postal";
    if (isTyped && !isLast && field.isComplete && document.activeElement === field.input)
      this.focusNext(field.input);
  }

  /** Update the element after input, and report its state. */
  changed() {
    this.refresh();
    const payload = this.payload();
    const now = JSON.stringify(payload);
    const isChange = now !== this._last;
    this._last = now;
    const isInvalid = this.error !== undefined;
    this.page.post({ kind: "state", payload, isInvalid, isChange });
  }

  refresh() {
    const isLocked = Boolean(this.options.disabled);
    for (const field of this.fields) {
      field.show();
      field.input.disabled = isLocked;
      field.input.readOnly = Boolean(this.options.readOnly);
    }
  }

  get shownFields() {
    return this.fields.filter((field) => !field.root.hidden);
  }

  /** The first validation error of the input so far. */
  get error() {
    const code = this.shownFields.map((field) => field.problem).find((problem) => problem !== null);
    return code === undefined ? undefined : validationError(code);
  }

  payload() {
    const fields = this.shownFields;
    return {
      elementType: this.type,
      empty: fields.every((field) => field.isEmpty),
      complete: fields.every((field) => field.isComplete),
      error: this.error,
    };
  }

  /** Show all errors, including those of untouched fields; return the first, or undefined. */
  validate() {
    for (const field of this.shownFields) field.isTouched = true;
    this.changed();
    return this.error;
  }

  /** The typed values by field. */
  values() {
    return Object.fromEntries(this.shownFields.map((field) => [field.kind, field.value]));
  }
}

/** Return the payment method data of typed values and the billing details of the page. */
function paymentMethodOf(values, country, billing) {
  const { month, year } = expiryOf(values.expiry ?? "");
  const card = {
    number: digitsOf(values.number ?? ""),
    exp_month: month,
    exp_year: year,
    cvc: digitsOf(values.cvc ?? ""),
  };
  const own = isObject(billing) ? billing : {};
  const entered = { postal_code: values.postal || null, country: country ?? null };
  const known = Object.entries(entered).filter(([, value]) => value !== null);
  const address = { ...(isObject(own.address) ? own.address : {}), ...Object.fromEntries(known) };
  return { type: "card", card, billing_details: { ...own, address } };
}
