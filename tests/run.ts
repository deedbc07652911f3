// The whole gate: what `deno task test` runs. Ends with a line "N passed, N failed".
const steps: [string, string[]][] = [
  ["build", ["task", "--quiet", "build"]],
  ["format", ["fmt", "--check", "--quiet"]],
  ["lint", ["lint", "--quiet"]],
  ["types", ["check", "--quiet", "src", "routes", "bench", "tests"]],
];

for (const [name, args] of steps) {
  const began = performance.now();
  const { success } = await new Deno.Command(Deno.execPath(), { args }).spawn().status;
  console.log(
    `${name}: ${success ? "ok" : "FAILED"} (${Math.round(performance.now() - began)} ms)`,
  );
  if (!success) {
    console.log("0 passed, 1 failed");
    Deno.exit(1);
  }
}

const filter = Deno.args;
const tests = new Deno.Command(Deno.execPath(), {
  args: ["test", "--allow-all", "--no-check", ...(filter.length > 0 ? filter : ["tests/"])],
  env: {
    NO_COLOR: "1",
    // Mesa's drivers complain of its absence for each device that is opened.
    ...(Deno.env.has("XDG_RUNTIME_DIR") ? {} : { XDG_RUNTIME_DIR: "/tmp" }),
  },
  stdout: "piped",
}).spawn();
let tail = "";
for await (const text of tests.stdout.pipeThrough(new TextDecoderStream())) {
  await Deno.stdout.write(new TextEncoder().encode(text));
  tail = (tail + text).slice(-4096);
}
const { code } = await tests.status;
const count = (what: string) => Number(tail.match(`(\\d+) ${what}`)?.[1] ?? 0);
const failed = count("failed");
const skipped = count("ignored");
console.log(
  `${count("passed")} passed, ${code !== 0 && failed === 0 ? 1 : failed} failed` +
    (skipped > 0 ? `, ${skipped} skipped` : ""),
);
Deno.exit(code);
