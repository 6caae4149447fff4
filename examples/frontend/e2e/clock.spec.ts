import { expect, test } from "./support";

test("an unpaid checkout session expires after a day", async ({
  account,
  billing,
  checkout,
  mock,
}) => {
  await account.startAs("new");
  await billing.open(account.key);
  await billing.startDeposit("50");
  await expect(checkout.amount).toHaveText("$50.00");
  await mock.advance({ days: 1 });
  await billing.page.reload();
  await expect(checkout.state).toContainText("expired");
});

test("the alert of a month disappears in the next month", async ({ account, billing, mock }) => {
  await account.startAs("new");
  await account.deposit(1900);
  await account.use(80_000);
  await billing.open(account.key);
  await expect(billing.alert).toBeVisible();
  await mock.advance({ days: 31 });
  await billing.refresh();
  await expect(billing.section("Usage this month")).toContainText("0 ");
  await expect(billing.alert).toHaveCount(0);
  await expect(billing.activities.first()).toContainText("75 % of this month's credits are used");
});
