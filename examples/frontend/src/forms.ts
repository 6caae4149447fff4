/** Labelled fields, and forms that say what is wrong with them where it is wrong. */

import { busy, el } from "./dom";
import { Failure } from "./failure";

export interface Field {
  element: HTMLElement;
  input: HTMLInputElement;
  setProblem: (problem: string | undefined) => void;
}

export function field(
  label: string,
  input: Partial<HTMLInputElement> & { id: string },
  hint?: string,
): Field {
  const problem = el("p", { id: `${input.id}-problem`, className: "field-problem" });
  const help =
    hint === undefined
      ? undefined
      : el("p", { id: `${input.id}-hint`, className: "quiet", textContent: hint });
  const control = el("input", input);
  const describe = (...ids: (string | undefined)[]): void =>
    control.setAttribute("aria-describedby", ids.filter((id) => id !== undefined).join(" "));
  describe(help?.id);
  return {
    element: el(
      "div",
      { className: "field" },
      el("label", { htmlFor: input.id, textContent: label }),
      control,
      help,
      problem,
    ),
    input: control,
    setProblem: (text) => {
      problem.textContent = text ?? "";
      control.ariaInvalid = text === undefined ? null : "true";
      describe(help?.id, text === undefined ? undefined : problem.id);
    },
  };
}

export function checkbox(
  label: string,
  id: string,
  checked: boolean,
): { element: HTMLElement; input: HTMLInputElement } {
  const input = el("input", { type: "checkbox", id, checked });
  return { element: el("label", { className: "check", htmlFor: id }, input, label), input };
}

/**
 * A form. `send` throws a Failure for what went wrong; its fields' names are the names of `fields`, and what belongs to
 * none of them stands above the buttons.
 */
export function form(
  parts: {
    fields: Record<string, Field>;
    content: (Node | string)[];
    submit: string;
    others?: Node[];
  },
  send: () => Promise<void>,
): HTMLFormElement {
  const problem = el("p", { className: "problem", role: "alert", hidden: true });
  const button = el("button", { type: "submit", className: "primary", textContent: parts.submit });
  const submit = (event: Event): void => {
    event.preventDefault();
    problem.hidden = true;
    for (const each of Object.values(parts.fields)) each.setProblem(undefined);
    void busy(button, () => send().catch(complain));
  };
  const complain = (reason: unknown): void => {
    if (!(reason instanceof Failure)) throw reason;
    const wrong = Object.entries(parts.fields).filter(([name]) => reason.fields.has(name));
    for (const [name, each] of wrong) each.setProblem(reason.fields.get(name));
    problem.textContent = reason.afterChange;
    problem.hidden = wrong.length > 0 && wrong.length === reason.fields.size;
    wrong[0]?.[1].input.focus();
  };
  const row = el("div", { className: "buttons" }, button, ...(parts.others ?? []));
  return el("form", { noValidate: true, on: { submit } }, ...parts.content, problem, row);
}
