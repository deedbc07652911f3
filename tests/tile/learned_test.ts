import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { reference } from "../../src/compute/reference.ts";
import { BadRequest, FormatError } from "../../src/errors.ts";
import { advance } from "../../src/field/automaton/advance.ts";
import { type Edges, wholeOf } from "../../src/field/automaton/region.ts";
import { learned } from "../../src/field/automaton/rules/learned.ts";
import type { Network } from "../../src/field/automaton/rules/network.ts";
import { initial } from "../../src/field/automaton/state.ts";
import { fileOf } from "../../src/field/automaton/training/file.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { normal } from "../compute/samples.ts";
import { assertSameBits } from "../compute/same_bits.ts";
import { planeOf } from "./evolved.ts";
import { type Content, modelFile, tileAt, withFolder } from "./models.ts";

const CHANNELS = 7, HIDDEN = 8, width = 300, height = 262, NATIVE = 1;
const values = normal(width * height, 1, 0.02);
const network = (alive: Network["alive"], seed = 2): Network => ({
  channels: CHANNELS,
  alive,
  hidden: {
    ...{ inputs: 3 * CHANNELS, outputs: HIDDEN },
    ...{ weights: normal(3 * CHANNELS * HIDDEN, seed, 0.4), bias: normal(HIDDEN, 3, 0.1) },
  },
  update: {
    ...{ inputs: HIDDEN, outputs: CHANNELS },
    ...{ weights: normal(CHANNELS * HIDDEN, 4, 0.15), bias: normal(CHANNELS, 5, 0.02) },
  },
});
const mortal = network({ channel: 3, threshold: 0.3 }), immortal = network(null);

const withRules = (
  others: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
  test: (engine: Engine, folder: string) => Promise<void>,
) =>
  withFolder(
    async (folder) => {
      const files = {
        model: modelFile({ jagged: { shape: [height, width], values } }),
        mortal: fileOf(mortal, {}),
        immortal: fileOf(immortal, {}),
        ...others,
      };
      for (const [name, bytes] of Object.entries(files)) {
        await Deno.writeFile(`${folder}/${name}.safetensors`, bytes);
      }
    },
    { workers: 2 },
    test,
  );

const size = [width, height];

for (
  const [name, rule, edges, start] of [
    ["mortal", mortal, "clamp", "cells"],
    ["immortal", immortal, "wrap", "cells"],
    ["mortal", mortal, "zero", "seed"],
  ] as const
) {
  Deno.test(`a learned rule's tiles are the plane that it makes whole: ${name}, ${edges}, ${start}`, () =>
    withRules({}, async (engine) => {
      const common = `rule=learned&network=${name}&edges=${edges}&start=${start}&field=channel`;
      const get = (t: number, channel: number, more = "") =>
        planeOf(engine, "jagged", NATIVE, size, `${common}&t=${t}&channel=${channel}${more}`);
      const first: Float32Array[] = [];
      for (let channel = 0; channel < CHANNELS; channel++) first.push(await get(0, channel));
      const middle = (height >> 1) * width + (width >> 1);
      if (start === "seed") {
        for (const [channel, field] of first.entries()) {
          const ones = field.reduce((sum, value) => sum + value, 0);
          assertEquals([field[middle], ones], channel < 3 ? [0, 0] : [1, 1], `channel ${channel}`);
        }
      } else {
        const relaxed = await planeOf(engine, "jagged", NATIVE, size, "t=0&field=variance");
        assertSameBits(first[1]!, relaxed, "channel 1");
        assert(first[6]!.every((value) => value === 0));
      }
      const state = initial(size, wholeOf(size), first);
      for (const t of [1, 7, 20]) {
        const options = { fireRate: 0.4, seed: 9, alive: rule.alive };
        const automaton = {
          ops: reference,
          rule: learned(rule, options),
          edges: edges as Edges,
          cancelled: () => {},
        };
        const want = advance(automaton, state, wholeOf(size), t);
        for (const channel of [0, 6]) {
          const found = await get(t, channel, "&seed=9&fire_rate=0.4");
          assertSameBits(found, want.fields[channel]!, `channel ${channel} at ${t}`);
          assert(found.some((value) => value !== 0), `channel ${channel} at ${t} is dead`);
        }
      }
    }));
}

Deno.test("tiles drawn one by one agree with those of a plane that is computed whole", () =>
  withRules({}, async (engine) => {
    const query = "rule=learned&network=mortal&t=20&field=variance";
    const whole = await planeOf(engine, "jagged", NATIVE, size, query);
    await withRules({}, async (fresh) => {
      // Of a plane that nobody has asked for, by another engine: the last tile first.
      const { bytes } = await fresh.ticket({
        ...tileAt("jagged", [NATIVE, 1, 1], query, { mode: "automaton", crop: true }),
        format: "npy",
      }).tile();
      const [across, down] = [width - 256, height - 256];
      const found = new Float32Array(bytes.slice(bytes.length - across * down * 4).buffer);
      const want = found.map((_, i) => {
        return whole[(256 + Math.floor(i / across)) * width + 256 + i % across]!;
      });
      assertSameBits(found, want, "the last tile");
    });
  }));

Deno.test("the first three channels are colours, on white where there is opacity", () =>
  withRules({}, async (engine) => {
    const pixels = async (name: string, z: number) => {
      const query = `rule=learned&network=${name}&field=rgb&start=seed&t=0`;
      const address = tileAt("jagged", [z, 0, 0], query, { mode: "automaton", format: "bin" });
      return (await engine.ticket(address).tile()).bytes;
    };
    const at = (bytes: Uint8Array, x: number, y: number) => [
      ...bytes.subarray((y * 256 + x) * 4, (y * 256 + x) * 4 + 4),
    ];
    // At zoom 0 a pixel is two cells: 150 × 131 of them.
    const far = await pixels("mortal", 0), dark = await pixels("immortal", 0);
    assertEquals(at(far, 75, 65), [0, 0, 0, 255]);
    assertEquals(at(far, 74, 65), [255, 255, 255, 255]);
    assertEquals(at(far, 151, 65), [0, 0, 0, 0]);
    assertEquals(at(dark, 74, 65), [0, 0, 0, 255]);
    // Over-zoomed, cells are squares of their colour.
    const close = await engine.ticket(
      tileAt("jagged", [NATIVE + 2, 2, 2], "rule=learned&network=mortal&field=rgb&start=seed&t=0", {
        ...{ mode: "automaton", format: "bin" },
      }),
    ).tile();
    const x = (width >> 1) * 4 - 512, y = (height >> 1) * 4 - 512;
    assertEquals(at(close.bytes, x + 3, y + 3), [0, 0, 0, 255]);
    assertEquals(at(close.bytes, x + 4, y), [255, 255, 255, 255]);
    const legend = await engine.legend(
      engine.view(
        "model",
        "jagged",
        "automaton",
        new URLSearchParams("rule=learned&network=mortal&field=rgb"),
      ),
    );
    assertEquals(legend.channels?.map(({ channel }) => channel), ["R", "G", "B"]);
  }));

Deno.test("another version of a network is another picture with another tag", () =>
  withRules({}, async (engine, folder) => {
    const query = new URLSearchParams("rule=learned&network=mortal&t=3");
    const address = { ...tileAt("jagged", [0, 0, 0]), mode: "automaton", query };
    const versionOf = () => engine.view("model", "jagged", "automaton", query).version;
    const ticket = engine.ticket(address), before = versionOf();
    assertEquals(ticket.against?.id, "mortal");
    const first = await ticket.tile();
    await Deno.writeFile(`${folder}/mortal.safetensors`, fileOf(network(mortal.alive, 8), {}));
    await opened(() => assert(versionOf() !== before, "the file is not looked at again"));
    const again = engine.ticket(address);
    assert(again.etag !== ticket.etag);
    const second = await again.tile();
    assert(second.bytes.some((byte, i) => byte !== first.bytes[i]));

    engine.remove("mortal");
    assertThrows(() => engine.ticket(address), BadRequest, `no model "mortal"; there are: `);
  }));

/** Tries until a changed file has been opened again. */
async function opened(check: () => void): Promise<void> {
  for (let i = 0;; i++) {
    try {
      return check();
    } catch (error) {
      if (i === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

Deno.test("what is no rule, or asks for what it has not, is refused", () => {
  const part = (...shape: number[]): Content => {
    return { shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)) };
  };
  const sound = {
    "dense1.weight": part(8, 21),
    "dense1.bias": part(8),
    "dense2.weight": part(7, 8),
  };
  const { "dense1.bias": _, ...headless } = sound;
  const nan = { shape: [8], values: new Float32Array(8).fill(NaN, 3, 4) };
  const files = {
    narrow: modelFile({ ...sound, "dense1.weight": part(8, 20) }),
    headless: modelFile(headless),
    poisoned: modelFile({ ...sound, "dense1.bias": nan }),
    undead: fileOf({ ...mortal, alive: { channel: 7, threshold: 0.1 } }, {}),
  };
  return withRules(files, async (engine) => {
    const refused = (query: string, message: string) =>
      assertThrows(
        () => engine.view("model", "jagged", "automaton", new URLSearchParams(query)),
        BadRequest,
        message,
      );
    refused("rule=learned", "needs network, the id of an open model");
    refused("rule=learned&network=", "needs network");
    refused("rule=learned&network=none", `network: no model "none"; there are: `);
    refused("rule=learned&network=model", `network: model: tensor "dense1.weight" is missing`);
    refused("rule=learned&network=narrow", "[8,20], expected [8, 21]");
    refused("rule=learned&network=headless", `"dense1.bias" is missing`);
    refused(
      "rule=learned&network=undead",
      `metadata "alive" is "7 0.1", expected a channel from 0`,
    );
    refused("rule=learned&network=mortal&t=4097", "from 0 to 4096");
    refused("rule=learned&network=mortal&fire_rate=1.5", "from 0 to 1");
    refused("rule=learned&network=mortal&seed=-1", "a whole number from 0");
    refused("rule=other", "one of relax, learned");
    refused("field=rgb", "field=rgb needs rule=learned");
    const drawn = (query: string) =>
      engine.ticket(tileAt("jagged", [0, 0, 0], query, { mode: "automaton" })).tile();
    await assertRejects(
      () => drawn("rule=learned&network=poisoned"),
      FormatError,
      `poisoned: tensor "dense1.bias" is NaN at 3, expected finite numbers`,
    );
    await assertRejects(
      () => drawn("rule=learned&network=mortal&field=channel&channel=7"),
      BadRequest,
      "shows channel 7, and the network has 7, from 0 to 6",
    );
    await assertRejects(
      () => drawn("rule=learned&network=mortal&t=4096"),
      BadRequest,
      "fewer steps, or zoom out",
    );
  });
});
