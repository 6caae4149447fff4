/** Fixtures for Playwright: `export const test = base.extend(mockFixtures())`. */
import type { Fixtures } from "@playwright/test";
import type { Account } from "./account.js";
import { MockError } from "./errors.js";
import { type Mock, type StartOptions, sharedMock } from "./mock.js";

export interface TestFixtures {
  /** The persona that the account of a test starts as: `test.use({ persona: "exhausted" })`. */
  persona: string | undefined;
  /** An account of its own for each test. Its books must add up when the test ends. */
  account: Account;
}

export interface WorkerFixtures {
  /** The mock at `MOCK_URL`, or one that each worker starts. */
  mock: Mock;
}

/** Return the fixtures for `test.extend`. */
export function mockFixtures(options: StartOptions = {}): Fixtures<TestFixtures, WorkerFixtures> {
  return {
    mock: [
      async ({}, use) => {
        const mock = await sharedMock(options);
        await use(mock);
        await mock.stop();
      },
      { scope: "worker" },
    ],
    persona: [undefined, { option: true }],
    account: async ({ mock, persona }, use) => {
      const account = await mock.account(persona);
      await use(account);
      const violations = await account.violations();
      if (violations.length > 0)
        throw new MockError(`The account's books do not add up: ${JSON.stringify(violations)}`);
    },
  };
}
