// 3-D Secure: a frame over the whole page, with the page of the bank in a frame of its own.

const CHALLENGE_STYLES = {
  position: "fixed",
  inset: "0",
  width: "100%",
  height: "100%",
  border: "none",
  "z-index": "2147483647",
};

/** Ask for the outcome, "pass" or "fail". Escape means "fail", like closing a bank's window. */
function challenge() {
  const host = node("div", {
    class: "__PrivateStripeChallenge",
    role: "dialog",
    "aria-modal": "true",
    "aria-label": "3-D Secure",
    "data-testid": "stripe-challenge",
  });
  const before = document.activeElement;
  const others = [...document.body.children].filter((element) => !element.inert);
  return new Promise((resolve) => {
    const attributes = { title: "3-D Secure challenge frame" };
    const frame = new Frame("three-ds-2-challenge", attributes, (message) => {
      if (message.kind === "hello") {
        frame.sendFirst({ kind: "init", type: "challenge", host: location.hostname });
      } else if (["outcome", "lost"].includes(message.kind)) {
        frame.close();
        host.remove();
        for (const element of others) element.inert = false;
        if (before instanceof HTMLElement) before.focus();
        resolve(message.outcome === "pass" ? "pass" : "fail");
      }
    });
    for (const element of [host, frame.iframe]) setStyles(element, CHALLENGE_STYLES);
    host.append(frame.iframe);
    document.body.prepend(host);
    for (const element of others) element.inert = true;
    frame.iframe.focus();
  });
}
