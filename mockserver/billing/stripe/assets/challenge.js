// 3-D Secure: a dialog that replaces the bank's challenge and asks for the outcome.

function siteName(hostname) {
  return hostname === "" ? "this page" : hostname;
}

/** Ask for the outcome, "pass" or "fail". Escape means "fail", like closing a bank's window. */
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
      `A bank would ask here whether you are using this card on ${siteName(location.hostname)}. ` +
        "Choose the outcome: complete the authentication, or fail it.",
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
