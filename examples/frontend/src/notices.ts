/** Notices at the top of the screen: said once by screen readers, there until the next one. */

import { el } from "./dom";

export type Kind = "good" | "plain" | "bad";

const place = el("div", { id: "notices", role: "status" });

export const noticesElement: HTMLElement = place;

export function notice(text: string, kind: Kind = "good"): void {
  const close = el("button", {
    type: "button",
    className: "close",
    ariaLabel: "Dismiss",
    textContent: "×",
  });
  close.addEventListener("click", () => place.replaceChildren());
  place.replaceChildren(
    el("div", { className: `notice ${kind}` }, el("p", { textContent: text }), close),
  );
}
