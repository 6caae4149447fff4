// The mock's address as the page sees it.

const SCRIPT_PATH = "/_mock/stripe.js";

/** The mock's origin: that of this script or, if another server delivered it, the one in MOCK. */
const ORIGIN = (() => {
  const source = (document.currentScript?.src ?? "").split(/[?#]/)[0];
  return source.endsWith(SCRIPT_PATH) ? source.slice(0, -SCRIPT_PATH.length) : MOCK.origin;
})();
