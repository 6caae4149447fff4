import { expect, test } from "./support";
import { signatureOf } from "./support/receiver";

test.beforeEach(async ({ account, billing }) => {
  await account.startAs("new");
  await account.deposit(1900); // with the sign-up bonus of $1.00: 100,000 credits
  await billing.open(account.key);
});

test("at 75 % of the credits, an alert is shown and an e-mail is sent", async ({
  account,
  billing,
}) => {
  await expect(billing.section("Usage this month")).toContainText(
    "0 of 100,000 credits used (0 %)",
  );
  await account.use(74_999);
  await billing.refresh();
  await expect(billing.section("Usage this month")).toContainText(
    "74,999 of 100,000 credits used (74 %)",
  );
  await expect(billing.alert).toHaveCount(0);
  await account.use(1);
  await billing.refresh();
  await expect(billing.alert).toHaveText("75 % of this month's credits are used.");
  await expect(billing.activities.first()).toContainText("75 % of this month's credits are used");
  expect((await account.outbox())[0]).toMatchObject({
    channel: "email",
    subject: "You have used 75 % of your credits",
  });
});

test("alerts follow the settings: a signed webhook at 50 %", async ({
  account,
  billing,
  receiver,
  page,
}) => {
  const settings = billing.section("Usage alerts");
  await settings.getByLabel("At 50 %").check();
  await settings.getByLabel("At 75 %").uncheck();
  await settings.getByLabel("By e-mail").uncheck();
  await settings.getByLabel("Webhook address").fill(receiver.url);
  await settings.getByRole("button", { name: "Save alerts" }).click();
  await expect(billing.notice).toContainText("Alert settings saved.");
  await page.reload();
  await expect(settings.getByLabel("At 50 %")).toBeChecked();
  await expect(settings.getByLabel("At 75 %")).not.toBeChecked();
  await expect(settings.getByLabel("Webhook address")).toHaveValue(receiver.url);

  await account.use(80_000);
  await billing.refresh();
  await expect(billing.alert).toHaveText("50 % of this month's credits are used.");
  await expect.poll(() => receiver.deliveries).toHaveLength(1);
  const [{ body, headers }] = receiver.deliveries as [
    { body: string; headers: Record<string, string> },
  ];
  expect(JSON.parse(body)).toEqual({
    event: "usage.alert",
    data: { threshold: 50, credits_used: 80_000, credits_allocated: 100_000, period: "2026-03" },
  });
  const { secret } = (await account.webhooks()).usage_alerts!;
  expect(headers["x-alterlab-signature"]).toBe(signatureOf(body, secret));
  const messages = await account.outbox();
  expect(messages.map(({ channel }) => channel)).toEqual(["webhook"]); // and no e-mail
});

test("with alerts switched off there are none", async ({ account, billing }) => {
  const settings = billing.section("Usage alerts");
  await settings.getByLabel("Warn me about my usage").uncheck();
  await expect(settings.getByLabel("By e-mail")).toBeDisabled();
  await settings.getByRole("button", { name: "Save alerts" }).click();
  await expect(billing.notice).toContainText("Alert settings saved.");
  await account.use(100_000);
  await billing.refresh();
  await expect(billing.section("Usage this month")).toContainText("(100 %)");
  await expect(billing.alert).toHaveCount(0);
  expect(await account.outbox()).toEqual([]);
});

test("an invalid webhook address is reported at its field", async ({ billing }) => {
  const address = billing.section("Usage alerts").getByLabel("Webhook address");
  await address.fill("hooks.example.com");
  await address.press("Enter");
  await expect(address).toHaveAccessibleDescription(/Enter an address that starts with https:/);
  await expect(address).toBeFocused();
  await address.fill("https://" + "a b"); // the API refuses this one
  await address.press("Enter");
  await expect(address).toHaveAttribute("aria-invalid", "true");
});
