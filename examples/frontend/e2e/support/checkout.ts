import type { Locator, Page } from "@playwright/test";

/** The mock's checkout page: all that is known of it here, by the test ids that it promises. */
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

  /** The card that is chosen when the page opens is the account's own, if it has one. */
  async payWithCardOnFile(): Promise<void> {
    await this.page.getByTestId("pay").click();
  }

  /** Answer what the card's bank asks. */
  async authenticate(outcome: "pass" | "fail"): Promise<void> {
    await this.page.getByTestId(`authentication-${outcome}`).click();
  }

  async cancel(): Promise<void> {
    await this.page.getByTestId("cancel").click();
  }
}
