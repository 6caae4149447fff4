/** Elements without a framework. Text only ever becomes text nodes, so nothing that an API says can become markup. */

type Child = Node | string | false | null | undefined;
type Listeners = {
  [name in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[name]) => void;
};

interface Extras {
  attrs?: Record<string, string | boolean | undefined>;
  on?: Listeners;
}

/** An element, its properties set, with attributes and listeners. */
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

/** While something runs, its button cannot be pressed again, and says that it is at work. Focus stays where it is. */
export async function busy(button: HTMLButtonElement, work: () => Promise<void>): Promise<void> {
  if (button.ariaDisabled === "true") return;
  button.ariaDisabled = "true";
  try {
    await work();
  } finally {
    button.ariaDisabled = null;
  }
}
