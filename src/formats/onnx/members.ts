import { malformed, show } from "../malformed.ts";
import { NO_VALUE } from "./constant.ts";
import type { Body, Node } from "./graph.ts";
import type { Stored } from "./tensor.ts";

/** A tensor of a body, stored or why not. */
export interface Member {
  /** What the body's nodes call it. */
  readonly value: string;
  /** What it is called in the listing: unique. */
  readonly name: string;
  readonly stored: Stored | string;
}

/** The initializers and constants of bodies, and of those inside, outer ones first. */
export function membersOf(file: string, outer: readonly Body[]): Map<Body, readonly Member[]> {
  const members = new Map<Body, readonly Member[]>();
  const unique = namer();
  const queue = outer.map((body) => ({ body, path: body.name }));
  for (const { body, path } of queue) {
    const own = new Map<string, Member>();
    for (const [value, stored] of tensorsOf(body)) {
      if (own.has(value)) throw malformed(file, `tensor ${show(value)}`, "given twice", "once");
      own.set(value, { value, name: unique(value, path), stored });
    }
    members.set(body, [...own.values()]);
    for (const node of body.nodes) {
      for (const inner of node.bodies) {
        queue.push({ body: inner, path: [node.name || node.op, inner.name].join("/") });
      }
    }
  }
  return members;
}

function* tensorsOf(body: Body): Generator<readonly [string, Stored | string]> {
  for (const tensor of body.initializers) yield [tensor.name, tensor];
  for (const name of body.sparse) yield [name, "it is sparse"];
  for (const node of body.nodes) {
    if (isConstant(node)) yield [node.outputs[0]!, node.constant?.value ?? reasonOf(node)];
  }
}

const reasonOf = ({ constant }: Node) => constant?.reason ?? NO_VALUE;

/** Whether a node is a tensor of its body. */
export const isConstant = ({ op, outputs }: Node) => op === "Constant" && outputs.length > 0;

/** A name itself; with its graph's before it, and a number behind, where another tensor has it. */
function namer(): (name: string, path: string) => string {
  const taken = new Set<string>();
  const next = new Map<string, number>();
  return (name, path) => {
    const scoped = `${path}/${name}`;
    let unique = name;
    while (taken.has(unique)) {
      const n = next.get(scoped) ?? 0;
      next.set(scoped, n + 1);
      unique = n === 0 ? scoped : `${scoped}_${n}`;
    }
    taken.add(unique);
    return unique;
  };
}
