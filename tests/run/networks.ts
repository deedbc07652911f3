/** Folder of the small networks. */
export const networks = new URL("../../fixtures/run/", import.meta.url).pathname;

interface Array {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** What NumPy computed of them, in float64. */
export const expected = JSON.parse(await Deno.readTextFile(`${networks}expected.json`)) as Record<
  "convolutions" | "attention",
  { readonly inputs: Record<string, Array>; readonly values: Record<string, Array> }
>;
