// Constructed style sheets, which work under any content security policy of the page. Styles from
// the page are set property by property, so that their text cannot become a rule.

const THEMES = {
  stripe: {
    colorPrimary: "#0570de",
    colorBackground: "#ffffff",
    colorText: "#30313d",
    colorDanger: "#c0123c",
    line: "#8c8f9a",
  },
  flat: {
    colorPrimary: "#0570de",
    colorBackground: "#f1f1f1",
    colorText: "#30313d",
    colorDanger: "#b0103a",
    line: "#f1f1f1",
  },
  night: {
    colorPrimary: "#85d996",
    colorBackground: "#30313d",
    colorText: "#f5f5f7",
    colorDanger: "#fe97ad",
    line: "#8c8f9a",
  },
};
const VARIABLE = /^[a-zA-Z0-9]{1,40}$/;
const PSEUDO = /^(:hover|:focus|:disabled|::placeholder|::selection)$/;

const BASE_CSS = `
body { margin: 0; }
.alias { display: block; margin: 0; font: inherit; }
.alias:focus { outline: none; }
* { box-sizing: border-box; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
input, select { font: inherit; color: inherit; }
[hidden] { display: none !important; }
`;

const ROW_CSS = `
.row { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: center;
  font: 16px/1.4 system-ui, sans-serif; }
.field { flex: 0 1 auto; min-width: 0; position: relative; }
.field.number { flex: 1 1 11.5em; }
.box { display: flex; align-items: center; gap: 8px; }
.field.alone { flex: 1 1 auto; }
input { width: 100%; min-width: 0; padding: 2px 0; border: 0; background: transparent;
  border-radius: 2px; }
input:focus-visible { outline: none; box-shadow: 0 2px currentColor; }
.expiry:not(.alone) input { width: 5.2em; }
.cvc:not(.alone) input { width: 3.6em; }
.postal input { width: 5.2em; }
input::placeholder { color: inherit; opacity: 0.72; }
input.is-invalid { color: #c0123c; }
.on-dark input.is-invalid { color: #ff9bae; }
.brand { font: 700 10px/1 system-ui, sans-serif; letter-spacing: 0.05em; padding: 3px 4px;
  border: 1px solid; border-radius: 3px; }
`;

const PAYMENT_CSS = `
.form { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; margin: 0; padding: 0;
  border: 0; min-width: 0;
  color: var(--colorText); font-family: var(--fontFamily, system-ui, sans-serif);
  font-size: var(--fontSizeBase, 16px);
  line-height: 1.4; }
.field { min-width: 0; position: relative; }
.wide { grid-column: 1 / -1; }
label { display: block; margin-bottom: 4px; font-size: 0.93em; }
input, select { width: 100%; height: 44px; padding: 0 12px; background: var(--colorBackground);
  color: var(--colorText);
  border: 1px solid var(--line); border-radius: var(--borderRadius, 5px); }
input:focus-visible, select:focus-visible { outline: 2px solid var(--colorPrimary);
  outline-offset: 1px; }
input::placeholder { color: var(--colorTextPlaceholder, inherit); opacity: 0.72; }
input.is-invalid { color: var(--colorDanger); border-color: var(--colorDanger); }
.error, .note { margin: 4px 0 0; font-size: 0.93em; }
.error { color: var(--colorDanger); }
.note { grid-column: 1 / -1; margin: 0; }
.box { position: relative; }
.brand { position: absolute; right: 12px; top: 50%; translate: 0 -50%;
  font: 700 10px/1 system-ui, sans-serif;
  letter-spacing: 0.05em; border: 1px solid; border-radius: 3px; padding: 3px 4px;
  background: var(--colorBackground); }
@media (max-width: 340px) { .form { grid-template-columns: 1fr; } }
`;

const CHALLENGE_CSS = `
html { color-scheme: light dark; }
body { margin: 0; }
* { box-sizing: border-box; }
.LightboxModal { position: fixed; inset: 0; display: grid; place-items: center; padding: 16px;
  background: rgb(0 0 0 / 55%); }
.LightboxModalContent { width: min(28rem, 100%); overflow: hidden; border-radius: 12px;
  border: 1px solid GrayText; background: Canvas; }
.LightboxModalContent iframe { display: block; width: 100%; height: 16rem; max-height: 85vh;
  border: 0; }
main { padding: 24px; color: CanvasText; background: Canvas;
  font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 8px; font-size: 1.25rem; }
p { margin: 0 0 16px; }
.choices { display: flex; flex-wrap: wrap; gap: 12px; }
button { font: inherit; padding: 8px 18px; border-radius: 6px; border: 1px solid CanvasText;
  cursor: pointer;
  background: Canvas; color: CanvasText; }
button.pass { border-color: #1d5fd0; background: #1d5fd0; color: #fff; }
button:focus-visible { outline: 3px solid CanvasText; outline-offset: 2px; }
`;

function sheetOf(css) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
}

/** Return the color, font and ground of the page around the frame. */
function sheetOfPage({ color, fontFamily, fontSize, background }) {
  const sheet = new CSSStyleSheet();
  addRule(sheet, ".row", { color, fontFamily, fontSize });
  // Light text on the default ground of a frame, which is white, could not be read.
  if (isLight(color)) addRule(sheet, "body", { background });
  return sheet;
}

/** Add a rule with declarations from the page. The browser ignores invalid ones. */
function addRule(sheet, selector, declarations) {
  if (!isObject(declarations)) return;
  const rule = sheet.cssRules[sheet.insertRule(`${selector} {}`, sheet.cssRules.length)];
  for (const [name, value] of Object.entries(declarations)) {
    if (typeof value !== "string" && typeof value !== "number") continue;
    rule.style.setProperty(
      name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      String(value),
    );
  }
}

/** Convert the `style` option: base, complete, empty and invalid, each with pseudo-classes. */
function sheetOfStyle(style) {
  const sheet = new CSSStyleSheet();
  if (!isObject(style)) return sheet;
  const states = {
    base: "input",
    complete: "input.is-complete",
    empty: "input.is-empty",
    invalid: "input.is-invalid, .on-dark input.is-invalid",
  };
  for (const [state, selector] of Object.entries(states)) {
    if (!isObject(style[state])) continue;
    addRule(sheet, selector, style[state]);
    for (const pseudo of Object.keys(style[state]).filter((name) => PSEUDO.test(name))) {
      addRule(sheet, selector.replace(/(?=,|$)/g, pseudo), style[state][pseudo]);
    }
  }
  return sheet;
}

/** Convert the `appearance` option: theme, variables, and rules for inputs, labels and errors. */
function sheetOfAppearance(appearance) {
  const sheet = new CSSStyleSheet();
  const requested = isObject(appearance) ? appearance : {};
  const variables = {
    ...(THEMES[requested.theme] ?? THEMES.stripe),
    ...(isObject(requested.variables) ? requested.variables : {}),
  };
  const rule = sheet.cssRules[sheet.insertRule(":root {}")];
  for (const [name, value] of Object.entries(variables)) {
    if (VARIABLE.test(name) && typeof value === "string")
      rule.style.setProperty(`--${name}`, value);
  }
  const parts = { Input: "input, select", Label: "label", Error: ".error" };
  for (const [name, declarations] of Object.entries(
    isObject(requested.rules) ? requested.rules : {},
  )) {
    const found = /^\.(Input|Label|Error)(--invalid)?(:hover|:focus|::placeholder)?$/.exec(name);
    if (found === null) continue;
    const selector = found[2] ? "input.is-invalid" : parts[found[1]];
    addRule(sheet, selector.replace(/(?=,|$)/g, found[3] ?? ""), declarations);
  }
  return sheet;
}
