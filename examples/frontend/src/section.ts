/**
 * A part of the screen that loads independently: loading, loaded, or failed with a retry button.
 */

import { el } from "./dom";
import { Failure } from "./failure";

export interface Section {
  element: HTMLElement;
  /** Load again; the present content stays until the response arrives. */
  refresh: () => Promise<void>;
}

export function section<T>(
  title: string,
  options: { id: string; load: () => Promise<T>; show: (loaded: T) => Node[]; below?: Node },
): Section {
  const heading = el("h2", { id: `${options.id}-title`, textContent: title, tabIndex: -1 });
  const body = el(
    "div",
    { className: "body" },
    el("p", { className: "quiet", textContent: "Loading…" }),
  );
  const element = el(
    "section",
    { id: options.id, attrs: { "aria-labelledby": heading.id, "aria-busy": "true" } },
    heading,
    body,
    options.below,
  );
  let latest = 0;

  const refresh = async (): Promise<void> => {
    const number = ++latest;
    element.ariaBusy = "true";
    const content = await options
      .load()
      .then(options.show, (reason: unknown) => [failed(reason, refresh)]);
    if (number !== latest) return; // a later refresh will bring newer content
    replace(body, content, heading);
    element.ariaBusy = "false";
  };
  return { element, refresh };
}

/**
 * Replace the content. The focus stays on the same button, or moves to the heading if it is gone.
 */
function replace(body: HTMLElement, content: Node[], heading: HTMLElement): void {
  const focused = body.contains(document.activeElement) ? document.activeElement : null;
  body.replaceChildren(...content);
  if (focused === null) return;
  if (focused.id !== "") document.getElementById(focused.id)?.focus();
  if (!body.contains(document.activeElement)) heading.focus();
}

function failed(reason: unknown, retry: () => Promise<void>): HTMLElement {
  if (!(reason instanceof Failure)) throw reason;
  return el(
    "div",
    { className: "problem", role: "alert" },
    el("p", { textContent: reason.message }),
    el("button", { type: "button", textContent: "Try again", on: { click: () => void retry() } }),
  );
}
