import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { concat } from "../formats/build.ts";
import { FLOAT, graphProto, node } from "../formats/onnx_build.ts";
import { field } from "../formats/protobuf_build.ts";
import { expected } from "../run/networks.ts";
import { withRuntime } from "../run/runtime.ts";
import { inFolder } from "../storage/folder.ts";
import { json, network, npy, serving, valuesOf } from "./running.ts";

withRuntime(
  "the Jacobian of a live input is what the runtime's central differences say",
  () =>
    serving([network("convolutions")], async (ask) => {
      const { inputs: { picture } } = expected.convolutions, sample = 1, size = 144, step = 1e-2;
      const made = await ask("POST", "/models/convolutions/forward", json({ inputs: { picture } }));
      assertEquals(made.status, 201, made.body?.detail);
      const own = picture!.values.slice(sample * size, (sample + 1) * size);
      const moved = own.flatMap((_, i) => [step, -step].map((by) => own.with(i, own[i]! + by)))
        .flat();
      const shape = [2 * size, 3, 6, 8];
      const near = await ask(
        "POST",
        "/models/convolutions/forward",
        json({
          inputs: { picture: { shape, values: moved } },
          outputs: [],
        }),
      );
      assertEquals(near.status, 201, near.body?.detail);
      const logits: number[] = near.body.results[0].values;
      const squares = new Float64Array(48);
      for (let i = 0; i < size; i++) {
        for (const output of [0, 1]) {
          const slope = (logits[4 * i + output]! - logits[4 * i + 2 + output]!) / (2 * step);
          squares[i % 48]! += slope ** 2;
        }
      }
      for (const layer of ["picture", "fc"]) {
        const path = `/tiles/convolutions-live/${layer}/jacobian/0/0/0.npy?sample=${sample}&step=1`;
        const tile = await ask("GET", path);
        assertEquals(tile.status, 200, tile.body?.detail);
        for (const [i, value] of valuesOf(tile.bytes, 8, 6).entries()) {
          assertAlmostEquals(value, Math.sqrt(squares[i]!), 2e-3, `pixel ${i} of ${layer}`);
        }
      }
      const legend = await ask("GET", "/legend/convolutions-live/fc/jacobian.json?step=1");
      assertEquals(legend.body.notes.outputs, [2]);
      assert(legend.body.notes.frobenius[0] > 0);
      const { body } = await ask("GET", "/models/convolutions-live/fc");
      const mode = body.modes.find(({ name }: { name: string }) => name === "jacobian");
      assertEquals([mode.available, mode.missing], [true, null]);
    }),
);

withRuntime(
  "a network of attention has a Jacobian too; one of whole numbers has none",
  () =>
    serving([network("attention"), network("types")], async (ask) => {
      const { inputs } = expected.attention;
      await ask("POST", "/models/attention/forward", json({ inputs }));
      const tile = await ask("GET", "/tiles/attention-live/looks/jacobian/0/0/0.npy");
      assertEquals(tile.status, 200, tile.body?.detail);
      assert(Math.hypot(...valuesOf(tile.bytes, 8, 5)) > 0.1);
      // Its rows sum to 1, whatever comes in.
      const sum = await ask("GET", "/tiles/attention-live/sum/jacobian/0/0/0.npy");
      assert(Math.hypot(...valuesOf(sum.bytes, 8, 5)) < 1e-5);
      await ask("POST", "/models/types/forward", json({ inputs: { a: [1, 2], b: [true, false] } }));
      const whole = await ask("GET", "/tiles/types-live/half/jacobian/0/0/0.png");
      assertEquals(whole.status, 404);
      assertMatch(
        whole.body.detail,
        /needs an input of fractions: "input\/a" holds whole numbers \(I64\)/,
      );
    }),
);

withRuntime(
  "an operation that is run but has no derivative is named, up to where it is there are Jacobians",
  () =>
    inFolder(async (folder) => {
      const sides = field(2, concat(...[1, 2].map((side) => field(1, field(1, side)))));
      const value = (name: string) =>
        concat(field(1, name), field(2, field(1, concat(field(1, FLOAT), sides))));
      const nodes = [node("Tanh", ["x"], ["y"]), node("Floor", ["y"], ["z"])];
      const graph = concat(
        ...[graphProto([], nodes), field(2, "steps"), field(11, value("x"))],
        ...["y", "z"].map((name) => field(12, value(name))),
      );
      const file = concat(field(1, 8), field(7, graph), field(8, field(2, 17)));
      await Deno.writeFile(`${folder}/steps.onnx`, file);
      await serving([`${folder}/steps.onnx`], async (ask) => {
        const made = await ask("POST", "/models/steps/forward", json({ inputs: { x: [[0, 1]] } }));
        assertEquals(made.status, 201, made.body?.detail);
        const tile = await ask("GET", "/tiles/steps-live/y/jacobian/0/0/0.npy");
        assertEquals(tile.status, 200, tile.body?.detail);
        const [first, second] = valuesOf(tile.bytes, 2, 1);
        assertAlmostEquals(first!, 1, 1e-6);
        assertAlmostEquals(second!, Math.cosh(1) ** -2, 1e-6);
        const { status, body } = await ask("GET", "/tiles/steps-live/z/jacobian/0/0/0.png");
        assertEquals([status, body.found], [404, "Floor"]);
        assertMatch(
          body.detail,
          /^there is no derivative of the operation Floor: there are those of Abs/,
        );
      });
    }),
);

withRuntime(
  "before a network is run there is nothing to differentiate by",
  () =>
    serving([network("convolutions")], async (ask) => {
      const { status, body } = await ask("GET", "/tiles/convolutions/c1/jacobian/0/0/0.png");
      assertEquals(status, 404);
      assertMatch(body.detail, /or a run of an ONNX file$/);
      await ask("POST", "/models/convolutions/forward", await npy("picture.npy"));
      const odd = await ask("GET", "/tiles/convolutions-live/c1/jacobian/0/0/0.png?sample=2");
      assertEquals([odd.status, odd.body.found, odd.body.maximum], [400, 2, 1]);
      const none = json({ inputs: { picture: { shape: [0, 3, 6, 8], values: [] } } });
      assertEquals((await ask("POST", "/models/convolutions/forward", none)).status, 201);
      const empty = await ask("GET", "/tiles/convolutions-live/c1/jacobian/0/0/0.png");
      assertEquals(empty.status, 404);
      assertMatch(
        empty.body.detail,
        /it needs an input that has elements: "input\/picture" is \[0,3,6,8\]$/,
      );
    }),
);
