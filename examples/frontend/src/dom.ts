/**
 * Helpers to build elements. Text becomes text nodes, so data from the API cannot become markup.
 */

type Child = Node | string | false | null | undefined;
type Listeners = {
  [name in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[name]) => void;
};

interface Extras {
  attrs?: Record<string, string | boolean | undefined>;
  on?: Listeners;
}

/** Create an element with properties, attributes, listeners and children. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]> & Extras = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const { attrs = {}, on = {}, ...plain } = properties;
  const element = Object.assign(document.createElement(tag), plain);
  for (const [name, value] of Object.entries(attrs)) {
    if (value === true) element.setAttribute(name, "");
    else if (typeof value === "string") element.setAttribute(name, value);
  }
  for (const [name, listener] of Object.entries(on))
    element.addEventListener(name, listener as EventListener);
  element.append(
    ...children.filter((child): child is Node | string => child !== false && child != null),
  );
  return element;
}

/** Disable a button with aria-disabled while its work runs; it keeps the focus. */
export async function busy(button: HTMLButtonElement, work: () => Promise<void>): Promise<void> {
  if (button.ariaDisabled === "true") return;
  button.ariaDisabled = "true";
  try {
    await work();
  } finally {
    button.ariaDisabled = null;
  }
}
