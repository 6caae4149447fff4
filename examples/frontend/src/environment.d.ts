interface ImportMetaEnv {
  readonly VITE_BILLING_URL?: string;
  readonly VITE_BILLING_KEY?: string;
  readonly VITE_STRIPE_KEY?: string;
}
