#!/usr/bin/env node
/** `npx @alterlab-mock/client`: run the mock with the flags of `mockserver`. */
import { spawn } from "node:child_process";
import { findCommand } from "./command.js";
import { MockError } from "./errors.js";

const EXIT_USAGE = 2;

function main(words: string[]): void {
  const [program, ...parameters] = findCommand(undefined);
  const child = spawn(program, [...parameters, ...words], { stdio: "inherit" });
  // The terminal sends Ctrl-C to both; this process waits for the mock's exit code.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  child.once("error", (error) => fail(error.message));
  child.once("exit", (code) => {
    process.exitCode = code ?? 0;
  });
}

function fail(reason: string): void {
  console.error(`alterlab-mock: ${reason}`);
  process.exitCode = EXIT_USAGE;
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof MockError)) throw error;
  fail(error.message);
}
