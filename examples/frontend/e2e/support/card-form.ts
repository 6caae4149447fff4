import { expect, type FrameLocator, type Locator, type Page } from "@playwright/test";

/** Stripe's card form: in a frame, with the title that Stripe's frame has. */
export class CardForm {
  /** Errors of the bank and the billing API. */
  readonly problem: Locator;
  /** Errors of the input, reported by Stripe's form. */
  readonly inputError: Locator;
  private readonly frame: FrameLocator;
  private readonly number: Locator;

  constructor(private readonly page: Page) {
    this.problem = page.locator("#add-card form > [role=alert]");
    this.frame = page.frameLocator('iframe[title="Secure payment input frame"]');
    this.inputError = this.frame.getByRole("alert");
    this.number = this.frame.getByTestId("stripe-number");
  }

  async open(): Promise<void> {
    await this.page.getByRole("button", { name: "Add a card" }).click();
    await expect(this.number).toBeVisible();
  }

  async save(number: string, expiry = "12 / 34"): Promise<void> {
    await this.number.fill(number);
    await this.frame.getByTestId("stripe-expiry").fill(expiry);
    await this.frame.getByTestId("stripe-cvc").fill("123");
    await this.frame.getByTestId("stripe-postal").fill("10001");
    await this.page.getByRole("button", { name: "Save card" }).click();
  }

  /** Complete the authentication that the card's bank requests. */
  async authenticate(outcome: "pass" | "fail"): Promise<void> {
    const bank = this.page
      .frameLocator('iframe[src*="three-ds-2-challenge"]')
      .frameLocator('iframe[name="stripe-challenge-frame"]');
    await bank.getByTestId(`stripe-challenge-${outcome}`).click();
  }
}
