import { expect, test as base } from "@playwright/test";
import { Account } from "./account";
import { Checkout } from "./checkout";
import { Screen } from "./screen";

interface Fixtures {
  account: Account;
  billing: Screen;
  checkout: Checkout;
}

/** Every test has an account of its own, whose books must add up in the end, and a page that reports no errors. */
export const test = base.extend<Fixtures>({
  account: async ({ request }, use) => {
    const account = new Account(request);
    await use(account);
    expect(await account.violations()).toEqual([]);
  },
  billing: async ({ page }, use) => {
    const errors: Error[] = [];
    page.on("pageerror", (error) => errors.push(error));
    await use(new Screen(page));
    expect(errors).toEqual([]);
  },
  checkout: async ({ page }, use) => {
    await use(new Checkout(page));
  },
});

export { expect };
