import { expect, test } from "./support";

test("shows the balance, the tier and what was paid in", async ({ account, billing }) => {
  await account.startAs("new");
  await account.deposit(5000);
  await billing.open(account.key);
  await expect(billing.balance).toHaveText("$51.00");
  await expect(billing.tier).toHaveText("Growth tier");
  await expect(billing.section("Balance")).toContainText("Paid in$50.00");
  await expect(billing.warning).toHaveCount(0);
});

test("warns when little is left, and when nothing is", async ({ account, billing }) => {
  await account.startAs("new");
  await account.use(3000); // of the dollar that everyone starts with, 60 cents
  await billing.open(account.key);
  await expect(billing.balance).toHaveText("$0.40");
  await expect(billing.warning).toContainText("Your balance is low");
  await account.use(2000);
  await billing.refresh();
  await expect(billing.balance).toHaveText("$0.00");
  await expect(billing.warning).toContainText("Your balance is used up");
});

test("an account without a past has empty lists, and says so", async ({ account, billing }) => {
  await account.startAs("new");
  await billing.open(account.key);
  await expect(billing.section("Payment methods")).toContainText("No cards yet.");
  await expect(billing.transactions).toHaveCount(1);
  await expect(billing.transactions).toContainText("Sign-up bonus");
  await expect(billing.section("Usage this month")).toContainText("0 of 5,000 credits used (0 %)");
});

test("the transactions are turned page by page, also by keyboard", async ({
  account,
  billing,
  page,
}) => {
  await account.startAs("new");
  for (let each = 0; each < 12; each++) await account.use(1);
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
  await expect(list.getByRole("heading")).toBeFocused(); // the button that had it is gone
  await newer.click();
  await expect(list).toContainText("1–10 of 13");
  await expect(older).toBeEnabled();
});
