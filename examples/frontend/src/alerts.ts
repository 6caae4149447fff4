/** The month's usage, the alert that it caused, and the settings of alerts. */

import { billing, dataOf, type Schemas } from "./api";
import { el } from "./dom";
import { Failure } from "./failure";
import { formatCount } from "./format";
import { checkbox, field, form } from "./forms";
import { notice } from "./notices";
import { section, type Section } from "./section";

const THRESHOLDS = [50, 75, 90, 100] as const;
const PATH = "/api/v1/billing/usage-alerts";

interface Month {
  used: number;
  allocated: number;
  /** The latest alert of this month. */
  alert: Schemas["Activity"] | undefined;
}

/** The month's usage; an alert is shown in `banner`, at the top of the screen. */
export function usageSection(banner: HTMLElement): Section {
  return section("Usage this month", {
    id: "usage",
    load: loadMonth,
    show: (month) => {
      banner.replaceChildren(...(month.alert === undefined ? [] : [alertElement(month.alert)]));
      return [meter(month)];
    },
  });
}

/** Load the month's usage. The API's time determines the month: the local clock may be wrong. */
async function loadMonth(): Promise<Month> {
  const [projection, realtime, recent] = await Promise.all([
    dataOf(billing.GET("/api/v1/billing/cost-projection")),
    dataOf(billing.GET("/api/v1/billing/usage-realtime")),
    dataOf(billing.GET("/api/v1/billing/recent-activity", { params: { query: { limit: 100 } } })),
  ]);
  const month = realtime.as_of.slice(0, "2026-03".length);
  const alert = recent.activities.find(
    (activity) => activity.type === "usage_alert" && activity.created_at.startsWith(month),
  );
  return { used: projection.credits_used, allocated: projection.credits_allocated, alert };
}

function alertElement(alert: Schemas["Activity"]): HTMLElement {
  return el(
    "div",
    { className: "notice bad", attrs: { "data-testid": "usage-alert" } },
    el("p", {}, `${alert.description}.`),
  );
}

function meter({ used, allocated }: Month): HTMLElement {
  if (allocated === 0) {
    const text = `${formatCount(used)} credits. No plan or deposit this month to compare with.`;
    return el("p", { textContent: text });
  }
  const share = Math.floor((used * 100) / allocated);
  return el(
    "div",
    { className: "share" },
    el("p", {
      textContent: `${formatCount(used)} of ${formatCount(allocated)} credits used (${share} %)`,
    }),
    el("meter", {
      max: 100,
      low: 75,
      high: 90,
      optimum: 0,
      value: Math.min(share, 100),
      ariaLabel: "Share of credits used",
    }),
  );
}

export function alertSettingsSection(): Section {
  return section("Usage alerts", { id: "alerts", load: () => dataOf(billing.GET(PATH)), show });
}

function show(settings: Schemas["UsageAlerts"]): Node[] {
  const enabled = checkbox("Warn me about my usage", "alerts-enabled", settings.enabled);
  const thresholds = THRESHOLDS.map((share) => ({
    share,
    ...checkbox(`At ${share} %`, `alerts-${share}`, settings[`threshold_${share}_enabled`]),
  }));
  const email = checkbox("By e-mail", "alerts-email", settings.email_enabled);
  const webhook = field(
    "Webhook address",
    {
      id: "alerts-webhook",
      type: "url",
      value: settings.webhook_url ?? "",
      autocomplete: "off",
      maxLength: 2048,
    },
    "Optional. Alerts are sent here as signed POST requests.",
  );
  const details = el(
    "fieldset",
    { disabled: !settings.enabled },
    el("legend", { textContent: "Thresholds and channels" }),
    el("div", { className: "checks" }, ...thresholds.map(({ element }) => element)),
    email.element,
    webhook.element,
  );
  enabled.input.addEventListener("change", () => (details.disabled = !enabled.input.checked));

  const isOn = (share: number): boolean =>
    thresholds.some((threshold) => threshold.share === share && threshold.input.checked);
  const save = async (): Promise<void> => {
    const url = webhook.input.value.trim();
    if (url !== "" && !/^https?:\/\/[^\s/]/.test(url)) {
      const message = "Enter an address that starts with https:// or http://.";
      throw new Failure(message, new Map([["webhook_url", message]]));
    }
    await dataOf(
      billing.PUT(PATH, {
        body: {
          enabled: enabled.input.checked,
          threshold_50_enabled: isOn(50),
          threshold_75_enabled: isOn(75),
          threshold_90_enabled: isOn(90),
          threshold_100_enabled: isOn(100),
          email_enabled: email.input.checked,
          webhook_url: url === "" ? null : url,
        },
      }),
    );
    notice("Alert settings saved.");
  };
  return [
    form(
      {
        fields: { webhook_url: webhook },
        content: [enabled.element, details],
        submit: "Save alerts",
      },
      save,
    ),
  ];
}
