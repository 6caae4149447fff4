// The base of all elements. A page holds handles; their implementations are private.

const IMPLEMENTATIONS = new WeakMap();

/** Return the implementation of a handle, or undefined for any other value. */
function implementationOf(handle) {
  return isObject(handle) ? IMPLEMENTATIONS.get(handle) : undefined;
}

class Emitter {
  constructor() {
    this._handlers = new Map();
    this._replayed = new Map();
  }

  on(event, handler) {
    if (typeof event !== "string" || typeof handler !== "function") {
      throw new IntegrationError(
        `Invalid value for element.on(): an event name and a function are required.`,
      );
    }
    this._handlers.set(event, [...(this._handlers.get(event) ?? []), handler]);
    // A listener added late, as React does, still receives the event: a real element takes longer.
    if (this._replayed.has(event)) {
      const payload = this._replayed.get(event);
      this._replayed.delete(event);
      setTimeout(() => this.emit(event, payload));
    }
  }

  off(event, handler) {
    const others = (this._handlers.get(event) ?? []).filter(
      (other) => other !== handler && other.original !== handler,
    );
    this._handlers.set(event, handler === undefined ? [] : others);
  }

  once(event, handler) {
    const single = (payload) => {
      this.off(event, single);
      handler(payload);
    };
    single.original = handler;
    this.on(event, single);
  }

  hasListener(event) {
    return (this._handlers.get(event) ?? []).length > 0;
  }

  emit(event, payload, isReplayed = false) {
    if (isReplayed && !this.hasListener(event)) this._replayed.set(event, payload);
    for (const handler of this._handlers.get(event) ?? []) {
      try {
        handler(payload);
      } catch (error) {
        reportError(error); // an error in the page's handler must not stop the element
      }
    }
  }
}

const CLASSES = {
  base: "StripeElement",
  complete: "StripeElement--complete",
  empty: "StripeElement--empty",
  focus: "StripeElement--focus",
  invalid: "StripeElement--invalid",
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
    this._last = "";
    this._listeners = null;
    this.host = node("div", { class: "__PrivateStripeElement" });
    this.root = this.host.attachShadow({ mode: "open", delegatesFocus: true });
    this.handle = new StripeElement(this);
    this.fields = this.build();
    this.refresh();
    this.root.addEventListener("focusin", () => this._focusChanged(true));
    this.root.addEventListener("focusout", (event) => {
      if (!(event.relatedTarget instanceof Node && this.root.contains(event.relatedTarget)))
        this._focusChanged(false);
    });
    this.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.emit("escape", { elementType: this.type });
      if (event.key === "Enter" && event.target instanceof HTMLInputElement) this._submitForm();
    });
  }

  get isMounted() {
    return this.container !== null && this.host.isConnected;
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
    container.replaceChildren(this.host);
    this._listenOnContainer();
    this.refresh();
    this.emit("loaderstart", { elementType: this.type });
    setTimeout(() => this.load());
  }

  /** Load what the element needs before it is ready. */
  async load() {
    this.markReady();
  }

  markReady() {
    if (this.isMounted) this.emit("ready", { elementType: this.type }, true);
  }

  unmount() {
    if (this.container === null) return;
    this._listeners.abort();
    const { base, complete, empty, focus, invalid } = this._classes();
    for (const names of [base, complete, empty, focus, invalid])
      this.container.classList.remove(...classNames(names));
    this.host.remove();
    this.container = null;
    this.isFocused = false;
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
    this.applyOptions(options);
    this.refresh();
  }

  focus() {
    this.fields[0].input.focus();
  }

  blur() {
    this.root.activeElement?.blur();
  }

  clear() {
    for (const field of this.fields) field.clear();
    this.changed();
  }

  /** Update the element after input, and emit "change" if its state changed. */
  changed() {
    this.refresh();
    const payload = this.payload();
    const now = JSON.stringify(payload);
    if (now !== this._last) {
      this._last = now;
      this.emit("change", payload);
    }
  }

  refresh() {
    const isLocked = Boolean(this.options.disabled);
    for (const field of this.fields) {
      field.show();
      field.input.disabled = isLocked;
      field.input.readOnly = Boolean(this.options.readOnly);
    }
    this._last ||= JSON.stringify(this.payload());
    if (this.container === null) return;
    const { empty, complete } = this.payload();
    const names = this._classes();
    const states = {
      base: true,
      empty,
      complete,
      invalid: this.error !== undefined,
      focus: this.isFocused,
    };
    for (const [name, isOn] of Object.entries(states)) {
      for (const word of classNames(names[name])) this.container.classList.toggle(word, isOn);
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

  _classes() {
    return { ...CLASSES, ...(isObject(this.options.classes) ? this.options.classes : {}) };
  }

  _focusChanged(isFocused) {
    if (isFocused === this.isFocused) return;
    this.isFocused = isFocused;
    this.refresh();
    this.emit(isFocused ? "focus" : "blur", { elementType: this.type });
  }

  /** Submit the surrounding form on Enter: fields in a shadow root belong to no form. */
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

/** Split a value of the `classes` option into class names. */
function classNames(text) {
  return typeof text === "string" ? text.split(/\s+/).filter(Boolean) : [];
}

/** The handle of an element. */
class StripeElement {
  constructor(element) {
    IMPLEMENTATIONS.set(this, element);
  }

  mount(target) {
    implementationOf(this).mount(target);
  }
  unmount() {
    implementationOf(this).unmount();
  }
  destroy() {
    implementationOf(this).destroy();
  }
  focus() {
    implementationOf(this).focus();
  }
  blur() {
    implementationOf(this).blur();
  }
  clear() {
    implementationOf(this).clear();
  }
  collapse() {
    throwUnsupported("element.collapse()");
  }
  getBoundingClientRect() {
    return implementationOf(this).host.getBoundingClientRect();
  }

  update(options) {
    implementationOf(this).update(options);
    return this;
  }

  on(event, handler) {
    implementationOf(this).on(event, handler);
    return this;
  }

  once(event, handler) {
    implementationOf(this).once(event, handler);
    return this;
  }

  off(event, handler) {
    implementationOf(this).off(event, handler);
    return this;
  }
}
