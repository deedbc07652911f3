import { learned } from "./learned.ts";
import { relax } from "./relax.ts";

/** Every kind of rule. To add one: write its file, then add its line here. */
export const rules = {
  relax: { title: "Relaxation towards the neighbours' mean", dimensions: [2, 3], make: relax },
  learned: { title: "Neural automaton from a file", dimensions: [2], make: learned },
} as const;

export type RuleName = keyof typeof rules;
