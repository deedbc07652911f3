import { type LayerEntry, tileUrl, WHOLE } from "./api.ts";
import { byId, fill, h, set, throttle } from "./dom.ts";
import { icon } from "./icons.ts";
import * as numbers from "./numbers.ts";
import { hasMap, isWhole, type Scene, type Widget } from "./scene.ts";
import { thumbnail } from "./thumbs.ts";
import { buildTree, pathTo, search, type TreeNode, wholeNode } from "./tree.ts";

// A preview of more elements than this would have the server read a whole layer that nobody opened.
const LARGE = 2 ** 25;
/** The same of a model behind a network, where a preview costs its whole layer. */
const FAR = 1 << 18;

/** What choosing a layer does. */
export interface Ways {
  /** On the map of the whole model: goes to where it lies. */
  find(name: string): void;
  /** Shows its own plane. */
  open(name: string): void;
  /** What was found last on the map; null off it. */
  found(): string | null;
  /** Whether the server has read all of the model: then a preview costs nothing. */
  isRead(): boolean;
}

/** The tree of layers, and the search over it. */
export class LayerList implements Widget {
  readonly #tree = byId("tree");
  readonly #field = byId("search") as HTMLInputElement;
  #open = new Set<string>();
  #nodes: TreeNode[] = [];
  #scene: Scene | null = null;
  /** By what they show, so that they stay as they are where the list changes. */
  readonly #previews = new Map<string, Element>();

  constructor(private readonly ways: Ways) {
    this.#field.addEventListener("input", throttle(80, () => this.#draw()));
    this.#field.addEventListener("focus", () => this.#hint());
    this.#field.addEventListener("blur", () => this.#hint());
    this.#field.addEventListener("keydown", (event) => this.#searchKey(event));
    this.#tree.addEventListener("keydown", (event) => this.#treeKey(event));
  }

  focusSearch(): void {
    this.#field.focus();
    this.#field.select();
  }

  update(scene: Scene): void {
    const before = this.#scene;
    this.#scene = scene;
    if (before && before.model !== scene.model && isSame(before, scene)) {
      // At another step there are other layers; what is open remains so.
      this.#nodes = buildTree(scene.model.layers);
      this.#redraw();
    } else if (before?.model !== scene.model) {
      this.#previews.clear();
      this.#nodes = buildTree(scene.model.layers);
      this.#open = new Set(this.#nodes.length === 1 ? [this.#nodes[0]!.path] : []);
      for (const path of pathTo(this.#nodes, scene.subject.layer).slice(0, -1)) {
        this.#open.add(path);
      }
      this.#draw();
      // Once the panels around it have their sizes.
      requestAnimationFrame(() =>
        this.#row(scene.subject.layer)?.scrollIntoView({ block: "center" })
      );
    } else if (before.subject.layer !== scene.subject.layer) {
      const above = pathTo(this.#nodes, scene.subject.layer).slice(0, -1);
      const closed = above.filter((path) => !this.#open.has(path));
      closed.forEach((path) => this.#open.add(path));
      if (closed.length > 0) this.#draw();
      this.#mark();
    }
  }

  #draw(): void {
    if (!this.#scene) return;
    const query = this.#field.value.trim();
    const { model } = this.#scene;
    const whole = hasMap(model) ? [wholeNode(model.parameters)] : [];
    const rows = query === ""
      ? [...whole, ...this.#nodes].flatMap((node) => this.#rows(node, 1))
      : this.#found(query);
    fill(this.#tree, ...rows);
    this.#mark();
  }

  #found(query: string): HTMLElement[] {
    const found = search(this.#nodes, query);
    if (found.length > 0) return found.map((node) => this.#rowOf(node, 1, node.target!));
    return [h("p", { class: "none" }, `No layer or tensor is called “${query}”.`)];
  }

  #rows(node: TreeNode, depth: number): HTMLElement[] {
    const row = this.#rowOf(node, depth, node.label);
    if (!this.#open.has(node.path)) return [row];
    return [row, ...node.children.flatMap((child) => this.#rows(child, depth + 1))];
  }

  #rowOf(node: TreeNode, depth: number, label: string): HTMLElement {
    const { layer, target, children } = node;
    const open = this.#open.has(node.path);
    const row = h(
      "div",
      {
        class: "row",
        role: "treeitem",
        tabindex: -1,
        "aria-level": depth,
        "aria-expanded": children.length > 0 ? String(open) : null,
        "data-target": target,
        "data-path": node.path,
        title: layer ? [layer.name, layer.kind, layer.role ?? []].flat().join(" · ") : target,
        style: `--depth:${depth - 1}`,
        onclick: (event: MouseEvent) => this.#choose(node, event),
        ondblclick: () => node.target !== null && this.ways.open(node.target),
      },
      h(
        "span",
        { class: "twist", "data-twist": true },
        children.length > 0 ? icon("chevron") : null,
      ),
      layer ? this.#preview(layer) : target === WHOLE ? this.#wholePreview() : null,
      h("span", { class: "label" }, label),
      h("span", { class: "note" }, this.#note(node)),
    );
    return row;
  }

  #preview({ name, modes, parameters }: LayerEntry): Element | null {
    const { subject, model } = this.#scene!;
    const [mode] = modes;
    if (mode === undefined) return null;
    const most = model.remote ? FAR : this.ways.isRead() ? Infinity : LARGE;
    if (parameters > most && name !== subject.layer) return icon("layers");
    const { colormap, step } = subject.options;
    const looks = colormap && mode === subject.mode ? { colormap } : {};
    // At the step where it is seen first: at others there may be none of it.
    const options = { ...looks, ...(step === undefined ? {} : { step }) };
    const url = tileUrl({ ...subject, layer: name, mode, options }, 0, 0, 0);
    return this.#kept(JSON.stringify([name, mode, looks]), () => thumbnail(url, 28));
  }

  #kept(key: string, make: () => Element): Element {
    const preview = this.#previews.get(key) ?? make();
    this.#previews.set(key, preview);
    return preview;
  }

  #wholePreview(): Element {
    const { subject } = this.#scene!;
    return thumbnail(
      tileUrl({ ...subject, layer: WHOLE, mode: "map", options: {} }, 0, 0, 0),
      28,
    );
  }

  #note({ layer, children, target, parameters }: TreeNode): string {
    if (layer) return [...shortRole(layer), numbers.shape(layer.shape)].join(" · ");
    if (target === WHOLE) return numbers.count(parameters);
    if (target !== null) {
      const tensor = this.#scene!.model.tensors.find(({ name }) => name === target);
      return tensor ? numbers.shape(tensor.shape) : "";
    }
    const repeated = children.every(({ label }) => /^\d+$/.test(label));
    return repeated ? `× ${children.length}` : numbers.count(parameters);
  }

  #choose(node: TreeNode, event: MouseEvent): void {
    const twist = (event.target as Element).closest("[data-twist]");
    if (node.target === null || (twist && node.children.length > 0)) this.#toggle(node.path);
    else if (node.target === WHOLE || !isWhole(this.#scene!)) this.ways.open(node.target);
    else this.ways.find(node.target);
  }

  #toggle(path: string): void {
    if (!this.#open.delete(path)) this.#open.add(path);
    this.#draw();
    this.#rowAt(path)?.focus();
  }

  #row(target: string): HTMLElement | null {
    return this.#tree.querySelector(`[data-target="${CSS.escape(target)}"]`);
  }

  #mark(): void {
    const rows = [...this.#tree.querySelectorAll<HTMLElement>(".row")];
    const layer = this.#scene!.subject.layer;
    const current = rows.find((row) => row.dataset.target === layer);
    for (const row of rows) set(row, "aria-selected", row === current ? "true" : null);
    // One row is in the order of Tab; arrows move among the rest.
    set(current ?? rows[0] ?? this.#tree, "tabindex", 0);
    current?.scrollIntoView({ block: "nearest" });
  }

  #searchKey(event: KeyboardEvent): void {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      // What was typed last may not have been looked for yet.
      this.#draw();
      const first = this.#tree.querySelector<HTMLElement>("[data-target]");
      if (event.key === "Enter" && first) this.#enter(first);
      else this.#tree.querySelector<HTMLElement>(".row")?.focus();
    } else if (event.key === "Escape") {
      this.#field.value = "";
      this.#draw();
      this.#field.blur();
    } else return;
    event.preventDefault();
  }

  #treeKey(event: KeyboardEvent): void {
    const row = (event.target as Element).closest<HTMLElement>(".row");
    if (!row) return;
    const path = row.dataset.path!;
    const expanded = row.getAttribute("aria-expanded");
    const move = (to: Element | null | undefined) => (to as HTMLElement | null)?.focus();
    if (event.key === "ArrowDown") move(row.nextElementSibling);
    else if (event.key === "ArrowUp") move(row.previousElementSibling ?? this.#field);
    else if (event.key === "Home") move(this.#tree.firstElementChild);
    else if (event.key === "End") move(this.#tree.lastElementChild);
    else if (event.key === "ArrowRight" && expanded === "false") this.#toggle(path);
    else if (event.key === "ArrowLeft" && expanded === "true") this.#toggle(path);
    else if (event.key === "ArrowLeft") move(this.#parent(row));
    else if (event.key === "Enter") this.#enter(row);
    else if (event.key === " ") row.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** What is already found on the map is opened by Enter. */
  #enter(row: HTMLElement): void {
    const { target } = row.dataset;
    const again = target !== undefined && isWhole(this.#scene!) && target === this.ways.found();
    if (again) this.ways.open(target);
    else row.click();
  }

  #hint(): void {
    const hint = byId("search-hint");
    hint.hidden = !this.#scene || !isWhole(this.#scene) || document.activeElement !== this.#field;
    hint.textContent = "Enter goes there, Enter again opens it";
  }

  /** A server that has read the model has previews of everything. */
  renew(): void {
    if (!this.#scene) return;
    this.#previews.clear();
    this.#redraw();
  }

  #redraw(): void {
    const { path } = document.activeElement?.closest<HTMLElement>(".row")?.dataset ?? {};
    this.#draw();
    if (path !== undefined) this.#rowAt(path)?.focus();
  }

  #rowAt(path: string): HTMLElement | null {
    return this.#tree.querySelector(`[data-path="${CSS.escape(path)}"]`);
  }

  #parent(row: HTMLElement): Element | null {
    const depth = Number(row.ariaLevel);
    let at = row.previousElementSibling;
    while (at && Number(at.ariaLevel) >= depth) at = at.previousElementSibling;
    return at;
  }
}

/** Whether both are of one model, at whatever steps. */
const isSame = (one: Scene, other: Scene): boolean =>
  one.model.id === other.model.id && one.model.version === other.model.version;

/** A role in a word, where its layer's name and preview leave little room: "up" of "mlp.up". */
const shortRole = ({ role }: LayerEntry): string[] =>
  role === null ? [] : [role.startsWith("norm") ? "norm" : role.slice(role.indexOf(".") + 1)];
