/** Formatting of values for display. Amounts are formatted by the API where it offers that. */

import type { Schemas } from "./api";

const day = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeZone: "UTC" });
const moment = new Intl.DateTimeFormat("en-US", {
  dateStyle: "medium",
  timeStyle: "short",
  timeZone: "UTC",
});
const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const count = new Intl.NumberFormat("en-US");

export const formatDay = (timestamp: string): string => day.format(new Date(timestamp));
export const formatTime = (timestamp: string): string =>
  `${moment.format(new Date(timestamp))} UTC`;
export const formatCents = (cents: number): string => dollars.format(cents / 100);
export const formatCount = (value: number): string => count.format(value);

/** The cents of a typed amount such as `50`, `$1,000` or `12.50`; undefined if it is invalid. */
export function parseCents(text: string): number | undefined {
  const match = /^\$?(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text.replaceAll(/[\s,]/g, ""));
  if (match === null) return undefined;
  return Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0"));
}

/** Turn an identifier into a label: `high_volume` into `High volume`. */
export function label(slug: string): string {
  const words = slug.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function cardName(card: Schemas["PaymentMethod"]): string {
  return `${label(card.card_brand ?? card.type)} ending in ${card.card_last4 ?? "????"}`;
}

/** Describe the bonus of a valid promo code; the API's message does not. */
export function describeBonus(promo: Schemas["PromoValidation"]): string {
  if (promo.bonus_type == null || promo.bonus_value === null) return "";
  const isShare = promo.bonus_type === "percentage";
  const bonus = isShare
    ? `${promo.bonus_value} % on top`
    : `${formatCents(promo.bonus_value)} on top`;
  const maximum =
    isShare && promo.max_credits_display !== null ? `, up to ${promo.max_credits_display}` : "";
  const minimum =
    promo.min_deposit_cents === null ? "" : `, for ${formatCents(promo.min_deposit_cents)} or more`;
  return `${bonus}${maximum}${minimum}.`;
}
