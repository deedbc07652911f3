import type { CellRule } from "../../../compute/ops.ts";
import type { Span } from "../region.ts";
import type { Rule } from "../rule.ts";

/**
 * Cells relax towards the mean of their neighbours, driven by their gradient and amplified by their
 * weight (`Ops.stepCells`, `Ops.stepVoxels`); each of `fields` fields on its own.
 */
export function relax(rule: CellRule, fields: number): Rule {
  return {
    reach: 1,
    groups: Array.from({ length: fields }, (_, field) => [field]),
    driven: rule.gamma !== 0,
    closes: true,
    step(ops, { fields: [values], region, counts, ends }, { weight, gradient }, [out]) {
      const [{ count: width }, { count: height }, deep] = region as [Span, Span, Span?];
      if (counts.length === 2) {
        ops.stepCells({ values: values!, width, height, ends }, weight, gradient, rule, out!);
      } else {
        const voxels = { values: values!, width, height, depth: deep!.count, ends };
        ops.stepVoxels(voxels, weight, gradient, rule, out!);
      }
    },
  };
}
