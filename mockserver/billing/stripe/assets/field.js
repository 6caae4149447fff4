// One input of an element: labelled, formatted while it is typed, and able to say what is wrong with it.

function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
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

/** What is to be done once no button of a mouse is down: what moves then is no longer under anybody's click. */
const pointer = { isDown: false, waiting: [] };

function afterClick(task) {
  if (pointer.isDown) pointer.waiting.push(task);
  else task();
}

function pointerMoved(isDown) {
  pointer.isDown = isDown;
  if (!isDown) setTimeout(() => pointer.waiting.splice(0).forEach((task) => task()));
}

addEventListener("pointerdown", () => pointerMoved(true), true);
addEventListener("pointerup", () => pointerMoved(false), true);
addEventListener("pointercancel", () => pointerMoved(false), true);

class Field {
  /** `problem(text)` says what is wrong; `changed(field)` is told of every change. */
  constructor(kind, { problem, changed, showsErrors, isWide }) {
    this.kind = kind;
    this.isTouched = false;
    this.showsErrors = showsErrors;
    this._problem = problem;
    const facts = FIELDS[kind];
    this._format = facts.format;
    this.input = node("input", {
      id: kind,
      name: facts.name,
      type: "text",
      inputmode: facts.mode,
      placeholder: facts.placeholder,
      autocomplete: "off",
      autocorrect: "off",
      spellcheck: "false",
      "data-testid": facts.testid,
      "aria-describedby": `${kind}-error`,
    });
    this.box = node("div", { class: "box" }, this.input);
    this.label = node("label", { for: kind, class: showsErrors ? null : "hidden" }, facts.label);
    this.error = node("p", { id: `${kind}-error`, class: showsErrors ? "error" : "hidden", role: "alert" });
    this.error.hidden = true;
    this.root = node("div", { class: `field ${kind}${isWide ? " wide" : ""}` }, this.label, this.box, this.error);
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

  /** What is wrong, as far as it should be said by now: not before a field is whole, or was left. */
  get problem() {
    const code = this._problem(this.value);
    if (code === null) return null;
    return this.isTouched || !code.startsWith("incomplete") ? code : null;
  }

  clear() {
    this.input.value = "";
    this.isTouched = false;
  }

  /** Bring what is seen and heard up to date. */
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
      if (!isAtEnd) input.setSelectionRange(...Array(2).fill(placeAfter(formatted, before)));
    }
    changed(this);
  }
}

/** Where the caret stands after so many digits. */
function placeAfter(text, count) {
  let place = 0;
  for (let seen = 0; place < text.length && seen < count; place += 1) seen += /\d/.test(text[place]) ? 1 : 0;
  return place;
}
