/** The list of recent activity. */

import { billing, dataOf, type Schemas } from "./api";
import { el } from "./dom";
import { formatDay, label } from "./format";
import { section, type Section } from "./section";

const LIMIT = 6;

export function activitySection(): Section {
  return section("Recent activity", {
    id: "activity",
    load: () =>
      dataOf(
        billing.GET("/api/v1/billing/recent-activity", { params: { query: { limit: LIMIT } } }),
      ),
    show: ({ activities }) => [
      activities.length === 0
        ? el("p", { className: "quiet", textContent: "Nothing yet." })
        : el("ul", { className: "activities" }, ...activities.map(item)),
    ],
  });
}

function item(activity: Schemas["Activity"]): HTMLElement {
  const isProblem = activity.type === "usage_alert" || activity.type === "auto_recharge_failed";
  return el(
    "li",
    { className: isProblem ? "trouble" : "", attrs: { "data-testid": "activity" } },
    el(
      "span",
      {},
      activity.description,
      el("span", {
        className: "quiet",
        textContent: `${label(activity.type)}, ${formatDay(activity.created_at)}`,
      }),
    ),
    el("span", { className: "number", textContent: activity.amount_display ?? "" }),
  );
}
