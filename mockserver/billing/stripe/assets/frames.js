// Frames on the mock's origin: their addresses, names and messages.
//
// A message is accepted only from the frame's own window, from the mock's origin, and with the id
// of the channel, which no other frame or page can guess.

const MOCK_ORIGIN = new URL(ORIGIN, location.href).origin;
const FRAME_TIMEOUT = 15_000;
const NOT_MOUNTED =
  "We could not retrieve data from the specified Element. " +
  "Please make sure the Element you are attempting to use is still mounted.";
const frameNames = { last: 3 };

function unguessableId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

class Frame {
  /**
   * `heard(message)` receives every message. "hello" comes first, each time the frame is loaded;
   * "lost" comes if it could not be loaded.
   */
  constructor(page, attributes, heard) {
    this._channel = unguessableId();
    this._asked = new Map();
    this._queue = [];
    this._isReady = false;
    frameNames.last += 1;
    const origin = encodeURIComponent(location.origin);
    const place = `https://js.stripe.com/v3/&channel=${this._channel}&origin=${origin}`;
    this.iframe = node("iframe", {
      name: `__privateStripeFrame${frameNames.last}`,
      src: `${ORIGIN}/_mock/stripe/v3/${page}.html#${place}`,
      frameborder: "0",
      scrolling: "no",
      allowtransparency: "true",
      ...attributes,
    });
    this._listener = (event) => this._received(event, heard);
    addEventListener("message", this._listener);
    this._timer = setTimeout(() => this._gaveUp(heard), FRAME_TIMEOUT);
  }

  /** Send a message, or queue it until the frame is loaded. */
  post(message) {
    if (this._isReady) this._send(message);
    else this._queue.push(message);
  }

  /** Send a request, and return the frame's reply. */
  ask(name, body = {}) {
    const id = unguessableId();
    return new Promise((resolve) => {
      this._asked.set(id, resolve);
      this.post({ kind: "ask", id, name, body });
    });
  }

  close() {
    clearTimeout(this._timer);
    removeEventListener("message", this._listener);
    this.iframe.remove();
    this._answerAll({ type: "invalid_request_error", message: NOT_MOUNTED });
  }

  /** Send the queued messages. Called once the frame knows what it shows. */
  flush() {
    this._isReady = true;
    for (const message of this._queue.splice(0)) this._send(message);
  }

  sendFirst(message) {
    this._send(message);
    this.flush();
  }

  _send(message) {
    this.iframe.contentWindow?.postMessage({ channel: this._channel, ...message }, MOCK_ORIGIN);
  }

  _received(event, heard) {
    const { data } = event;
    if (event.origin !== MOCK_ORIGIN || event.source !== this.iframe.contentWindow) return;
    if (!isObject(data) || data.channel !== this._channel) return;
    clearTimeout(this._timer);
    if (data.kind === "reply") {
      this._asked.get(data.id)?.(data.value);
      this._asked.delete(data.id);
    } else {
      heard(data);
    }
  }

  _answerAll(error) {
    for (const resolve of this._asked.values()) resolve({ error });
    this._asked.clear();
  }

  _gaveUp(heard) {
    if (!this.iframe.isConnected) return;
    console.error(
      `The mock's stand-in for Stripe.js could not load a frame from ${MOCK_ORIGIN}. ` +
        "Check that the mock is running, and that the page's policy has it in frame-src.",
    );
    this._answerAll(CONNECTION_ERROR);
    heard({ kind: "lost" });
  }
}

/** Set styles one by one, which works under every content security policy of the page. */
function setStyles(element, styles) {
  for (const [name, value] of Object.entries(styles))
    element.style.setProperty(name, value, "important");
}
