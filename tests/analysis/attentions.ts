import { openModel } from "../../src/model/open.ts";
import { valuesOf } from "../formats/values.ts";

/** What numpy computed of a matrix. */
export interface Reference {
  readonly laplacian_smallest: readonly number[];
  readonly symmetric_largest: readonly number[];
  readonly eigenvalues_largest: readonly number[];
}

const root = new URL("../../fixtures/", import.meta.url);

/** The heads of the captured decoder's attention, and their means. */
export async function attentions() {
  const { attention } = JSON.parse(
    Deno.readTextFileSync(new URL("reference/captures/decoder.json", root)),
  );
  const model = await openModel(new URL("captures/decoder", root).pathname);
  const found: { name: string; matrix: Float64Array; n: number; expected: Reference }[] = [];
  for (
    const [layer, { heads, mean }] of Object.entries<{ heads: Reference[]; mean: Reference }>(
      attention,
    )
  ) {
    const all = model.layers.flatMap(({ captured }) => captured).map(({ tensor }) => tensor);
    const tensor = all.find(({ name }) => name.startsWith(`attn/${layer}`))!;
    const [, n] = tensor.shape as [number, number, number];
    const values = await valuesOf(tensor), sum = new Float64Array(n * n);
    const given = tensor.shape[0]!;
    for (let head = 0; head < given; head++) {
      const matrix = Float64Array.from(values.subarray(head * n * n, (head + 1) * n * n));
      for (let i = 0; i < sum.length; i++) sum[i]! += matrix[i]! / given;
      const expected = heads[head];
      if (expected) found.push({ name: `${layer} head ${head}`, matrix, n, expected });
    }
    if (given > 1) found.push({ name: `${layer} mean`, matrix: sum, n, expected: mean });
  }
  model.close();
  return found;
}
