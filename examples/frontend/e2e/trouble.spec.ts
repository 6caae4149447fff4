import { expect, test } from "./support";

test("a failed section reports the error and can be retried", async ({
  account,
  billing,
  page,
}) => {
  await account.failNext("get_balance", { status: 503 });
  await billing.open(account.key);
  const section = billing.section("Balance");
  await expect(section.getByRole("alert")).toContainText("Billing has a problem right now (503).");
  await expect(billing.transactions).toHaveCount(10); // other sections are loaded
  await section.getByRole("button", { name: "Try again" }).click();
  await expect(billing.balance).toHaveText(await account.balance());
  await expect(section.getByRole("heading")).toBeFocused();
  await expect(page.getByRole("alert").filter({ visible: true })).toHaveCount(0);
});

test("a broken connection and a truncated response are reported", async ({ account, billing }) => {
  await account.fail({ operations: ["get_balance"], connection: "reset" });
  await account.fail({ operations: ["list_credit_transactions"], connection: "truncated_body" });
  await billing.open(account.key);
  await expect(billing.section("Balance").getByRole("alert")).toContainText(
    "Billing cannot be reached.",
  );
  await expect(billing.section("Transactions").getByRole("alert")).toContainText(
    /cannot be (read|reached)/,
  );
});

test("rate limiting is reported with advice", async ({ account, billing }) => {
  await account.fail({ operations: ["get_usage_alerts"], status: 429 });
  await billing.open(account.key);
  await expect(billing.section("Usage alerts").getByRole("alert")).toContainText(
    "Wait a minute, then try again.",
  );
});

test("during a slow refresh the content stays, and the section is marked as busy", async ({
  account,
  billing,
}) => {
  await billing.open(account.key);
  await expect(billing.balance).toBeVisible();
  const before = await billing.balance.textContent();
  await account.use(100_000);
  await account.failNext("get_balance", { latency: { ms: 3000 } });
  await billing.refresh();
  await expect(billing.section("Balance")).toHaveAttribute("aria-busy", "true");
  await expect(billing.balance).toHaveText(before ?? "");
  await expect(billing.section("Balance")).toHaveAttribute("aria-busy", "false");
  await expect(billing.balance).not.toHaveText(before ?? "");
});

test("after a lost response the user is told to check before trying again", async ({
  account,
  billing,
  checkout,
}) => {
  // All requests, not only the next: browsers repeat a request if no response has begun.
  await account.fail({ operations: ["create_deposit"], connection: "answer_lost" });
  await billing.open(account.key);
  await billing.startDeposit("50");
  await expect(billing.section("Add funds").getByRole("alert")).toContainText(
    "Billing cannot be reached. Check your connection. " +
      "Check whether it was done before you try again.",
  );
  await account.stopFailing();
  await billing.startDeposit("50");
  await expect(checkout.amount).toHaveText("$50.00");
});

test("data from the API cannot become markup", async ({ account, billing, page }) => {
  const evil = '<img src=x onerror="window.hurt = true">';
  await page.route("**/recent-activity*", async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    for (const activity of body.activities)
      Object.assign(activity, { type: "usage_alert", description: evil });
    await route.fulfill({ response, json: body });
  });
  await billing.open(account.key);
  await expect(billing.activities.first()).toContainText(evil);
  await expect(billing.alert).toContainText(evil);
  await expect(page.locator("main img")).toHaveCount(0);
  expect(await page.evaluate(() => "hurt" in window)).toBe(false);
});
