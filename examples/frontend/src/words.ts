/** How things are written for people. Amounts come from the API ready to be shown; it rounds them its own way. */

import type { Schemas } from "./api";

const day = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeZone: "UTC" });
const moment = new Intl.DateTimeFormat("en-US", {
  dateStyle: "medium",
  timeStyle: "short",
  timeZone: "UTC",
});
const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const count = new Intl.NumberFormat("en-US");

export const dayOf = (timestamp: string): string => day.format(new Date(timestamp));
export const momentOf = (timestamp: string): string => `${moment.format(new Date(timestamp))} UTC`;
export const centsInWords = (cents: number): string => dollars.format(cents / 100);
export const countInWords = (value: number): string => count.format(value);

/** Cents of an amount that somebody typed, such as `50`, `$1,000` or `12.50`; undefined if it is none. */
export function typedCents(text: string): number | undefined {
  const found = /^\$?(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text.replaceAll(/[\s,]/g, ""));
  if (found === null) return undefined;
  return Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
}

/** `high_volume` as `High volume`. */
export function named(slug: string): string {
  const words = slug.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function cardInWords(card: Schemas["PaymentMethod"]): string {
  return `${named(card.card_brand ?? card.type)} ending in ${card.card_last4 ?? "????"}`;
}

/** What a promo code that can be used brings: its message does not say that. */
export function bonusInWords(promo: Schemas["PromoValidation"]): string {
  if (promo.bonus_type == null || promo.bonus_value === null) return "";
  const isShare = promo.bonus_type === "percentage";
  const bonus = isShare
    ? `${promo.bonus_value} % on top`
    : `${centsInWords(promo.bonus_value)} on top`;
  const most =
    isShare && promo.max_credits_display !== null ? `, up to ${promo.max_credits_display}` : "";
  const least =
    promo.min_deposit_cents === null
      ? ""
      : `, for ${centsInWords(promo.min_deposit_cents)} or more`;
  return `${bonus}${most}${least}.`;
}
