import { expect, test } from "./support";

// Card numbers that Stripe publishes for tests.
const VISA = "4242 4242 4242 4242";
const DECLINED = "4000 0000 0000 0002";
const WANTS_AUTHENTICATION = "4000 0027 6000 3184";

test.beforeEach(async ({ account, billing, cardForm }) => {
  await account.startAs("new");
  await billing.open(account.key);
  await cardForm.open();
});

test("a card entered in Stripe's form is added to the account", async ({
  billing,
  cardForm,
  page,
}) => {
  await cardForm.save(VISA);
  await expect(billing.notice).toContainText("Visa ending in 4242 added.");
  await expect(billing.cards).toHaveCount(1);
  await expect(billing.cards).toContainText("Visa ending in 4242DefaultExpires 12/2034");
  await expect(billing.activities.first()).toContainText("Added visa ending in 4242");
  await expect(page.getByRole("button", { name: "Add a card" })).toBeFocused();
  await page.reload();
  await expect(billing.cards).toHaveCount(1);
});

test("the added card pays a deposit", async ({ account, billing, cardForm, checkout, page }) => {
  await cardForm.save(VISA);
  await expect(billing.cards).toHaveCount(1);
  await billing.startDeposit("20");
  await checkout.payWithCardOnFile();
  await expect(page).toHaveURL(/^[^?]*$/);
  await expect(billing.notice).toContainText("Payment received: $20.00");
  expect(await account.balance()).toBe("$21.00");
});

test("after a declined card another one can be saved in the same form", async ({
  billing,
  cardForm,
}) => {
  await cardForm.save(DECLINED);
  await expect(cardForm.problem).toContainText("Your card was declined.");
  await expect(billing.cards).toHaveCount(0);
  await cardForm.save("5555 5555 5555 4444");
  await expect(billing.notice).toContainText("Mastercard ending in 4444 added.");
  await expect(billing.cards).toHaveCount(1);
});

test("after a failed authentication the card can be authenticated again", async ({
  billing,
  cardForm,
}) => {
  await cardForm.save(WANTS_AUTHENTICATION);
  await cardForm.authenticate("fail");
  await expect(cardForm.problem).toContainText(/authenticate/);
  await expect(billing.cards).toHaveCount(0);
  await cardForm.save(WANTS_AUTHENTICATION);
  await cardForm.authenticate("pass");
  await expect(billing.notice).toContainText("Visa ending in 3184 added.");
  await expect(billing.cards).toHaveCount(1);
});

test("invalid input is reported before a request is sent", async ({ billing, cardForm }) => {
  await cardForm.save("4242 4242 4242 4241");
  await expect(cardForm.inputError).toHaveText("Your card number is invalid.");
  await cardForm.save(VISA, "01 / 20");
  await expect(cardForm.inputError).toContainText("expiration");
  await expect(cardForm.problem).toBeHidden();
  await expect(billing.cards).toHaveCount(0);
});

test("the form can be closed, and opened for another card", async ({ billing, cardForm, page }) => {
  await page.locator("#add-card").getByRole("button", { name: "Cancel" }).click();
  await expect(page.locator("#payment-element iframe")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Add a card" })).toBeFocused();
  await cardForm.open();
  await cardForm.save(VISA);
  await expect(billing.cards).toHaveCount(1);
  await cardForm.open();
  await cardForm.save("6011 1111 1111 1117");
  await expect(billing.cards).toHaveCount(2);
});

test("when the billing API fails, the form reports it and can be used again", async ({
  account,
  billing,
  cardForm,
}) => {
  await account.failNext("add_payment_method", { status: 503 });
  await cardForm.save(VISA);
  await expect(cardForm.problem).toContainText("Billing has a problem right now (503).");
  await expect(billing.cards).toHaveCount(0);
  await cardForm.save(VISA);
  await expect(billing.cards).toHaveCount(1);
});
