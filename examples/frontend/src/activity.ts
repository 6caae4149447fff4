/** What happened lately, in words. */

import { answer, billing, type Schemas } from "./api";
import { el } from "./dom";
import { section, type Section } from "./section";
import { dayOf, named } from "./words";

const SHOWN = 6;

export function activitySection(): Section {
  return section("Recent activity", {
    id: "activity",
    load: () =>
      answer(
        billing.GET("/api/v1/billing/recent-activity", { params: { query: { limit: SHOWN } } }),
      ),
    show: ({ activities }) => [
      activities.length === 0
        ? el("p", { className: "quiet", textContent: "Nothing yet." })
        : el("ul", { className: "activities" }, ...activities.map(item)),
    ],
  });
}

function item(activity: Schemas["Activity"]): HTMLElement {
  const isTrouble = activity.type === "usage_alert" || activity.type === "auto_recharge_failed";
  return el(
    "li",
    { className: isTrouble ? "trouble" : "", attrs: { "data-testid": "activity" } },
    el(
      "span",
      {},
      activity.description,
      el("span", {
        className: "quiet",
        textContent: `${named(activity.type)}, ${dayOf(activity.created_at)}`,
      }),
    ),
    el("span", { className: "number", textContent: activity.amount_display ?? "" }),
  );
}
