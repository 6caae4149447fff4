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
    // A test build calls the mock: it must not be in the folder from which you deploy.
    build: { outDir: mode === "test" ? "dist-test" : "dist" },
    plugins: [
      {
        name: "stripe-stand-in",
        // In development and in tests the mock's script is loaded first: loadStripe() finds it and
        // does not request js.stripe.com. In production loadStripe() loads Stripe's script.
        transformIndexHtml: () =>
          mode === "production"
            ? []
            : [{ tag: "script", attrs: { src: `${mock}/_mock/stripe.js` } }],
      },
    ],
  };
});
