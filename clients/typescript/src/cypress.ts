/** Tasks for Cypress: `on("task", mockTasks(mock))` in `setupNodeEvents`. */
import type { CheckoutSession, Delivery, Fault, Message } from "./account.js";
import type { ClockStep, Mock } from "./mock.js";

/** Return the tasks. Each takes one JSON value, and returns one: Cypress carries nothing else. */
export function mockTasks(mock: Mock) {
  return {
    /** The API key of a new account: like `default`, or a copy of a persona. */
    "mock:account": async (persona: string | null): Promise<string> =>
      (await mock.account(persona ?? undefined)).key,
    /** Pay a checkout session. */
    "mock:complete": ({ key, session, card }: OfSession): Promise<CheckoutSession> =>
      mock.accountOf(key).complete(session, card),
    /** Create and pay a deposit, in US cents. */
    "mock:deposit": ({ key, cents }: { key: string; cents: number }): Promise<CheckoutSession> =>
      mock.accountOf(key).deposit(cents),
    /** Let the next requests of an operation fail. */
    "mock:failNext": async ({ key, operation, fault, times }: NextFault): Promise<null> => {
      await mock.accountOf(key).failNext(operation, fault, times);
      return null;
    },
    /** Advance the clock, for all accounts. Returns the new time. */
    "mock:advance": async (step: ClockStep): Promise<string> =>
      (await mock.advance(step)).toISOString(),
    /** The messages to an account, newest first. */
    "mock:outbox": (key: string): Promise<Message[]> => mock.accountOf(key).outbox(),
    /** The webhook deliveries of an account, newest first. */
    "mock:deliveries": (key: string): Promise<Delivery[]> => mock.accountOf(key).deliveries(),
    /** Return everything to the state at start. */
    "mock:reset": async (): Promise<null> => {
      await mock.reset();
      return null;
    },
  };
}

export interface OfSession {
  key: string;
  session: string;
  card?: string;
}

export interface NextFault {
  key: string;
  operation: string;
  fault?: Fault;
  times?: number;
}
