// The clock: its time, steps, and what falls due.

import { control, serial } from "./api.js";
import { button, field, h, notice, replace, time } from "./dom.js";
import { extensions, filterKey, nameOf, now, onChange, refreshClock, world } from "./world.js";

let root = null, face = null, steps = null, table = null, became = null, due = [];
const draw = serial(redraw);

export const panel = {
  id: "clock", title: "Clock", mount, refresh: draw, leave: () => { root = null; },
};

onChange((what) => what === "clock" && root && drawFace());

async function mount(place) {
  root = place;
  const to = h("input", { type: "datetime-local", step: "1" });
  root.append(h("h2", {}, "Clock"),
    h("div", { class: "card" }, face = h("div", { class: "face" }),
      steps = h("div", { class: "tools" }),
      h("div", { class: "tools" }, field("Time (UTC)", to),
        button("Advance to it", () => move("POST", "/clock/advance", { to: utc(to.value) })),
        button("Freeze at it", () => move("PUT", "/clock", { now: utc(to.value) })))),
    became = h("div", { class: "became", role: "status" }),
    h("h3", {}, "What falls due"),
    h("div", { class: "scroll" }, table = h("table")));
  await draw();
}

function utc(text) {
  if (!text) throw new Error("Choose a time first.");
  return `${text.length === 16 ? `${text}:00` : text}Z`;
}

async function allDue() {
  return (await control("GET", "/due", { key: await filterKey() })).due;
}

async function redraw() {
  if (!root) return;
  await refreshClock();
  const found = await allDue();
  if (!root) return;
  due = found;
  drawFace();
  drawSteps();
  replace(table, h("caption", { class: "off" }, "What falls due, earliest first"),
    h("thead", {}, h("tr", {}, ["Time", "What", "Account"].map((name) =>
      h("th", { scope: "col" }, name)))),
    h("tbody", {}, due.length ? due.slice(0, 200).map((work) => h("tr", {},
      h("td", { class: "time" }, time(work.at)), h("td", {}, work.title),
      h("td", { class: "account" }, nameOf(work.account_id))))
      : h("tr", {}, h("td", { colspan: "3", class: "empty" }, "Nothing waits for the clock."))));
}

function drawFace() {
  const moment = now();
  if (!moment) return;
  replace(face, h("p", { class: "big" }, `${time(moment.toISOString())} UTC`),
    h("p", { class: "quiet" }, world.clock.frozen
      ? "Frozen: it moves only when it is set or advanced."
      : "Running with the real time."));
}

const WEBHOOK = { webhook: "Until the next webhook attempt" };

function drawSteps() {
  const next = Object.entries({ ...extensions.dueKinds, ...WEBHOOK }).flatMap(([kind, name]) => {
    const work = due.find((candidate) => candidate.kind === kind);
    return work ? [button(name, () => until(kind),
      { title: `${time(work.at)}: ${work.title}`, "data-key": kind })] : [];
  });
  replace(steps, button("+1 day", () => move("POST", "/clock/advance", { days: 1 }),
    { "data-key": "day" }),
  button("+1 month", async () => {
    await refreshClock();
    await move("POST", "/clock/advance", { to: nextMonth() });
  }, { "data-key": "month" }), next);
}

// What the page shows may have become due since, so the mock is asked again.
async function until(kind) {
  const work = (await allDue()).find((candidate) => candidate.kind === kind);
  if (!work) throw new Error("Nothing of that kind falls due any more.");
  await move("POST", "/clock/advance", { to: work.at });
}

// The same day of the next month, or the last one of a shorter month, as subscriptions do.
function nextMonth() {
  const moment = now();
  const day = moment.getUTCDate();
  const next = new Date(moment);
  next.setUTCDate(1);
  next.setUTCMonth(next.getUTCMonth() + 1);
  const last = new Date(Date.UTC(next.getUTCFullYear(), next.getUTCMonth() + 1, 0)).getUTCDate();
  next.setUTCDate(Math.min(day, last));
  return next.toISOString();
}

async function move(method, path, body) {
  const before = await allDue();
  const clock = await control(method, path, { body });
  const passed = before.filter(({ at }) => at <= clock.now);
  await draw();
  notice(`It is ${time(clock.now)} UTC.`);
  replace(became, h("h3", {}, "What became due"), passed.length
    ? h("ul", { class: "list" }, passed.map((work) => h("li", {},
      `${time(work.at)} ${work.title}, ${nameOf(work.account_id)}`)))
    : h("p", { class: "quiet" }, "Nothing."));
}
