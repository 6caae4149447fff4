/** A dialog that asks for confirmation of an irreversible action. */

import { el } from "./dom";

export function confirmed(question: string, yes: string): Promise<boolean> {
  const title = el("h2", { id: "question", textContent: question });
  const dialog = el(
    "dialog",
    { attrs: { "aria-labelledby": title.id } },
    el(
      "form",
      { method: "dialog" },
      title,
      el(
        "div",
        { className: "buttons" },
        el("button", { value: "yes", className: "danger", textContent: yes }),
        el("button", { value: "no", textContent: "Keep it", autofocus: true }),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
