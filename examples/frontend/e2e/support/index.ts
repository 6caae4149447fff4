import { expect, test as base } from "@playwright/test";
import {
  mockFixtures,
  type TestFixtures,
  type WorkerFixtures,
} from "@alterlab-mock/client/playwright";
import { CardForm } from "./card-form";
import { Checkout } from "./checkout";
import { Receiver } from "./receiver";
import { Screen } from "./screen";

interface Fixtures {
  billing: Screen;
  checkout: Checkout;
  cardForm: CardForm;
  receiver: Receiver;
}

/**
 * Each test has its own account, whose books must add up at the end, and a page that must not
 * report errors or send requests to other machines.
 */
export const test = base
  .extend<TestFixtures, WorkerFixtures>(mockFixtures())
  .extend<Fixtures>({
    billing: async ({ page }, use) => {
      const [errors, outside]: [Error[], string[]] = [[], []];
      page.on("pageerror", (error) => errors.push(error));
      page.on("request", (request) => {
        if (/^https?:/.test(request.url()) && new URL(request.url()).hostname !== "127.0.0.1")
          outside.push(request.url());
      });
      await use(new Screen(page));
      expect(errors).toEqual([]);
      expect(outside).toEqual([]);
    },
    checkout: async ({ page }, use) => {
      await use(new Checkout(page));
    },
    cardForm: async ({ page }, use) => {
      await use(new CardForm(page));
    },
    receiver: async ({}, use) => {
      const receiver = await Receiver.start();
      await use(receiver);
      await receiver.close();
    },
  });

export { expect };
