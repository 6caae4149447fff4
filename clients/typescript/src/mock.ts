import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { Account } from "./account.js";
import { type Command, findCommand } from "./command.js";
import type { components } from "./control.js";
import { MockError } from "./errors.js";
import { send, type Target } from "./http.js";

type Schemas = components["schemas"];

export type Health = Schemas["Health"];
export type Exchange = Schemas["Exchange"];
/** How far the clock moves. */
export type ClockStep = Schemas["ClockStep"];

export interface StartOptions {
  /** The command of the mock, such as `[".venv/bin/mockserver"]`; without it, it is searched. */
  command?: Command;
  /** A wheel or a package that `uvx` or `pipx` run if the mock is not installed. */
  package?: string;
  /** Freeze the clock at this time. */
  now?: string | Date;
  /** The port; a free one without it. */
  port?: number;
  /** The token that the control API requires. */
  token?: string;
  /** The path of the control API, if it is not `/_mock`. */
  prefix?: string;
  /** Further flags of `mockserver serve`. */
  flags?: readonly string[];
  /** How long the start may take, in milliseconds. With `package`, that is loaded first. */
  timeout?: number;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;
/** How much of the mock's output is kept for an error. */
const MAX_OUTPUT = 10_000;

/** A mock that runs. */
export class Mock {
  readonly #target: Target;
  readonly #process: ChildProcess | undefined;

  /** Control a mock that runs already, such as one in a container. */
  constructor(
    url: string,
    options: Pick<StartOptions, "token" | "prefix"> & { process?: ChildProcess } = {},
  ) {
    const headers: Record<string, string> = {};
    if (options.token) headers["X-Control-Token"] = options.token;
    const control = options.prefix ?? "/_mock";
    this.#target = { url: url.replace(/\/+$/, ""), control, headers };
    this.#process = options.process;
  }

  /** Its address, without a slash at the end. */
  get url(): string {
    return this.#target.url;
  }

  /** Return an account of its own for one test: like `default`, or a copy of a persona. */
  async account(persona?: string): Promise<Account> {
    const account = this.accountOf(`sk_test_${randomUUID().replaceAll("-", "")}`);
    if (persona) await account.startAs(persona);
    return account;
  }

  /** Return the account of a key. */
  accountOf(key: string): Account {
    return new Account(this.#target, key);
  }

  /** Advance the clock, for all accounts. Returns the new time. */
  async advance(step: ClockStep): Promise<Date> {
    return new Date((await this.control<Schemas["Clock"]>("POST", "/clock/advance", step)).now);
  }

  /** The time of the mock. */
  async now(): Promise<Date> {
    return new Date((await this.control<Schemas["Clock"]>("GET", "/clock")).now);
  }

  /** Return everything to the state at start: accounts, clock, faults. */
  async reset(now?: string | Date): Promise<void> {
    await this.control("POST", "/reset", now ? { now: iso(now) } : {});
  }

  /** The last requests, newest first. */
  async requests(): Promise<Exchange[]> {
    return (await this.control<Schemas["Exchanges"]>("GET", "/requests")).requests;
  }

  health(): Promise<Health> {
    return this.control("GET", "/health");
  }

  /** Call an operation of the control API. Throws MockError. */
  control<T = any>(method: string, path: string, body?: unknown): Promise<T> {
    return send(this.#target, method, this.#target.control + path, body);
  }

  /** Stop the mock, if `startMock` started it. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    child.stdin?.end();
    await ended;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/**
 * Start a mock on a free port of this machine. It ends with this process, however that ends.
 *
 * Throws MockError with the mock's last line of output if it does not start.
 */
export async function startMock(options: StartOptions = {}): Promise<Mock> {
  const [program, ...parameters] = options.command ?? findCommand(options.package);
  const { token, prefix } = options;
  const now = options.now === undefined ? [] : [`--now=${iso(options.now)}`];
  const control = [
    ...(token ? [`--control-token=${token}`] : []),
    ...(prefix ? [`--control-prefix=${prefix}`] : []),
  ];
  const own = [...now, ...control, `--port=${options.port ?? 0}`, "--stop-with-stdin"];
  const child = spawn(
    program,
    [...parameters, "serve", "--quiet", ...(options.flags ?? []), ...own],
    { stdio: ["pipe", "pipe", "pipe"], env: environment(), windowsHide: true },
  );
  child.stdin.on("error", () => {}); // it has ended: 'exit' says so
  const url = await printedUrl(child, program, options.timeout ?? START_TIMEOUT_MS);
  child.unref(); // a test runner may end while the mock runs
  for (const stream of [child.stdin, child.stdout, child.stderr])
    (stream as unknown as { unref(): void }).unref();
  return new Mock(url, {
    ...(token ? { token } : {}),
    ...(prefix ? { prefix } : {}),
    process: child,
  });
}

/** Return the mock at `MOCK_URL`, or start one. */
export async function sharedMock(options: StartOptions): Promise<Mock> {
  const url = process.env["MOCK_URL"];
  return url ? new Mock(url) : startMock(options);
}

/** Wait for the URL that the mock prints when it is ready. */
function printedUrl(child: ChildProcess, program: string, timeout: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new MockError(`'${program}' has not started within ${timeout / 1_000} s.`));
    }, timeout);
    const read = (part: Buffer): void => {
      output = (output + part.toString()).slice(-MAX_OUTPUT);
      const found = /\bon (https?:\/\/\S+)/.exec(output);
      if (!found?.[1]) return;
      clearTimeout(timer);
      resolve(found[1]);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", (part: Buffer) => {
      output = (output + part.toString()).slice(-MAX_OUTPUT);
    });
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(new MockError(`'${program}' cannot be started: ${error.message}`));
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      const line = output.trim().split("\n").at(-1) || `exit code ${code}`;
      reject(new MockError(`'${program}' did not start: ${line}`));
    });
  });
}

/** This process's environment without settings that would change what the options say. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("MOCKSERVER_"));
  return { ...Object.fromEntries(kept), PYTHONIOENCODING: "utf-8" };
}

function iso(moment: string | Date): string {
  return typeof moment === "string" ? moment : moment.toISOString();
}

