/** How much of the month's credits is used, which alerts that set off, and when to be told. */

import { answer, billing, type Schemas } from "./api";
import { el } from "./dom";
import { Failure } from "./failure";
import { checkbox, field, form } from "./forms";
import { notice } from "./notices";
import { section, type Section } from "./section";
import { countInWords } from "./words";

const THRESHOLDS = [50, 75, 90, 100] as const;
const PATH = "/api/v1/billing/usage-alerts";

interface Month {
  used: number;
  allocated: number;
  /** The newest alert of this month. */
  alert: Schemas["Activity"] | undefined;
}

/** The month's usage; `banner` is where an alert is shown above everything else. */
export function usageSection(banner: HTMLElement): Section {
  return section("Usage this month", {
    id: "usage",
    load: loadMonth,
    show: (month) => {
      banner.replaceChildren(...(month.alert === undefined ? [] : [alertOf(month.alert)]));
      return [meter(month)];
    },
  });
}

/** The API's time decides which month it is: this computer's clock may be wrong. */
async function loadMonth(): Promise<Month> {
  const [projection, now, recent] = await Promise.all([
    answer(billing.GET("/api/v1/billing/cost-projection")),
    answer(billing.GET("/api/v1/billing/usage-realtime")),
    answer(billing.GET("/api/v1/billing/recent-activity", { params: { query: { limit: 100 } } })),
  ]);
  const month = now.as_of.slice(0, "2026-03".length);
  const alert = recent.activities.find(
    (each) => each.type === "usage_alert" && each.created_at.startsWith(month),
  );
  return { used: projection.credits_used, allocated: projection.credits_allocated, alert };
}

function alertOf(alert: Schemas["Activity"]): HTMLElement {
  return el(
    "div",
    { className: "notice bad", attrs: { "data-testid": "usage-alert" } },
    el("p", {}, `${alert.description}.`),
  );
}

function meter({ used, allocated }: Month): HTMLElement {
  if (allocated === 0) {
    const text = `${countInWords(used)} credits. No plan or deposit this month, so there is no share to show.`;
    return el("p", { textContent: text });
  }
  const share = Math.floor((used * 100) / allocated);
  return el(
    "div",
    { className: "share" },
    el("p", {
      textContent: `${countInWords(used)} of ${countInWords(allocated)} credits used (${share} %)`,
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
  return section("Usage alerts", { id: "alerts", load: () => answer(billing.GET(PATH)), show });
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
    "If there is one, alerts are posted there, signed.",
  );
  const details = el(
    "fieldset",
    { disabled: !settings.enabled },
    el("legend", { textContent: "When, and how" }),
    el("div", { className: "checks" }, ...thresholds.map(({ element }) => element)),
    email.element,
    webhook.element,
  );
  enabled.input.addEventListener("change", () => (details.disabled = !enabled.input.checked));

  const isOn = (share: number): boolean =>
    thresholds.some((each) => each.share === share && each.input.checked);
  const save = async (): Promise<void> => {
    const address = webhook.input.value.trim();
    if (address !== "" && !/^https?:\/\/[^\s/]/.test(address)) {
      const wanted = "Type an address that begins with https:// or http://.";
      throw new Failure(wanted, new Map([["webhook_url", wanted]]));
    }
    await answer(
      billing.PUT(PATH, {
        body: {
          enabled: enabled.input.checked,
          threshold_50_enabled: isOn(50),
          threshold_75_enabled: isOn(75),
          threshold_90_enabled: isOn(90),
          threshold_100_enabled: isOn(100),
          email_enabled: email.input.checked,
          webhook_url: address === "" ? null : address,
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
