/** Settings from the environment and the URL: the API's base URL and the keys. */

const STORAGE_KEY = "billing-key";
const TEST_KEY = /^sk_test_\w+$/;

/** False in a production build, from which the code that depends on it is removed. */
export const isTestMode = import.meta.env.MODE !== "production";

const defaultUrl = isTestMode ? "http://127.0.0.1:8080" : location.origin;

export const billingUrl: string = import.meta.env.VITE_BILLING_URL ?? defaultUrl;
export const stripeKey: string =
  import.meta.env.VITE_STRIPE_KEY ?? (isTestMode ? "pk_test_mock" : "");

/**
 * The API key of requests; undefined in production, where a backend of yours adds the key: whoever
 * has it can charge cards.
 *
 * In test mode `?key=sk_test_...` chooses another account. The tab stores the key, since the
 * checkout page redirects to a URL without it.
 */
export const apiKey: string | undefined = isTestMode ? testKey() : undefined;

function testKey(): string {
  const url = new URL(location.href);
  const requested = url.searchParams.get("key");
  if (requested !== null && TEST_KEY.test(requested)) {
    sessionStorage.setItem(STORAGE_KEY, requested);
    url.searchParams.delete("key");
    history.replaceState(null, "", url);
  }
  const key =
    sessionStorage.getItem(STORAGE_KEY) ?? import.meta.env.VITE_BILLING_KEY ?? "sk_test_default";
  if (!TEST_KEY.test(key)) throw new Error("VITE_BILLING_KEY must be a test key: sk_test_...");
  return key;
}
