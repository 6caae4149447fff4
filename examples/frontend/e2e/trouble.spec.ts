import { expect, test } from "./support";

test("a part that fails says so, and can be tried again", async ({ account, billing, page }) => {
  await account.letFail({ operations: ["get_balance"], next: 1, status: 503 });
  await billing.open(account.key);
  const section = billing.section("Balance");
  await expect(section.getByRole("alert")).toContainText("Billing has a problem right now (503).");
  await expect(billing.transactions).toHaveCount(10); // the others are there
  await section.getByRole("button", { name: "Try again" }).click();
  await expect(billing.balance).toHaveText(await account.balance());
  await expect(section.getByRole("heading")).toBeFocused();
  await expect(page.getByRole("alert").filter({ visible: true })).toHaveCount(0);
});

test("a broken connection and half an answer are told apart", async ({ account, billing }) => {
  await account.letFail({ operations: ["get_balance"], connection: "reset" });
  await account.letFail({ operations: ["list_credit_transactions"], connection: "truncated_body" });
  await billing.open(account.key);
  await expect(billing.section("Balance").getByRole("alert")).toContainText(
    "Billing cannot be reached.",
  );
  await expect(billing.section("Transactions").getByRole("alert")).toContainText(
    /cannot be (read|reached)/,
  );
});

test("too many requests", async ({ account, billing }) => {
  await account.letFail({ operations: ["get_usage_alerts"], status: 429 });
  await billing.open(account.key);
  await expect(billing.section("Usage alerts").getByRole("alert")).toContainText(
    "Wait a minute, then try again.",
  );
});

test("while billing is slow, what is there stays, and the rest is announced as loading", async ({
  account,
  billing,
}) => {
  await billing.open(account.key);
  await expect(billing.balance).toBeVisible();
  const before = await billing.balance.textContent();
  await account.use(100_000);
  await account.letFail({ operations: ["get_balance"], next: 1, latency: { ms: 3000 } });
  await billing.refresh();
  await expect(billing.section("Balance")).toHaveAttribute("aria-busy", "true");
  await expect(billing.balance).toHaveText(before ?? "");
  await expect(billing.section("Balance")).toHaveAttribute("aria-busy", "false");
  await expect(billing.balance).not.toHaveText(before ?? "");
});

test("a deposit of which nobody knows whether it was made is not made twice unasked", async ({
  account,
  billing,
  checkout,
}) => {
  // Not just the next one: a browser itself repeats a request whose connection breaks before the answer begins.
  await account.letFail({ operations: ["create_deposit"], connection: "answer_lost" });
  await billing.open(account.key);
  await billing.startDeposit("50");
  await expect(billing.section("Add funds").getByRole("alert")).toContainText(
    "Billing cannot be reached. Check your connection. See whether it was done before you try again.",
  );
  await account.letAllGoWell();
  await billing.startDeposit("50");
  await expect(checkout.amount).toHaveText("$50.00");
});

test("what an API says can never become markup", async ({ account, billing, page }) => {
  const evil = '<img src=x onerror="window.hurt = true">';
  await page.route("**/recent-activity*", async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    for (const each of body.activities)
      Object.assign(each, { type: "usage_alert", description: evil });
    await route.fulfill({ response, json: body });
  });
  await billing.open(account.key);
  await expect(billing.activities.first()).toContainText(evil);
  await expect(billing.alert).toContainText(evil);
  await expect(page.locator("main img")).toHaveCount(0);
  expect(await page.evaluate(() => "hurt" in window)).toBe(false);
});
