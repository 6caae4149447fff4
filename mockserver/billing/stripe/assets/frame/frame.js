// What a frame shows, and its messages to and from the page that made it.
//
// The address of a frame has the origin of its page and the id of their channel in its hash.

const ADDRESS = new URLSearchParams(location.hash.slice(1).replace(/^[^&]*&/, ""));

const KINDS = {
  payment: PaymentFrameElement,
  card: CardFrameElement,
  cardNumber: CardPartFrameElement,
  cardExpiry: CardPartFrameElement,
  cardCvc: CardPartFrameElement,
  address: ContactFrameElement,
  linkAuthentication: ContactFrameElement,
};

class Page {
  constructor(channel, origin) {
    this._channel = channel;
    this._origin = origin;
    addEventListener("message", (event) => {
      if (event.source !== parent || event.origin !== origin) return;
      if (isObject(event.data) && event.data.channel === channel) this._heard(event.data);
    });
  }

  post(message) {
    parent.postMessage({ channel: this._channel, ...message }, this._origin);
  }

  _heard(message) {
    const { kind } = message;
    if (kind === "init") this._start(message);
    else if (kind === "ask") void this._answer(message);
    else if (kind === "update") this.element.update(message);
    else if (kind === "failure") this.element.fail(message.message);
    else if (["focus", "blur", "clear"].includes(kind)) this.element[kind]();
  }

  _start(settings) {
    if (settings.type === "challenge") {
      showChallenge(this, settings);
    } else if (this.element === undefined && Object.hasOwn(KINDS, settings.type)) {
      this.element = new KINDS[settings.type](this, settings);
      this._siblings = new Siblings(settings.group, this.element);
      this.element.changed();
      this.post({ kind: "built" });
    }
  }

  async _answer({ id, name, body }) {
    const answers = {
      validate: async () => ({ error: this.element.validate() }),
      send: () => this._sendCard(body),
    };
    this.post({ kind: "reply", id, value: await answers[name]() });
  }

  /** Send the card to the mock. The page gets the response, and never the card. */
  async _sendCard({ path, billing, wrapper, body }) {
    const isSplit = this.element.type === "cardNumber";
    const more = isSplit ? await this._siblings.values(["expiry", "cvc"]) : {};
    const values = { ...this.element.values(), ...more };
    const data = paymentMethodOf(values, this.element.country, billing);
    return post(path, wrapper === undefined ? data : { ...body, [wrapper]: data });
  }
}

/** The frames of the same group, which tell each other what is typed, past the page. */
class Siblings {
  constructor(group, element) {
    this._bus = new BroadcastChannel(`stripe-${group}`);
    this._bus.addEventListener("message", ({ data }) => {
      if (data.wanted) this._bus.postMessage({ values: element.values() });
    });
  }

  /** Return the values of the other frames, once these fields are among them. */
  values(fields) {
    return new Promise((resolve) => {
      const known = {};
      const listener = ({ data }) => {
        Object.assign(known, data.values);
        if (!fields.every((field) => field in known)) return;
        this._bus.removeEventListener("message", listener);
        resolve(known);
      };
      this._bus.addEventListener("message", listener);
      this._bus.postMessage({ wanted: true });
    });
  }
}

if (ADDRESS.has("channel")) {
  new Page(ADDRESS.get("channel"), ADDRESS.get("origin")).post({ kind: "hello" });
} else {
  showBank(ADDRESS.get("host") ?? "");
}
