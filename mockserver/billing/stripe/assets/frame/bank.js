// 3-D Secure: the frame over the page, and the page of the bank in a frame inside it.

const BANK = "https://testmode-acs.stripe.com/3d_secure_2_test/";
const OUTCOMES = ["pass", "fail"];

function heading(host) {
  const place = host === "" ? "this page" : host;
  return [
    node("h1", {}, "3D Secure 2 Test Page"),
    node(
      "p",
      {},
      `3-D Secure, in test mode: a bank would ask here whether you are using this card on ` +
        `${place}. Choose the outcome: complete the authentication, or fail it.`,
    ),
  ];
}

/** Show the bank's page in a frame, and pass its outcome on to the page. */
function showChallenge(page, { host }) {
  document.documentElement.lang = "en";
  document.adoptedStyleSheets = [sheetOf(BASE_CSS + CHALLENGE_CSS)];
  const bank = node("iframe", {
    id: "challengeFrame",
    name: "stripe-challenge-frame",
    title: "3-D Secure challenge",
    src: `3d_secure_2_challenge.html#${BANK}&host=${host}`,
  });
  const content = node("div", { class: "LightboxModalContent" }, node("div", {}, bank));
  document.body.replaceChildren(node("div", { class: "LightboxModal" }, content));
  addEventListener("message", (event) => {
    if (event.source !== bank.contentWindow || event.origin !== location.origin) return;
    if (Number.isFinite(event.data?.height)) bank.style.height = `${event.data.height}px`;
    if (OUTCOMES.includes(event.data?.outcome))
      page.post({ kind: "outcome", outcome: event.data.outcome });
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") page.post({ kind: "outcome", outcome: "fail" });
  });
  bank.addEventListener("load", () => bank.focus());
}

/** Show the page of the bank, with Stripe's test buttons. */
function showBank(host) {
  document.documentElement.lang = "en";
  document.adoptedStyleSheets = [sheetOf(BASE_CSS + CHALLENGE_CSS)];
  const choose = (outcome) => parent.postMessage({ outcome }, location.origin);
  const choice = (id, outcome, text) => {
    const button = node(
      "button",
      { type: "button", id, "data-testid": `stripe-challenge-${outcome}`, class: outcome },
      text,
    );
    button.addEventListener("click", () => choose(outcome));
    return button;
  };
  const pass = choice("test-source-authorize-3ds", "pass", "Complete");
  const fail = choice("test-source-fail-3ds", "fail", "Fail");
  const choices = node("div", { class: "choices" }, pass, fail);
  document.body.replaceChildren(node("main", {}, ...heading(host), choices));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") choose("fail");
  });
  const [main] = document.body.children;
  new ResizeObserver(() =>
    parent.postMessage({ height: Math.ceil(main.offsetHeight) }, location.origin),
  ).observe(main);
  pass.focus();
}
