import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { posix, win32 } from "node:path";
import { MockError } from "./errors.js";

/** A program and its first arguments. */
export type Command = readonly [program: string, ...parameters: string[]];

/** The machine, as far as the search for the mock depends on it. */
export interface Machine {
  platform: NodeJS.Platform;
  env: NodeJS.ProcessEnv;
  cwd: string;
  isFile(path: string): boolean;
  /** Run a command, and return what it prints; undefined if it fails. */
  run(command: Command): string | undefined;
}

const THIS_MACHINE: Machine = {
  platform: process.platform,
  env: process.env,
  cwd: process.cwd(),
  isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
  run: ([program, ...parameters]) => {
    const { status, stdout } = spawnSync(program, parameters, {
      encoding: "utf8",
      timeout: 30_000,
      windowsHide: true,
    });
    return status === 0 ? stdout : undefined;
  },
};

const HOW_TO_INSTALL = [
  "The mock was not found. Either",
  "  pip install alterlab_billing_mock-0.2.0-py3-none-any.whl   (then 'mockserver' is on the PATH)",
  "or name the wheel for uvx or pipx: startMock({ package: 'path/to/the.whl' }) or MOCK_PACKAGE,",
  "or name the command: startMock({ command: ['.venv/bin/mockserver'] }) or MOCK_COMMAND.",
].join("\n");

/**
 * Return the command of the mock: `mockserver` of the active or the project's virtual environment
 * or the PATH, then `uvx` or `pipx` if a package is named, then `python -m mockserver`.
 *
 * Without a name, `uvx` and `pipx` are not asked: they would load whatever has that name elsewhere.
 * Other programs are called `mockserver` too, so its version is asked.
 */
export function findCommand(
  packageName: string | undefined,
  machine: Machine = THIS_MACHINE,
): Command {
  const { platform, env, run } = machine;
  const named = env["MOCK_COMMAND"];
  if (named) return [named];
  for (const program of installed("mockserver", machine))
    if (isMock(run([program, "--version"]))) return [program];
  const wanted = packageName ?? env["MOCK_PACKAGE"];
  if (wanted) {
    const uvx = installed("uvx", machine)[0];
    if (uvx) return [uvx, "--from", wanted, "mockserver"];
    const pipx = installed("pipx", machine)[0];
    if (pipx) return [pipx, "run", "--spec", wanted, "mockserver"];
    throw new MockError(`Neither uvx nor pipx is on the PATH to run '${wanted}'.`);
  }
  for (const name of platform === "win32" ? ["py", "python"] : ["python3", "python"])
    for (const program of installed(name, machine))
      if (isMock(run([program, "-m", "mockserver", "--version"])))
        return [program, "-m", "mockserver"];
  throw new MockError(HOW_TO_INSTALL);
}

/** Return where a program is installed, the virtual environments first. */
function installed(name: string, { platform, env, cwd, isFile }: Machine): string[] {
  const isWindows = platform === "win32";
  const { join, delimiter } = isWindows ? win32 : posix;
  const bin = isWindows ? "Scripts" : "bin";
  const path = Object.entries(env).find(([key]) =>
    isWindows ? key.toUpperCase() === "PATH" : key === "PATH",
  );
  const folders = [
    ...(env["VIRTUAL_ENV"] ? [join(env["VIRTUAL_ENV"], bin)] : []),
    join(cwd, ".venv", bin),
    ...(path?.[1] ?? "").split(delimiter).filter(Boolean),
  ];
  // Only .exe: Node.js starts no .cmd without a shell, and pip writes .exe files.
  const file = isWindows ? `${name}.exe` : name;
  return folders.map((folder) => join(folder, file)).filter(isFile);
}

function isMock(version: string | undefined): boolean {
  return /^mockserver \d+\.\d+/.test(version ?? "");
}
