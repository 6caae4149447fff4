// 3-D Secure: in place of a bank's question, a dialog that asks for the outcome.

function nameOf(hostname) {
  return hostname === "" ? "this page" : hostname;
}

/** Ask the payer: "pass" or "fail". Escape is a fail, as closing a bank's window is. */
function challenge() {
  const host = node("div", { class: "__PrivateStripeChallenge" });
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheetOf(CHALLENGE_CSS)];
  const choice = (id, testid, name, text) =>
    node("button", { type: "button", id, "data-testid": testid, class: name }, text);
  const pass = choice("test-source-authorize-3ds", "stripe-challenge-pass", "pass", "Complete");
  const fail = choice("test-source-fail-3ds", "stripe-challenge-fail", "fail", "Fail");
  const dialog = node(
    "dialog",
    { "aria-labelledby": "title", "aria-describedby": "text", "data-testid": "stripe-challenge" },
    node("h2", { id: "title" }, "3-D Secure, in test mode"),
    node(
      "p",
      { id: "text" },
      `Here a bank would ask whether it is you who uses this card on ${nameOf(location.hostname)}. ` +
        "Choose how that ends: complete the authentication, or fail it.",
    ),
    node("div", { class: "choices" }, pass, fail),
  );
  root.append(dialog);
  document.body.append(host);
  return new Promise((resolve) => {
    pass.addEventListener("click", () => dialog.close("pass"));
    fail.addEventListener("click", () => dialog.close("fail"));
    dialog.addEventListener("close", () => {
      host.remove();
      resolve(dialog.returnValue === "pass" ? "pass" : "fail");
    });
    dialog.showModal();
  });
}
