import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import sharp from "sharp";
import { wasm } from "../../src/compute/wasm.ts";
import { readNetwork } from "../field/automaton/read_network.ts";
import { FileSource } from "../../src/storage/file.ts";
import { command, run, withFile } from "./run.ts";
import { modelFile } from "../tile/models.ts";

const flat = (width: number, height: number, alpha = 1) =>
  sharp({ create: { width, height, channels: 4, background: { r: 200, g: 90, b: 20, alpha } } })
    .png().toBuffer();
const layer = Float32Array.from({ length: 70 * 50 }, (_, i) => Math.sin(i / 9) / 50);
layer[3] = NaN;

/** A folder with a model in it and some pictures. */
const withPictures = (test: (folder: string, model: string) => Promise<void>) =>
  withFile(modelFile({ fc: { shape: [50, 70], values: layer } }), async (model, folder) => {
    await Deno.writeFile(`${folder}/small.png`, await flat(30, 15));
    await test(folder, model);
  });

const quick = ["--size", "6", "--channels", "8", "--hidden", "8", "--steps", "30", "--json"];

async function network(path: string) {
  const source = new FileSource(path);
  try {
    return await readNetwork(source, wasm);
  } finally {
    source.close();
  }
}

Deno.test("automaton train learns a picture and writes it down, the same for the same seed", () =>
  withPictures(async (folder) => {
    const train = async (seed: string, output: string) => {
      const args = [`${folder}/small.png`, ...quick, "--seed", seed, "-o", `${folder}/${output}`];
      const { code, stdout, stderr } = await run("automaton", "train", ...args);
      assertEquals([code, stderr], [0, ""]);
      return JSON.parse(stdout);
    };
    const told = await train("5", "one.safetensors");
    const { target, steps, width, height, channels, hidden } = told;
    const found = { target, steps, width, height, channels, hidden };
    const shape = { width: 6, height: 3, channels: 8, hidden: 8 };
    assertEquals(found, { target: "small.png", steps: 30, ...shape });
    assert(told.loss < told.before, `${told.before} → ${told.loss}`);
    await train("5", "two.safetensors");
    await train("6", "three.safetensors");
    const [one, two, three] = await Promise.all(
      ["one", "two", "three"].map((name) => Deno.readFile(`${folder}/${name}.safetensors`)),
    );
    assertEquals(one, two);
    assert(one!.some((byte, i) => byte !== three![i]));
    const read = await network(`${folder}/one.safetensors`);
    assertEquals([read.channels, read.alive], [8, { channel: 3, threshold: 0.1 }]);
    const text = new TextDecoder().decode(one);
    assertMatch(
      text,
      /"rule":"learned","target":"small.png","steps":"30","loss":"[\d.e-]+","seed":"5"/,
    );
  }));

Deno.test("automaton train learns a layer's means", () =>
  withPictures(async (folder, model) => {
    const output = `${folder}/layer.safetensors`;
    const args = [model, "fc", ...quick, "--size", "9", "-o", output];
    const { code, stdout, stderr } = await run("automaton", "train", ...args);
    assertEquals([code, stderr], [0, ""]);
    // 70 × 50 cells in blocks of 8 × 8.
    const { target, width, height } = JSON.parse(stdout);
    assertEquals([target, width, height], ["model.safetensors fc", 9, 7]);
    assertEquals((await network(output)).alive, { channel: 1, threshold: 0.1 });
  }));

Deno.test("automaton train learns a picture from a layer's cells, at a zoom that tiles have", () =>
  withFile(
    modelFile({ fc: { shape: [5, 7], values: layer.slice(0, 35) } }),
    async (model, folder) => {
      await Deno.writeFile(`${folder}/square.png`, await flat(10, 10));
      const output = `${folder}/cells.safetensors`, picture = `${folder}/square.png`;
      const args = [picture, model, "fc", ...quick, "--size", "7", "-o", output];
      const { code, stdout, stderr } = await run("automaton", "train", ...args);
      assertEquals([code, stderr], [0, ""]);
      const { target, width, height, start, zoom, edges, before } = JSON.parse(stdout);
      assertEquals([width, height, start, zoom, edges], [7, 5, "cells", 0, "zero"]);
      assertEquals(target, "square.png model.safetensors fc");
      assertEquals((await network(output)).alive, null);

      // The loss at first is what the layer's numbers, as tiles have them, miss the picture by.
      const wanted = (c: number, x: number) =>
        // 5 × 5 pixels in the middle of 7 × 5, on white.
        x >= 1 && x < 6 ? [200, 90, 20][c]! / 255 : 1;
      let sum = 0;
      for (const [c, field] of ["mean", "variance", "gradient"].entries()) {
        const tile = `${folder}/${field}.npy`,
          which = ["--param", "t=0", "--param", `field=${field}`];
        const drawn = await run("render", model, "fc", "-m", "automaton", ...which, "-o", tile);
        assertEquals(drawn.code, 0);
        const bytes = await Deno.readFile(tile);
        const values = new Float32Array(bytes.slice(bytes.length - 256 * 256 * 4).buffer);
        for (let y = 0; y < 5; y++) {
          for (let x = 0; x < 7; x++) sum += (values[y * 256 + x]! - wanted(c, x)) ** 2;
        }
      }
      assertAlmostEquals(before, sum / 105, 1e-4 * before);

      const large = await run(
        "automaton",
        "train",
        picture,
        model,
        "fc",
        "--size",
        "6",
        "-o",
        output,
      );
      assertEquals(large.code, 2);
      assertMatch(large.stderr, /"fc" is 7 × 5 pixels at zoom 0, at most 6 a side can be taken/);
    },
  ));

Deno.test("automaton train that is interrupted writes what there is, and ends with 130", () =>
  withPictures(async (folder) => {
    const output = `${folder}/rule.safetensors`;
    const args = [`${folder}/small.png`, ...quick, "--steps", "1000000", "-o", output];
    const process = command("automaton", "train", ...args, "--progress").spawn();
    const errors = process.stderr.getReader();
    const { value } = await errors.read(); // it has begun
    const said = new TextDecoder().decode(value);
    assertMatch(said, /^\d+ of 1000000 steps \(0 %\), loss [\d.e-]+, \d/);
    process.kill("SIGINT");
    errors.releaseLock();
    const { code, stdout } = await process.output();
    assertEquals(code, 130);
    const { steps } = JSON.parse(new TextDecoder().decode(stdout));
    assert(steps > 0 && steps < 1_000_000, `${steps}`);
    assertEquals((await network(output)).channels, 8);
  }));

Deno.test("render draws with a rule that is opened beside the model", () =>
  withPictures(async (folder, model) => {
    const rule = `${folder}/rule.safetensors`, tile = `${folder}/tile.npy`;
    const train = await run("automaton", "train", `${folder}/small.png`, ...quick, "-o", rule);
    assertEquals(train.code, 0);
    const parameters = [
      "rule=learned",
      "network=rule",
      "start=seed",
      "field=channel",
      "channel=3",
      "t=0",
    ]
      .flatMap((pair) => ["--param", pair]);
    const args = [model, "fc", "-m", "automaton", ...parameters, "-o", tile];
    const { code, stderr } = await run("render", ...args, "--beside", rule);
    assertEquals([code, stderr], [0, ""]);
    const bytes = await Deno.readFile(tile);
    const values = new Float32Array(bytes.slice(bytes.length - 256 * 256 * 4).buffer);
    assertEquals([values[25 * 256 + 35], values[25 * 256 + 34]], [1, 0]);
    const alone = await run("render", ...args);
    assertEquals(alone.code, 2);
    assertMatch(alone.stderr, /network: no model "rule"; there are: model/);
    const lost = await run("render", ...args, "--beside", `${folder}/none.safetensors`);
    assertEquals(lost.code, 1);
    assertMatch(lost.stderr, /none\.safetensors/);
  }));

Deno.test("targets that cannot be learned are refused with a sentence", () =>
  withPictures(async (folder, model) => {
    await Deno.writeFile(`${folder}/empty.png`, new Uint8Array());
    await Deno.writeTextFile(`${folder}/words.png`, "no picture");
    await Deno.writeFile(`${folder}/cut.png`, (await flat(40, 40)).subarray(0, 60));
    await Deno.writeFile(`${folder}/wide.png`, await flat(4097, 1));
    await Deno.writeFile(`${folder}/clear.png`, await flat(4, 4, 0));
    const cases: readonly [args: readonly string[], code: number, words: RegExp][] = [
      [[`${folder}/none.png`], 1, /there is no file .*none\.png/],
      [[`${folder}/empty.png`], 1, /empty\.png cannot be read as a picture/],
      [[`${folder}/words.png`], 1, /words\.png cannot be read as a picture/],
      [[`${folder}/cut.png`], 1, /cut\.png cannot be read as a picture/],
      [[`${folder}/wide.png`], 1, /wide\.png is 4097 × 1 pixels, at most 4096 a side/],
      [[`${folder}/clear.png`], 2, /clear\.png is transparent all over/],
      [[folder], 2, /is no file/],
      [[model, "none"], 1, /no layer or tensor "none"/],
      [[], 2, /takes a picture, MODEL and LAYER, or all three, found 0 arguments/],
      [[`${folder}/small.png`, "--size", "0"], 2, /--size 0 is not a whole number from 1 to 64/],
      [[`${folder}/small.png`, "--size", "65"], 2, /--size 65 is not a whole number from 1 to 64/],
      [[`${folder}/small.png`, "--channels", "3"], 2, /--channels 3 .* from 4 to 64/],
      [[`${folder}/small.png`, "--fire-rate", "0"], 2, /--fire-rate 0 is not a number above 0/],
    ];
    const output = ["-o", `${folder}/rule.safetensors`];
    for (const [args, code, words] of cases) {
      const found = await run("automaton", "train", ...args, ...output);
      assertEquals([found.code, found.stdout], [code, ""], found.stderr);
      assertMatch(found.stderr, words);
      assert(!/^\s+at /m.test(found.stderr), `no stack: ${found.stderr}`);
    }
    const verb = await run("automaton", "grow", `${folder}/small.png`, ...output);
    assertEquals(verb.code, 2);
    assertMatch(verb.stderr, /automaton knows train, found grow/);
    const nowhere = await run("automaton", "train", `${folder}/small.png`);
    assertMatch(nowhere.stderr, /-o FILE is missing/);
    const lost = await run(
      "automaton",
      "train",
      `${folder}/small.png`,
      "-o",
      "/none/rule.safetensors",
    );
    assertMatch(lost.stderr, /there is no folder \S*none to write to/);
    const kind = await run("automaton", "train", `${folder}/small.png`, "-o", `${folder}/rule.pt`);
    assertMatch(kind.stderr, /a rule is a \.safetensors/);
  }));
