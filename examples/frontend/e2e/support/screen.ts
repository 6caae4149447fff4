import type { Locator, Page } from "@playwright/test";

/** The billing screen, accessed by what users see. */
export class Screen {
  readonly balance: Locator;
  readonly tier: Locator;
  readonly warning: Locator;
  readonly notice: Locator;
  readonly alert: Locator;
  readonly cards: Locator;
  readonly transactions: Locator;
  readonly activities: Locator;

  constructor(readonly page: Page) {
    this.balance = page.getByTestId("balance");
    this.tier = page.getByTestId("tier");
    this.warning = page.getByTestId("balance-warning");
    this.notice = page.locator("#notices");
    this.alert = page.getByTestId("usage-alert");
    this.cards = page.getByTestId("card");
    this.transactions = page.getByTestId("transaction");
    this.activities = page.getByTestId("activity");
  }

  async open(key: string): Promise<void> {
    await this.page.goto(`/?key=${key}`);
  }

  section(name: string): Locator {
    return this.page.getByRole("region", { name });
  }

  async refresh(): Promise<void> {
    await this.page.getByRole("button", { name: "Refresh" }).click();
  }

  /** Fill in the form and continue to the checkout page. */
  async startDeposit(dollars: string, promoCode?: string): Promise<void> {
    await this.page.getByLabel("Amount in dollars").fill(dollars);
    if (promoCode !== undefined) await this.page.getByLabel("Promo code").fill(promoCode);
    await this.page.getByRole("button", { name: "Continue to payment" }).click();
  }
}
