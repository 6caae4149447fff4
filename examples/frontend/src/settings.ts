/** Where the billing API is, and whom this browser speaks for. */

const REMEMBERED = "billing-key";
const TEST_KEY = /^sk_test_\w+$/;

/** False in a production build, where all that hangs on it is left out. */
export const isTestMode = import.meta.env.MODE !== "production";

const otherwise = isTestMode ? "http://127.0.0.1:8080" : location.origin;

export const billingUrl: string = import.meta.env.VITE_BILLING_URL ?? otherwise;
export const stripeKey: string =
  import.meta.env.VITE_STRIPE_KEY ?? (isTestMode ? "pk_test_mock" : "");

/**
 * The key that requests carry; none in production, where a backend of yours adds it: who holds a key can charge cards.
 *
 * In test mode `?key=sk_test_...` chooses another account. It is remembered in this tab, since the way through the
 * checkout page leads back to an address without it.
 */
export const apiKey: string | undefined = isTestMode ? testKey() : undefined;

function testKey(): string {
  const address = new URL(location.href);
  const asked = address.searchParams.get("key");
  if (asked !== null && TEST_KEY.test(asked)) {
    sessionStorage.setItem(REMEMBERED, asked);
    address.searchParams.delete("key");
    history.replaceState(null, "", address);
  }
  const key =
    sessionStorage.getItem(REMEMBERED) ?? import.meta.env.VITE_BILLING_KEY ?? "sk_test_default";
  if (!TEST_KEY.test(key)) throw new Error("VITE_BILLING_KEY must be a test key: sk_test_...");
  return key;
}
