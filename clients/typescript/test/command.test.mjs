import assert from "node:assert/strict";
import { test } from "node:test";
import { findCommand } from "../dist/command.js";
import { MockError } from "../dist/errors.js";

/** A machine with these files, on which these programs are the mock. */
function machine({ platform = "linux", env = {}, files = [], mocks = files }) {
  return {
    platform,
    env,
    cwd: platform === "win32" ? "C:\\app" : "/app",
    isFile: (path) => files.includes(path),
    run: ([program, ...words]) =>
      mocks.includes([program, ...words.slice(0, -1)].join(" ")) ? "mockserver 0.2.0\n" : "v1.2",
  };
}

test("the project's own environment comes before the PATH", () => {
  const files = ["/app/.venv/bin/mockserver", "/usr/bin/mockserver"];
  const found = findCommand(undefined, machine({ env: { PATH: "/usr/bin" }, files }));
  assert.deepEqual(found, ["/app/.venv/bin/mockserver"]);
});

test("another program of that name is passed over", () => {
  const files = ["/app/node_modules/.bin/mockserver", "/usr/bin/mockserver"];
  const env = { PATH: "/app/node_modules/.bin:/usr/bin" };
  const found = findCommand(undefined, machine({ env, files, mocks: files.slice(1) }));
  assert.deepEqual(found, ["/usr/bin/mockserver"]);
});

test("uvx and pipx run a package only if it is named", () => {
  const env = { PATH: "/usr/bin" };
  const both = machine({ env, files: ["/usr/bin/uvx", "/usr/bin/pipx"], mocks: [] });
  const pipx = machine({ env, files: ["/usr/bin/pipx"], mocks: [] });
  assert.deepEqual(findCommand("a.whl", both), ["/usr/bin/uvx", "--from", "a.whl", "mockserver"]);
  assert.deepEqual(findCommand("a.whl", pipx), [
    ...["/usr/bin/pipx", "run", "--spec", "a.whl", "mockserver"],
  ]);
  assert.throws(() => findCommand(undefined, both), MockError);
});

test("a Python that has the package runs it", () => {
  const files = ["/usr/bin/python3", "/opt/python"];
  const mocks = ["/opt/python -m mockserver"];
  const env = { PATH: "/usr/bin:/opt" };
  const found = findCommand(undefined, machine({ env, files, mocks }));
  assert.deepEqual(found, ["/opt/python", "-m", "mockserver"]);
});

test("on Windows, PATH has any case, and programs end with .exe", () => {
  const file = "C:\\Program Files\\Python\\Scripts\\mockserver.exe";
  const env = { Path: "C:\\Windows;C:\\Program Files\\Python\\Scripts" };
  assert.deepEqual(findCommand(undefined, machine({ platform: "win32", env, files: [file] })), [
    file,
  ]);
  const own = "C:\\app\\.venv\\Scripts\\mockserver.exe";
  const both = machine({ platform: "win32", env, files: [file, own] });
  assert.deepEqual(findCommand(undefined, both), [own]);
});

test("MOCK_COMMAND names the command", () => {
  assert.deepEqual(findCommand(undefined, machine({ env: { MOCK_COMMAND: "/x/mock" } })), [
    "/x/mock",
  ]);
});

test("what is missing is said with the ways to install it", () => {
  assert.throws(() => findCommand(undefined, machine({})), /pip install .*MOCK_PACKAGE/s);
  const none = machine({ env: { PATH: "/usr/bin" } });
  assert.throws(() => findCommand("a.whl", none), /Neither uvx nor pipx/);
});
