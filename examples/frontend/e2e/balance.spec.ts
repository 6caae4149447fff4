import { expect, test } from "./support";

test("shows the balance, the tier and the deposits", async ({ account, billing }) => {
  await account.startAs("new");
  await account.deposit(5000);
  await billing.open(account.key);
  await expect(billing.balance).toHaveText("$51.00");
  await expect(billing.tier).toHaveText("Growth tier");
  await expect(billing.section("Balance")).toContainText("Paid in$50.00");
  await expect(billing.warning).toHaveCount(0);
});

test("warns when the balance is low and when it is used up", async ({ account, billing }) => {
  await account.startAs("new");
  await account.use(3000); // 60 cents of the sign-up bonus of $1.00
  await billing.open(account.key);
  await expect(billing.balance).toHaveText("$0.40");
  await expect(billing.warning).toContainText("Your balance is low");
  await account.use(2000);
  await billing.refresh();
  await expect(billing.balance).toHaveText("$0.00");
  await expect(billing.warning).toContainText("Your balance is used up");
});

test("a new account has empty lists", async ({ account, billing }) => {
  await account.startAs("new");
  await billing.open(account.key);
  await expect(billing.section("Payment methods")).toContainText("No cards yet.");
  await expect(billing.transactions).toHaveCount(1);
  await expect(billing.transactions).toContainText("Sign-up bonus");
  await expect(billing.section("Usage this month")).toContainText("0 of 5,000 credits used (0 %)");
});

test("transactions are paged, also by keyboard", async ({ account, billing, page }) => {
  await account.startAs("new");
  for (let count = 0; count < 12; count++) await account.use(1);
  await billing.open(account.key);
  const list = billing.section("Transactions");
  const [newer, older] = [
    list.getByRole("button", { name: "Newer" }),
    list.getByRole("button", { name: "Older" }),
  ];
  await expect(list).toContainText("1–10 of 13");
  await expect(newer).toBeDisabled();
  await older.focus();
  await page.keyboard.press("Enter");
  await expect(list).toContainText("11–13 of 13");
  await expect(billing.transactions).toHaveCount(3);
  await expect(billing.transactions.last()).toContainText("Sign-up bonus");
  await expect(older).toBeDisabled();
  await expect(list.getByRole("heading")).toBeFocused(); // the focused button is disabled now
  await newer.click();
  await expect(list).toContainText("1–10 of 13");
  await expect(older).toBeEnabled();
});
