/** What `h` accepts as an attribute: listeners for names that start with "on", else its text. */
type Value = string | number | boolean | null | undefined | ((event: never) => void);
export type Child = Node | string | null | false;

/** An element with its attributes, listeners ("onclick": …) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, Value> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value as (event: Event) => void);
    } else set(element, name, value);
  }
  fill(element, ...children);
  return element;
}

/** The same for SVG. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | number> = {},
  ...children: Node[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...children);
  return element;
}

/** Sets an attribute; true stands for an empty one, false and null for none. */
export function set(element: Element, name: string, value: Exclude<Value, () => void>): void {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Replaces an element's children. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(...children.filter((child) => child !== null && child !== false));
}

/** The same for parts that are drawn anew while in use: the focus stays with the id that had it. */
export function refill(element: Element, ...children: Child[]): void {
  const { activeElement } = document;
  const focused = activeElement && element.contains(activeElement) ? activeElement.id : "";
  fill(element, ...children);
  if (focused) document.getElementById(focused)?.focus();
}

/** The page's own element of that id. Throws where index.html has none. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no element with id "${id}"`);
  return element;
}

/** Calls at most once in `wait` ms, with the latest arguments, and always after the last call. */
export function throttle<A extends unknown[]>(wait: number, call: (...args: A) => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = -Infinity;
  return (...args: A) => {
    clearTimeout(timer);
    const run = () => {
      last = performance.now();
      call(...args);
    };
    timer = setTimeout(run, Math.max(0, last + wait - performance.now()));
  };
}

export const reducedMotion = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
export const isPhone = (): boolean => matchMedia("(max-width: 640px)").matches;

/** Whether nothing should be fetched before it is wanted. */
export const isThrifty = (): boolean => {
  const { connection } = navigator as { readonly connection?: { readonly saveData?: boolean } };
  return isPhone() || connection?.saveData === true;
};

/** An address relative to the page as an absolute one. */
export const absolute = (url: string): string => new URL(url, document.baseURI).href;
