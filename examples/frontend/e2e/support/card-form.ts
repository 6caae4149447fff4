import { expect, type Locator, type Page } from "@playwright/test";

/** Stripe's card form as the mock shows it: in the page, not in a frame as with Stripe. */
export class CardForm {
  /** Errors of the bank and the billing API. */
  readonly problem: Locator;
  /** Errors of the input, reported by Stripe's form. */
  readonly inputError: Locator;
  private readonly number: Locator;

  constructor(private readonly page: Page) {
    this.problem = page.locator("#add-card form > [role=alert]");
    this.inputError = page.locator("#payment-element").getByRole("alert");
    this.number = page.getByTestId("stripe-number");
  }

  async open(): Promise<void> {
    await this.page.getByRole("button", { name: "Add a card" }).click();
    await expect(this.number).toBeVisible();
  }

  async save(number: string, expiry = "12 / 34"): Promise<void> {
    await this.number.fill(number);
    await this.page.getByTestId("stripe-expiry").fill(expiry);
    await this.page.getByTestId("stripe-cvc").fill("123");
    await this.page.getByTestId("stripe-postal").fill("10001");
    await this.page.getByRole("button", { name: "Save card" }).click();
  }

  /** Complete the authentication that the card's bank requests. */
  async authenticate(outcome: "pass" | "fail"): Promise<void> {
    await this.page.getByTestId(`stripe-challenge-${outcome}`).click();
  }
}
