/** Start and control the mock of the AlterLab Billing API. */
export {
  Account,
  type CheckoutSession,
  type Delivery,
  type Fault,
  type FaultRule,
  type Message,
  type State,
  type UsageType,
  type Violation,
  type WebhookEndpoint,
} from "./account.js";
export type { Command } from "./command.js";
export { MockError } from "./errors.js";
export {
  type ClockStep,
  type Exchange,
  type Health,
  Mock,
  type StartOptions,
  startMock,
} from "./mock.js";
