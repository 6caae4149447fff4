/** Fixtures for Vitest: `base.extend<MockFixtures>(mockFixtures())`. */
import type { Account } from "./account.js";
import { type Mock, type StartOptions, sharedMock } from "./mock.js";

type Use<T> = (value: T) => Promise<void>;

export interface MockFixtures {
  /** The mock at `MOCK_URL`, or one that each worker starts. */
  mock: Mock;
  /** An account of its own for each test. */
  account: Account;
}

type Value<T, Context> = (context: Context, use: Use<T>) => Promise<void>;

/** Return the fixtures for `test.extend<MockFixtures>`. */
export function mockFixtures(options: StartOptions = {}): {
  mock: [Value<Mock, object>, { scope: "worker" }];
  account: Value<Account, { mock: Mock }>;
} {
  return {
    mock: [
      async ({}, use) => {
        const mock = await sharedMock(options);
        await use(mock);
        await mock.stop();
      },
      { scope: "worker" },
    ],
    account: async ({ mock }, use) => {
      await use(await mock.account());
    },
  };
}
