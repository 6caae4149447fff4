import { existsSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { resolve } from "node:path";
import { defineConfig, devices } from "@playwright/test";

const PROJECT = resolve(import.meta.dirname, "../..");
const { PYTHON = "../../.venv/bin/python", CHROMIUM = "/usr/bin/chromium" } = process.env;
const python = PYTHON.includes("/") ? resolve(import.meta.dirname, PYTHON) : PYTHON;

// Ports are chosen once: workers evaluate this file again and inherit the environment.
const mockPort = (process.env["MOCK_PORT"] ??= await freePort());
const screenPort = (process.env["SCREEN_PORT"] ??= await freePort());
const mockUrl = (process.env["MOCK_URL"] = `http://127.0.0.1:${mockPort}`);
const screenUrl = `http://127.0.0.1:${screenPort}`;

const browser = {
  ...devices["Desktop Chrome"],
  launchOptions: {
    // Debian's Chromium if installed, otherwise that of `npx playwright install chromium`.
    ...(existsSync(CHROMIUM) ? { executablePath: CHROMIUM } : {}),
    args: [
      // No request leaves this machine.
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  },
};

export default defineConfig({
  testDir: "e2e",
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: Boolean(process.env["CI"]),
  timeout: 30_000,
  expect: { timeout: 10_000 }, // for busy machines
  reporter: "list",
  use: { ...browser, baseURL: screenUrl, trace: "retain-on-failure" },
  projects: [
    { name: "screen", testIgnore: "clock.spec.ts" },
    // All accounts share the clock: the tests that advance it run after the others.
    { name: "clock", testMatch: "clock.spec.ts", dependencies: ["screen"], workers: 1 },
  ],
  webServer: [
    {
      command: `"${python}" -m mockserver serve --quiet --port ${mockPort} --now 2026-03-18T12:00:00Z`,
      cwd: PROJECT,
      url: `${mockUrl}/_mock/health`,
    },
    {
      command: [
        "vite build --mode test",
        `vite preview --mode test --host 127.0.0.1 --port ${screenPort} --strictPort`,
      ].join(" && "),
      env: { VITE_BILLING_URL: mockUrl },
      url: screenUrl,
    },
  ],
});

async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return String(port);
}
