// From starting the server's process to its first answered tile, WASM and page already built.
const permissions = ["--allow-read", "--allow-net", "--allow-env", "--allow-ffi"];
const args = ["run", "-q", ...permissions, "src/cli/main.ts", "serve", "--port", "0"];
const root = new URL("../", import.meta.url);

const rows: { listening: number; tile: number }[] = [];
for (let i = 0; i < 9; i++) {
  const began = performance.now();
  const command = new Deno.Command(Deno.execPath(), { args, cwd: root, stdout: "piped" });
  await using server = command.spawn();
  let said = "";
  for await (const text of server.stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (said.includes("\n")) break;
  }
  const listening = performance.now() - began;
  const address = said.match(/http:\S+/)?.[0];
  const answer = await fetch(`${address}tiles/bottleneck-mnist/fc0/weights/0/0/0.png`);
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`the tile was answered with ${answer.status}`);
  rows.push({ listening, tile: performance.now() - began });
  server.kill("SIGTERM");
}

const median = (of: "listening" | "tile") =>
  rows.map((row) => row[of]).sort((a, b) => a - b)[rows.length >> 1]!.toFixed(0);
console.log(
  `listening after ${median("listening")} ms, first tile after ${
    median("tile")
  } ms (medians of ${rows.length})`,
);
