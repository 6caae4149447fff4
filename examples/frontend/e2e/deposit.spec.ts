import { expect, test } from "./support";

test.beforeEach(async ({ account, billing }) => {
  await account.startAs("new");
  await billing.open(account.key);
  await expect(billing.balance).toHaveText("$1.00");
});

test("a deposit paid on the checkout page increases the balance", async ({
  billing,
  checkout,
  page,
}) => {
  await billing.startDeposit("50");
  await expect(checkout.amount).toHaveText("$50.00");
  await checkout.pay();
  await expect(billing.notice).toContainText("Payment received: $50.00 added to your balance.");
  await expect(billing.balance).toHaveText("$51.00");
  await expect(billing.transactions.first()).toContainText("+$50.00");
  await page.reload();
  await expect(billing.balance).toHaveText("$51.00");
  await expect(billing.notice).toBeEmpty();
});

test("a promo code can be checked before payment, and its bonus is credited", async ({
  billing,
  checkout,
  page,
}) => {
  await page.getByLabel("Promo code").fill("WELCOME10");
  await page.getByRole("button", { name: "Check code" }).click();
  await expect(page.getByTestId("promo-worth")).toHaveText(
    "WELCOME10 is valid. 10 % on top, up to $20.00, for $20.00 or more.",
  );
  await billing.startDeposit("$1,000");
  await expect(checkout.amount).toHaveText("$1,000.00");
  await expect(checkout.bonus).toHaveText("$20.00");
  await checkout.pay("pm_card_mastercard");
  await expect(billing.notice).toContainText(
    "$1,000.00 added to your balance, and a bonus of $20.00.",
  );
  await expect(billing.balance).toHaveText("$1,021.00");
  await expect(billing.tier).toHaveText("High volume tier");
});

test("an unusable promo code is refused with the reason", async ({ account, billing, page }) => {
  const code = page.getByLabel("Promo code");
  const check = page.getByRole("button", { name: "Check code" });
  await code.fill("SPRING2025");
  await check.click();
  await expect(code).toHaveAccessibleDescription(/This promo code has expired\./);
  await code.fill("");
  await expect(code).not.toHaveAttribute("aria-invalid");
  await check.click();
  await expect(code).toHaveAccessibleDescription(/Enter a code first\./);
  // A code that was not checked before is refused with the deposit.
  await billing.startDeposit("50", "NOSUCHCODE");
  await expect(billing.page.getByRole("alert")).toContainText(/promo code/i);
  expect(await account.balance()).toBe("$1.00");
});

test("an invalid amount is reported at its field", async ({ billing, page }) => {
  const input = page.getByLabel("Amount in dollars");
  for (const amount of ["", "ten", "9.99", "2000.01", "-50", "10.001"]) {
    await billing.startDeposit(amount);
    await expect(input).toHaveAccessibleDescription(/Enter an amount from \$10 to \$2,000/);
    await expect(input).toBeFocused();
  }
  await expect(billing.balance).toHaveText("$1.00");
});

test("after a declined card another one can pay", async ({ account, billing, checkout }) => {
  await billing.startDeposit("25.50");
  await checkout.pay("pm_card_chargeDeclinedInsufficientFunds");
  await expect(checkout.problem).toContainText("declined");
  expect(await account.balance()).toBe("$1.00");
  await checkout.pay("pm_card_visa");
  await expect(billing.notice).toContainText("Payment received: $25.50");
  await expect(billing.balance).toHaveText("$26.50");
});

test("after a failed authentication the card can be authenticated again", async ({
  account,
  billing,
  checkout,
}) => {
  await billing.startDeposit("50");
  await checkout.pay("pm_card_authenticationRequired");
  await checkout.authenticate("fail");
  await expect(checkout.problem).toBeVisible();
  expect(await account.balance()).toBe("$1.00");
  await checkout.pay("pm_card_authenticationRequired");
  await checkout.authenticate("pass");
  await expect(billing.notice).toContainText("Payment received: $50.00");
  await expect(billing.balance).toHaveText("$51.00");
});

test("a cancelled checkout charges nothing", async ({ billing, checkout }) => {
  await billing.startDeposit("50");
  await checkout.cancel();
  await expect(billing.notice).toContainText("Payment cancelled. Nothing was charged.");
  await expect(billing.balance).toHaveText("$1.00");
  await expect(billing.transactions).toHaveCount(1);
});

test("a forged return URL does not confirm a payment", async ({ billing, page }) => {
  await page.goto("/?deposit=done&session=cs_test_neverpaid");
  await expect(billing.notice).toContainText("Your payment is being processed.");
  await expect(billing.balance).toHaveText("$1.00");
});
