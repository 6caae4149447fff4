// The handles of elements, which a page holds.

/** Split a value of the `classes` option into class names. */
function classNames(text) {
  return typeof text === "string" ? text.split(/\s+/).filter(Boolean) : [];
}

/** A handle that a page holds of something that emits events. */
class Handle {
  constructor(implementation) {
    IMPLEMENTATIONS.set(this, implementation);
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

/** The handle of an element. */
class StripeElement extends Handle {
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

  /** What an address element collects, as the type of Stripe's describes it. */
  async getValue() {
    const { complete, isNewAddress, value } = implementationOf(this).state.payload;
    return { complete, isNewAddress, value };
  }

  update(options) {
    implementationOf(this).update(options);
    return this;
  }
}
