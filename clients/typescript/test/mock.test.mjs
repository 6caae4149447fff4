import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { mockTasks } from "../dist/cypress.js";
import { Mock, MockError, startMock } from "../dist/index.js";

let mock;
before(async () => {
  mock = await startMock({ now: "2026-03-18T12:00:00Z" });
});
after(() => mock.stop());

test("a deposit is paid, and the books add up", async () => {
  const account = await mock.account("new");
  const session = await account.api("POST", "/deposit", { amount_cents: 2500 });
  await account.complete(session.session_id, "pm_card_visa");
  assert.equal((await account.api("GET", "/balance")).balance_display, "$26.00");
  assert.deepEqual(await account.violations(), []);
});

test("the clock is frozen where it was started, and advances", async () => {
  const now = await mock.now();
  assert.equal((await mock.advance({ days: 1 })).getTime() - now.getTime(), 86_400_000);
  await mock.reset("2026-04-01T00:00:00Z");
  assert.equal((await mock.now()).toISOString(), "2026-04-01T00:00:00.000Z");
});

test("the next request fails as the fault says, the one after it does not", async () => {
  const account = await mock.account();
  await account.failNext("get_balance", { status: 503 });
  await assert.rejects(account.api("GET", "/balance"), { status: 503 });
  await account.api("GET", "/balance");
});

test("messages are in the outbox", async () => {
  const account = await mock.account();
  await account.api("POST", "/verify/initiate", {
    action: "remove_payment_method",
    method: "email",
  });
  const [message] = await account.outbox();
  assert.equal(message.channel, "email");
});

test("deliveries arrive, are signed and are listed", async () => {
  const account = await mock.account();
  const posts = [];
  const server = createServer(async (request, response) => {
    const parts = await request.toArray();
    posts.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}/hook`;
  const endpoint = await account.webhook(url, ["deposit.completed"]);
  await account.deposit(2_500);
  const deliveries = await account.deliveries("deposit.completed");
  server.close();
  server.closeAllConnections();
  assert.deepEqual(deliveries.map(({ status }) => status), ["delivered"]);
  const [{ headers, body }] = posts;
  const digest = createHmac("sha256", endpoint.secret).update(body).digest("hex");
  assert.equal(headers["x-alterlab-signature"], `sha256=${digest}`);
});

test("what is wrong with a request is in the error", async () => {
  const account = await mock.account();
  const wrong = account.api("POST", "/deposit", { amount_cents: "x" });
  await assert.rejects(wrong, (error) => {
    assert.ok(error instanceof MockError);
    assert.equal(error.status, 422);
    assert.match(error.message, /body\.amount_cents/);
    return true;
  });
  await assert.rejects(mock.account("nobody"), /There is no persona 'nobody'. Personas: .*new/);
  await assert.rejects(new Mock("http://127.0.0.1:59999").health(), /127\.0\.0\.1:59999.*ECONNREFUSED/);
});

test("tasks of Cypress take and return JSON", async () => {
  const tasks = mockTasks(mock);
  const key = await tasks["mock:account"]("new");
  await tasks["mock:deposit"]({ key, cents: 2_500 });
  assert.equal(await tasks["mock:failNext"]({ key, operation: "get_balance" }), null);
  await assert.rejects(mock.accountOf(key).api("GET", "/balance"), { status: 500 });
});

test("the control API may need a token and have another path", async () => {
  const own = await startMock({ token: "let-me-in", prefix: "/own" });
  const account = await own.account("new");
  assert.equal(await account.balance(), "$1.00");
  await assert.rejects(new Mock(own.url, { prefix: "/own" }).reset(), { status: 403 });
  await own.stop();
});

test("a mock that does not start says why", async () => {
  await assert.rejects(startMock({ flags: ["--now=tomorrow"] }), /did not start: .*tomorrow/);
  await assert.rejects(startMock({ command: ["/no/such/program"] }), /cannot be started/);
  const silent = [process.execPath, "-e", "setTimeout(() => {}, 60000)", "--"];
  await assert.rejects(startMock({ command: silent, timeout: 300 }), /not started within 0.3 s/);
});

test("the mock ends with the process that started it, even if that is killed", async () => {
  const code = `
    import { startMock } from ${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)};
    const mock = await startMock();
    console.log(mock.url);
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code]);
  const [line] = await once(child.stdout, "data");
  const other = new Mock(line.toString().trim());
  await other.health();
  child.kill("SIGKILL");
  for (let left = 50; left > 0; left--) {
    if (!(await other.health().then(Boolean, () => false))) return;
    await new Promise((wait) => setTimeout(wait, 100));
  }
  assert.fail("the mock still runs");
});
