// Events of elements and groups.

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
