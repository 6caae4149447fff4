/** What went wrong, in one sentence that says how to put it right. */
export class MockError extends Error {
  override readonly name = "MockError";

  constructor(
    message: string,
    /** The status of the response; undefined if there was none. */
    readonly status?: number,
    /** The body of the response, as JSON or as text. */
    readonly body?: unknown,
  ) {
    super(message);
  }
}
