import { defineConfig, loadEnv } from "vite";

export default defineConfig(({ command, mode }) => {
  const environment = loadEnv(mode, process.cwd(), "VITE_");
  if (
    command === "build" &&
    mode === "production" &&
    environment["VITE_STRIPE_KEY"] === undefined
  ) {
    throw new Error("A production build needs Stripe's publishable key: set VITE_STRIPE_KEY.");
  }
  const mock = environment["VITE_BILLING_URL"] ?? "http://127.0.0.1:8080";
  return {
    // A build for tests talks to a mock: it must never lie where a build for customers is taken from.
    build: { outDir: mode === "test" ? "dist-test" : "dist" },
    plugins: [
      {
        name: "stripe-stand-in",
        // In development and in tests the mock's stand-in is there before loadStripe() looks, so js.stripe.com is
        // never asked. A production build has no such tag, and loadStripe() brings Stripe's own.
        transformIndexHtml: () =>
          mode === "production"
            ? []
            : [{ tag: "script", attrs: { src: `${mock}/_mock/stripe.js` } }],
      },
    ],
  };
});
