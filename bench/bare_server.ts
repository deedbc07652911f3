// What a tile server on Deno can reach at most: no routing, no headers, no look-up.
const [folder = "."] = Deno.args;
const bodies = [...Deno.readDirSync(folder)].map(({ name }) =>
  Deno.readFileSync(`${folder}/${name}`)
);
let next = 0;

const answer = Deno.env.get("BARE") === "304"
  ? () => new Response(null, { status: 304 })
  : () => new Response(bodies[next++ % bodies.length]);

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`Listening on http://127.0.0.1:${port}/`),
}, answer);
