import { expect, type Locator, type Page } from "@playwright/test";

/** Stripe's card form, as the mock's stand-in shows it. At Stripe it is in a frame; here it is in the page. */
export class CardForm {
  /** What the bank or billing said. */
  readonly problem: Locator;
  /** What Stripe's form says of what was typed. */
  readonly mistake: Locator;
  private readonly number: Locator;

  constructor(private readonly page: Page) {
    this.problem = page.locator("#add-card form > [role=alert]");
    this.mistake = page.locator("#payment-element").getByRole("alert");
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

  /** Answer what the card's bank asks. */
  async authenticate(outcome: "pass" | "fail"): Promise<void> {
    await this.page.getByTestId(`stripe-challenge-${outcome}`).click();
  }
}
