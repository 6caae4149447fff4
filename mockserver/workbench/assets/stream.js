// The stream of requests. Of all visible pages of one browser, one reads it and passes its events
// to the others, because browsers open only six connections to one origin. A hidden page reads
// nothing.

import { facts, Refused, tokenHeaders } from "./api.js";

const NAME = `workbench ${facts.prefix}`;
const QUIET = 300;
const channel = new BroadcastChannel(NAME);

// Calls back with each event of a stream, and connects again where it ended.
export function follow(path, onEvent, onState) {
  new Follower(path, onEvent, onState).run();
}

class Follower {
  constructor(path, onEvent, onState) {
    Object.assign(this, { path, onEvent, onState, last: "" });
  }

  async run() {
    for (let wait = 250; ; wait = Math.min(wait * 2, 5000)) {
      await visible();
      const hidden = whenHidden();
      const began = this.last;
      await this.turn(hidden);
      if (hidden.aborted) this.onState("paused");
      else await sleep(wait);
      if (this.last !== began) wait = 250;
    }
  }

  // Reads the stream as soon as no other page does. Until then its events come from that page.
  async turn(hidden) {
    if (!navigator.locks) return this.read(hidden); // only a page of this machine, or of https
    const leads = new AbortController();
    const accompanied = this.accompany(AbortSignal.any([hidden, leads.signal]));
    await navigator.locks.request(NAME, { signal: hidden }, async () => {
      leads.abort();
      await accompanied;
      await this.read(hidden, (event) => channel.postMessage(event));
    }).catch(() => null);
    await accompanied;
  }

  async accompany(signal) {
    await sleep(50, signal); // the lock is often free
    for (let wait = 250; !signal.aborted; wait = Math.min(wait * 2, 5000)) {
      const held = [];
      channel.onmessage = ({ data }) => held.push(data);
      const isEnough = () => held.some(({ name, data }) =>
        name === "requests" && data[0].number <= this.number + 1);
      if (!await this.read(signal, null, isEnough)) await sleep(wait, signal);
      else if (!signal.aborted) {
        wait = 250;
        held.forEach((event) => this.take(event));
        await this.listen(signal);
      }
    }
    channel.onmessage = null;
  }

  // Takes the events of the page that reads, until another one begins to read.
  listen(signal) {
    return new Promise((resolve) => {
      signal.addEventListener("abort", resolve, { once: true });
      channel.onmessage = ({ data }) => data.name === "hello" ? resolve() : this.take(data);
    });
  }

  get number() {
    return Number(this.last.split("-")[1] ?? 0);
  }

  // Takes an event, without the requests that came already, from the stream or another page.
  take({ name, data, id }) {
    const [run, number] = id.split("-");
    const isSameRun = id && run === this.last.split("-")[0];
    const news = isSameRun ? data.filter((request) => request.number > this.number) : data;
    if (id && (!isSameRun || Number(number) > this.number)) this.last = id;
    if (name !== "hello" && (!id || news.length)) this.onEvent(name, news);
  }

  // Reads until the stream ends or, with `isEnough`, until what comes next comes from another page.
  // Returns whether it was there.
  async read(signal, share = () => null, isEnough = null) {
    const stop = new AbortController();
    try {
      const headers = { ...tokenHeaders(), ...(this.last ? { "Last-Event-ID": this.last } : {}) };
      const response = await fetch(facts.prefix + this.path, {
        headers, signal: AbortSignal.any([signal, stop.signal]),
      });
      if (!response.ok) return await this.refused(response);
      this.onState("open");
      const events = eventsOf(response.body.pipeThrough(new TextDecoderStream()),
        isEnough ? QUIET : null);
      for await (const event of events) {
        if (event.name === "hello") this.onEvent("hello", event.data);
        this.take(event);
        share?.(event);
        if (isEnough?.()) break;
      }
      if (!isEnough) this.onState("lost");
      return true;
    } catch {
      if (!signal.aborted) this.onState("lost");
      return false;
    } finally {
      stop.abort();
    }
  }

  async refused(response) {
    const content = await response.json().catch(() => null);
    const { message } = new Refused(response.status, content?.detail);
    const needsToken = response.status === 401 || response.status === 403;
    this.onState(needsToken ? "forbidden" : "refused", message);
    return false;
  }
}

// Yields the events of a stream, with `quiet` until none came for so many milliseconds.
async function* eventsOf(stream, quiet) {
  const reader = stream.getReader();
  let text = "";
  for (;;) {
    const next = reader.read();
    const found = await (quiet ? Promise.race([next, sleep(quiet)]) : next);
    if (!found || found.done) {
      next.catch(() => null);
      return;
    }
    const parts = (text + found.value).split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const event = { name: "", data: "", id: "" };
      for (const line of part.split("\n")) {
        if (line.startsWith("event: ")) event.name = line.slice(7);
        else if (line.startsWith("data: ")) event.data += line.slice(6);
        else if (line.startsWith("id: ")) event.id = line.slice(4);
      }
      if (event.name) yield { ...event, data: JSON.parse(event.data) };
    }
  }
}

async function visible() {
  while (document.hidden) {
    await new Promise((resolve) =>
      document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}

// A signal that is aborted when the page is hidden.
function whenHidden() {
  const controller = new AbortController();
  const check = () => {
    if (!document.hidden) return;
    document.removeEventListener("visibilitychange", check);
    controller.abort();
  };
  document.addEventListener("visibilitychange", check);
  return controller.signal;
}

function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", resolve, { once: true });
  });
}
