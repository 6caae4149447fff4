// What all elements have in common. A page holds handles; what stands behind a handle is nobody else's.

const BEHIND = new WeakMap();

/** What stands behind a handle; undefined for anything that is none. */
function behind(handle) {
  return isObject(handle) ? BEHIND.get(handle) : undefined;
}

class Emitter {
  constructor() {
    this._handlers = new Map();
    this._missed = new Map();
  }

  on(event, handler) {
    if (typeof event !== "string" || typeof handler !== "function") {
      throw new IntegrationError(`Invalid value for element.on(): an event's name and a function are needed.`);
    }
    this._handlers.set(event, [...(this._handlers.get(event) ?? []), handler]);
    // A page that listens late, as React does, has not missed that an element is ready: a real one takes its time.
    if (this._missed.has(event)) {
      const payload = this._missed.get(event);
      this._missed.delete(event);
      setTimeout(() => this.emit(event, payload));
    }
  }

  off(event, handler) {
    const others = (this._handlers.get(event) ?? []).filter((each) => each !== handler && each.original !== handler);
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

  hears(event) {
    return (this._handlers.get(event) ?? []).length > 0;
  }

  emit(event, payload, isLasting = false) {
    if (isLasting && !this.hears(event)) this._missed.set(event, payload);
    for (const handler of this._handlers.get(event) ?? []) {
      try {
        handler(payload);
      } catch (error) {
        reportError(error); // a page's own fault must not stop the element
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

class ElementBehind extends Emitter {
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
      if (!(event.relatedTarget instanceof Node && this.root.contains(event.relatedTarget))) this._focusChanged(false);
    });
    this.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.emit("escape", { elementType: this.type });
      if (event.key === "Enter" && event.target instanceof HTMLInputElement) this._send();
    });
  }

  get isMounted() {
    return this.container !== null && this.host.isConnected;
  }

  mount(target) {
    if (this.isDestroyed) {
      throw new IntegrationError("This Element has already been destroyed. Please create a new one.");
    }
    const container = typeof target === "string" ? document.querySelector(target) : target;
    if (container === null && typeof target === "string") {
      throw new IntegrationError(
        `The selector you specified (${target}) applies to no DOM elements that are currently on the page. ` +
          "Make sure the element exists on the page before calling mount().",
      );
    }
    if (!(container instanceof HTMLElement)) {
      throw new IntegrationError("Invalid DOM element. Call mount() with a CSS selector or an HTML element.");
    }
    if (container === this.container) return;
    this.unmount();
    this.container = container;
    container.replaceChildren(this.host);
    this._listenOutside();
    this.refresh();
    this.emit("loaderstart", { elementType: this.type });
    setTimeout(() => this.load());
  }

  /** What must be there before the element is ready. */
  async load() {
    this.beReady();
  }

  beReady() {
    if (this.isMounted) this.emit("ready", { elementType: this.type }, true);
  }

  unmount() {
    if (this.container === null) return;
    this._listeners.abort();
    const { base, complete, empty, focus, invalid } = this._classes();
    for (const names of [base, complete, empty, focus, invalid]) this.container.classList.remove(...words(names));
    this.host.remove();
    this.container = null;
    this.isFocused = false;
  }

  destroy() {
    this.unmount();
    this.isDestroyed = true;
    this.group.forget(this);
  }

  update(options) {
    if (!isObject(options)) throw new IntegrationError("Invalid value for element.update(): an object is needed.");
    const before = Object.values(this._classes()).flatMap(words);
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

  /** Bring everything up to date after something was typed. */
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
    const states = { base: true, empty, complete, invalid: this.error !== undefined, focus: this.isFocused };
    for (const [name, isOn] of Object.entries(states)) {
      for (const word of words(names[name])) this.container.classList.toggle(word, isOn);
    }
  }

  get shownFields() {
    return this.fields.filter((field) => !field.root.hidden);
  }

  /** The first thing that is wrong, of all that was typed so far. */
  get error() {
    const code = this.shownFields.map((field) => field.problem).find((each) => each !== null);
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

  /** Say everything that is wrong, also of what nobody has touched yet: the first error, or undefined. */
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

  /** Send the form around, as Enter does in any field: fields in a shadow belong to no form. */
  _send() {
    const form = this.host.closest("form");
    const button = [...(form?.elements ?? [])].find((each) => each.type === "submit" || each.type === "image");
    if (form !== null && !button?.disabled) form.requestSubmit(button);
  }

  /** A click on the container, or on a label that belongs to it, is a click on the element. */
  _listenOutside() {
    this._listeners = new AbortController();
    const { signal } = this._listeners;
    const { id } = this.container;
    const labels = [...document.querySelectorAll("label")].filter((each) => id !== "" && each.htmlFor === id);
    const around = this.container.closest("label");
    for (const label of around ? [...labels, around] : labels) {
      label.addEventListener("click", (event) => event.composedPath().includes(this.host) || this.focus(), { signal });
    }
    this.container.addEventListener("click", (event) => event.target === this.container && this.focus(), { signal });
  }
}

/** The classes in a `classes` option. */
function words(text) {
  return typeof text === "string" ? text.split(/\s+/).filter(Boolean) : [];
}

/** What a page holds of an element. */
class StripeElement {
  constructor(element) {
    BEHIND.set(this, element);
  }

  mount(target) {
    behind(this).mount(target);
  }
  unmount() {
    behind(this).unmount();
  }
  destroy() {
    behind(this).destroy();
  }
  focus() {
    behind(this).focus();
  }
  blur() {
    behind(this).blur();
  }
  clear() {
    behind(this).clear();
  }
  collapse() {
    leftOut("element.collapse()");
  }
  getBoundingClientRect() {
    return behind(this).host.getBoundingClientRect();
  }

  update(options) {
    behind(this).update(options);
    return this;
  }

  on(event, handler) {
    behind(this).on(event, handler);
    return this;
  }

  once(event, handler) {
    behind(this).once(event, handler);
    return this;
  }

  off(event, handler) {
    behind(this).off(event, handler);
    return this;
  }
}
