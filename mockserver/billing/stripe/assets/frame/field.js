// One labelled input of a frame. It formats and validates what is typed.

const FIELDS = {
  number: {
    name: { card: "cardnumber", payment: "number" },
    stableName: "cardNumber",
    testid: "stripe-number",
    legacyLabel: "Credit or debit card number",
    autocomplete: "cc-number",
    placeholder: () => "1234 1234 1234 1234",
    format: formatNumber,
    mode: "numeric",
  },
  expiry: {
    name: { card: "exp-date", payment: "expiry" },
    stableName: "cardExpiry",
    testid: "stripe-expiry",
    legacyLabel: "Credit or debit card expiration date",
    autocomplete: "cc-exp",
    placeholder: (labels) => labels.months,
    format: formatExpiry,
    mode: "numeric",
  },
  cvc: {
    name: { card: "cvc", payment: "cvc" },
    stableName: "cardCvc",
    testid: "stripe-cvc",
    legacyLabel: "Credit or debit card CVC/CVV",
    autocomplete: "cc-csc",
    placeholder: () => "CVC",
    format: (text) => digitsOf(text).slice(0, 4),
    mode: "numeric",
  },
  postal: {
    name: { card: "postal", payment: "postalCode" },
    stableName: "postalCode",
    testid: "stripe-postal",
    legacyLabel: "ZIP",
    autocomplete: "postal-code",
    placeholder: () => "ZIP",
    format: (text) => text.slice(0, 12),
    mode: "text",
  },
};
/** Return the definition of a field that takes any text. */
function textField(part, autocomplete, mode = "text") {
  return {
    name: { payment: part },
    stableName: part,
    testid: `stripe-${part}`,
    autocomplete,
    placeholder: () => null,
    format: (text) => text.slice(0, 200),
    mode,
  };
}

Object.assign(FIELDS, {
  name: textField("name", "name"),
  line1: textField("addressLine1", "address-line1"),
  line2: textField("addressLine2", "address-line2"),
  city: textField("locality", "address-level2"),
  state: textField("administrativeArea", "address-level1"),
  email: textField("email", "email", "email"),
});

/** Return the part of a field's ids. */
function idPart(kind) {
  return FIELDS[kind].name.payment;
}

/**
 * Return an element that has a second id, by which Stripe's current frames name an input. The label
 * has no text. It gives the focus to its input, so that tests can type into either id.
 */
function secondId(id, ...children) {
  const label = node("label", { id, class: "alias", tabindex: "-1" }, ...children);
  label.addEventListener("focus", () => label.control?.focus());
  return label;
}

class Field {
  /**
   * `problem(text)` returns an error code or null; `changed(field)` is called on every change.
   * `form` is "payment", with labels, or "card".
   */
  constructor(kind, { problem, changed, form, isWide, language }) {
    this.kind = kind;
    this.isTouched = false;
    this._problem = problem;
    const definition = FIELDS[kind];
    const isLabelled = form === "payment";
    const labels = LABELS[language];
    const part = idPart(kind);
    const id = isLabelled ? `Field-${part}Input` : kind;
    const errorId = isLabelled ? `Field-${part}Error` : `${kind}-error`;
    this._format = definition.format;
    this.input = node("input", {
      id,
      name: definition.name[form],
      type: "text",
      inputmode: definition.mode,
      placeholder: definition.placeholder(labels),
      autocomplete: definition.autocomplete,
      autocorrect: "off",
      spellcheck: "false",
      dir: "ltr",
      "data-testid": definition.testid,
      "data-elements-stable-field-name": definition.stableName,
      "aria-label": isLabelled || language !== "en" ? null : definition.legacyLabel,
      "aria-describedby": errorId,
    });
    const holder = isLabelled ? secondId(`payment-${part}Input`, this.input) : this.input;
    this.box = node("div", { class: "box" }, holder);
    this.label = node("label", { for: id, class: isLabelled ? null : "hidden" }, labels[kind]);
    // Stripe's label of the date has its format, for readers of the screen.
    if (kind === "expiry" && isLabelled)
      this.label.append(node("span", { class: "hidden" }, ` ${labels.months}`));
    this._sentence = node("span", { id: isLabelled ? `payment-${part}Error` : null });
    const errorClass = isLabelled ? "p-FieldError Error error" : "hidden";
    const alert = { id: errorId, class: errorClass, role: "alert", dir: "auto" };
    this.error = node("p", alert, this._sentence);
    this.error.hidden = true;
    this.root = node(
      "div",
      { class: `field ${kind}${isWide ? " wide" : ""} CardField-${part}`, "data-field": part },
      this.label,
      this.box,
      this.error,
    );
    this.input.addEventListener("input", (event) => this._typed(event, changed));
    this.input.addEventListener("blur", () => {
      afterClick(() => {
        this.isTouched = this.isTouched || !this.isEmpty;
        changed(this);
      });
    });
  }

  get value() {
    return this.input.value;
  }

  set value(text) {
    this.input.value = this._format(String(text), false);
  }

  get isEmpty() {
    return this.value === "";
  }

  get isComplete() {
    return this._problem(this.value) === null;
  }

  /** The error code to show now: an incomplete field is no error until it has lost focus. */
  get problem() {
    const code = this._problem(this.value);
    if (code === null) return null;
    return this.isTouched || !code.startsWith("incomplete") ? code : null;
  }

  clear() {
    this.input.value = "";
    this.isTouched = false;
  }

  /** Update styles, the error message and the ARIA state. */
  show() {
    const code = this.problem;
    const states = { empty: this.isEmpty, complete: this.isComplete, invalid: code !== null };
    const names = Object.keys(states).filter((name) => states[name]);
    const [own, general] = ["is-", "Input--"].map((prefix) => names.map((name) => prefix + name));
    this.input.className = ["InputElement", ...own, "Input", ...general].join(" ");
    this.input.setAttribute("aria-invalid", String(code !== null));
    this.error.hidden = code === null;
    const sentence = code === null ? "" : VALIDATION_MESSAGES[code];
    if (this._sentence.textContent !== sentence) this._sentence.textContent = sentence;
  }

  _typed(event, changed) {
    const { input } = this;
    const isDeleting = (event.inputType ?? "").startsWith("delete");
    const before = digitsOf(input.value.slice(0, input.selectionStart)).length;
    const isAtEnd = input.selectionStart === input.value.length;
    const formatted = this._format(input.value, isDeleting);
    if (formatted !== input.value) {
      input.value = formatted;
      if (!isAtEnd) input.setSelectionRange(...Array(2).fill(caretAfter(formatted, before)));
    }
    changed(this, { isTyped: !isDeleting && isAtEnd });
  }
}

/** Return the caret position after a number of digits. */
function caretAfter(text, count) {
  let place = 0;
  for (let seen = 0; place < text.length && seen < count; place += 1)
    seen += /\d/.test(text[place]) ? 1 : 0;
  return place;
}
