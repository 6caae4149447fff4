import type { Locator, Page } from "@playwright/test";

/** The mock's checkout page, accessed by its documented test ids only. */
export class Checkout {
  readonly amount: Locator;
  readonly bonus: Locator;
  readonly problem: Locator;
  readonly state: Locator;

  constructor(private readonly page: Page) {
    this.amount = page.getByTestId("amount");
    this.bonus = page.getByTestId("bonus");
    this.problem = page.getByTestId("problem");
    this.state = page.getByTestId("state");
  }

  async pay(card = "pm_card_visa"): Promise<void> {
    await this.page.getByTestId("card").selectOption(card);
    await this.page.getByTestId("pay").click();
  }

  /** Pay with the preselected card: the account's default card, if it has one. */
  async payWithCardOnFile(): Promise<void> {
    await this.page.getByTestId("pay").click();
  }

  /** Complete the authentication that the card's bank requests. */
  async authenticate(outcome: "pass" | "fail"): Promise<void> {
    await this.page.getByTestId(`authentication-${outcome}`).click();
  }

  async cancel(): Promise<void> {
    await this.page.getByTestId("cancel").click();
  }
}
