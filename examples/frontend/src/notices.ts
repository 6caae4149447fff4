/** Notices at the top of the screen: announced to screen readers, visible until the next one. */

import { el } from "./dom";

export type Kind = "good" | "plain" | "bad";

const container = el("div", { id: "notices", role: "status" });

export const noticesElement: HTMLElement = container;

export function notice(text: string, kind: Kind = "good"): void {
  const close = el("button", {
    type: "button",
    className: "close",
    ariaLabel: "Dismiss",
    textContent: "×",
  });
  close.addEventListener("click", () => container.replaceChildren());
  container.replaceChildren(
    el("div", { className: `notice ${kind}` }, el("p", { textContent: text }), close),
  );
}
