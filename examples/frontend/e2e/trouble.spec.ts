import { expect, test } from "./support";

test("when billing cannot be reached, each part says so and can be tried again", async ({ account, billing, page }) => {
  await page.route("**/api/v1/billing/balance", (route) => route.abort("connectionrefused"));
  await billing.open(account.key);
  const section = billing.section("Balance");
  await expect(section.getByRole("alert")).toContainText("Billing cannot be reached.");
  await expect(billing.transactions).toHaveCount(10);
  await page.unroute("**/api/v1/billing/balance");
  await section.getByRole("button", { name: "Try again" }).click();
  await expect(billing.balance).toHaveText(await account.balance());
});

test("what an API says can never become markup", async ({ account, billing, page }) => {
  const evil = '<img src=x onerror="window.hurt = true">';
  await page.route("**/recent-activity*", async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    for (const each of body.activities) Object.assign(each, { type: "usage_alert", description: evil });
    await route.fulfill({ response, json: body });
  });
  await billing.open(account.key);
  await expect(billing.activities.first()).toContainText(evil);
  await expect(billing.alert).toContainText(evil);
  await expect(page.locator("main img")).toHaveCount(0);
  expect(await page.evaluate(() => "hurt" in window)).toBe(false);
});
