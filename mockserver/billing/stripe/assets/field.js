// One labelled input of an element. It formats and validates what is typed.

function node(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false)
      created.setAttribute(name, value === true ? "" : value);
  }
  created.append(...children);
  return created;
}

const FIELDS = {
  number: {
    label: "Card number",
    name: "cardnumber",
    testid: "stripe-number",
    placeholder: "1234 1234 1234 1234",
    format: formatNumber,
    mode: "numeric",
  },
  expiry: {
    label: "Expiration date",
    name: "exp-date",
    testid: "stripe-expiry",
    placeholder: "MM / YY",
    format: formatExpiry,
    mode: "numeric",
  },
  cvc: {
    label: "Security code",
    name: "cvc",
    testid: "stripe-cvc",
    placeholder: "CVC",
    format: (text) => digitsOf(text).slice(0, 4),
    mode: "numeric",
  },
  postal: {
    label: "ZIP or postal code",
    name: "postal",
    testid: "stripe-postal",
    placeholder: "ZIP",
    format: (text) => text.slice(0, 12),
    mode: "text",
  },
};

/** Tasks that wait until the pointer is up, so that the layout does not move during a click. */
const pointer = { isDown: false, tasks: [] };

function afterClick(task) {
  if (pointer.isDown) pointer.tasks.push(task);
  else task();
}

function setPointerDown(isDown) {
  pointer.isDown = isDown;
  if (!isDown) setTimeout(() => pointer.tasks.splice(0).forEach((task) => task()));
}

addEventListener("pointerdown", () => setPointerDown(true), true);
addEventListener("pointerup", () => setPointerDown(false), true);
addEventListener("pointercancel", () => setPointerDown(false), true);

class Field {
  /** `problem(text)` returns an error code or null; `changed(field)` is called on every change. */
  constructor(kind, { problem, changed, showsErrors, isWide }) {
    this.kind = kind;
    this.isTouched = false;
    this.showsErrors = showsErrors;
    this._problem = problem;
    const definition = FIELDS[kind];
    this._format = definition.format;
    this.input = node("input", {
      id: kind,
      name: definition.name,
      type: "text",
      inputmode: definition.mode,
      placeholder: definition.placeholder,
      autocomplete: "off",
      autocorrect: "off",
      spellcheck: "false",
      "data-testid": definition.testid,
      "aria-describedby": `${kind}-error`,
    });
    this.box = node("div", { class: "box" }, this.input);
    this.label = node(
      "label",
      { for: kind, class: showsErrors ? null : "hidden" },
      definition.label,
    );
    this.error = node("p", {
      id: `${kind}-error`,
      class: showsErrors ? "error" : "hidden",
      role: "alert",
    });
    this.error.hidden = true;
    this.root = node(
      "div",
      { class: `field ${kind}${isWide ? " wide" : ""}` },
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
    this.input.classList.toggle("invalid", code !== null);
    this.input.classList.toggle("complete", this.isComplete);
    this.input.classList.toggle("empty", this.isEmpty);
    this.input.setAttribute("aria-invalid", String(code !== null));
    this.error.hidden = code === null;
    const sentence = code === null ? "" : VALIDATION_MESSAGES[code];
    if (this.error.textContent !== sentence) this.error.textContent = sentence;
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
    changed(this);
  }
}

/** Return the caret position after a number of digits. */
function caretAfter(text, count) {
  let place = 0;
  for (let seen = 0; place < text.length && seen < count; place += 1)
    seen += /\d/.test(text[place]) ? 1 : 0;
  return place;
}
