/** Labelled fields, and forms that show errors at the fields. */

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
 * Create a form. If `send` throws a Failure, its messages are shown at the fields of the same
 * names; other messages are shown above the buttons.
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
    for (const field of Object.values(parts.fields)) field.setProblem(undefined);
    void busy(button, () => send().catch(showFailure));
  };
  const showFailure = (reason: unknown): void => {
    if (!(reason instanceof Failure)) throw reason;
    const invalid = Object.entries(parts.fields).filter(([name]) => reason.fields.has(name));
    for (const [name, field] of invalid) field.setProblem(reason.fields.get(name));
    problem.textContent = reason.afterChange;
    problem.hidden = invalid.length > 0 && invalid.length === reason.fields.size;
    invalid[0]?.[1].input.focus();
  };
  const row = el("div", { className: "buttons" }, button, ...(parts.others ?? []));
  return el("form", { noValidate: true, on: { submit } }, ...parts.content, problem, row);
}
