import { expect, test } from "./support";

test.beforeEach(async ({ account, billing }) => {
  await account.startAs("new");
  await account.addCard("pm_card_visa");
  await account.addCard("pm_card_mastercard");
  await billing.open(account.key);
  await expect(billing.cards).toHaveCount(2);
});

test("another card becomes the default", async ({ billing, page }) => {
  const [mastercard, visa] = [billing.cards.first(), billing.cards.last()];
  await expect(visa).toContainText("Visa ending in 4242Default");
  await page.getByRole("button", { name: "Make default: Mastercard ending in 4444" }).click();
  await expect(mastercard).toContainText("Default");
  await expect(visa.getByText("Default", { exact: true })).toHaveCount(0);
  await expect(billing.notice).toContainText("The mastercard ending in 4444 is the default now.");
  await expect(billing.section("Payment methods").getByRole("heading")).toBeFocused();
});

test("a card is removed after confirmation", async ({ billing, page }) => {
  const remove = page.getByRole("button", { name: "Remove: Mastercard ending in 4444" });
  await remove.click();
  await expect(
    page.getByRole("dialog", { name: "Remove the Mastercard ending in 4444?" }),
  ).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(billing.cards).toHaveCount(2);
  await expect(remove).toBeFocused();
  await remove.click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(billing.cards).toHaveCount(1);
  await expect(billing.notice).toContainText("Removed mastercard ending in 4444.");
  await expect(billing.activities.first()).toContainText("mastercard ending in 4444");
});

test("a card that was removed elsewhere is reported and disappears", async ({
  account,
  billing,
  page,
}) => {
  await account.removeCards();
  await page.getByRole("button", { name: "Make default: Mastercard ending in 4444" }).click();
  await expect(billing.notice).toContainText("That no longer exists.");
  await expect(billing.section("Payment methods")).toContainText("No cards yet.");
});
