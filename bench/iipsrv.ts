import { createEngine } from "../src/tile/engine.ts";
import { mosaic } from "../src/cli/mosaic.ts";
import { scratch } from "./models.ts";
import type { Server } from "./load.ts";

const program = "/usr/lib/iipimage-server/iipsrv.fcgi";
const PORT = 18931;

/** Whether iipsrv, nginx and vips are there. */
export const isInstalled = (): boolean =>
  [program, "/usr/sbin/nginx", "/usr/bin/vips"].every((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  });

/** The first layer of a model, as Synaptile draws it, as an uncompressed tiled pyramid TIFF. */
export async function tiffOf(model: string): Promise<string> {
  const tiff = `${model}.tif`;
  if (exists(tiff)) return tiff;
  const engine = await createEngine([model], { cacheBytes: 0 });
  const [{ id, layers: [layer] }] = engine.models() as [ReturnType<typeof engine.models>[0]];
  const view = engine.view(id, layer!.name, "weights", new URLSearchParams());
  const plane = mosaic(engine, view, layer!.name, view.plane.nativeZoom);
  const ppm = `${scratch}/plane.ppm`;
  const file = await Deno.open(ppm, { write: true, create: true, truncate: true });
  const writer = file.writable.getWriter();
  await writer.write(new TextEncoder().encode(`P6\n${plane.width} ${plane.height}\n255\n`));
  for await (const rgba of plane.rows(() => {}, new AbortController().signal)) {
    const rgb = new Uint8Array(rgba.length / 4 * 3);
    for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
      rgb[to] = rgba[from]!;
      rgb[to + 1] = rgba[from + 1]!;
      rgb[to + 2] = rgba[from + 2]!;
    }
    await writer.write(rgb);
  }
  await writer.close();
  await engine.close();
  const tiles = ["--tile", "--tile-width", "256", "--tile-height", "256"];
  const args = ["tiffsave", ppm, tiff, ...tiles, "--pyramid", "--compression", "none", "--bigtiff"];
  const { success } = await new Deno.Command("vips", { args }).output();
  if (!success) throw new Error("vips could not write the TIFF");
  await Deno.remove(ppm);
  return tiff;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** iipsrv behind nginx, `workers` processes of each, serving JPEG from that TIFF. */
export async function iipsrv(tiff: string, workers: number): Promise<Server> {
  const folder = await Deno.makeTempDir();
  const env = {
    LOGFILE: `${folder}/iipsrv.log`,
    VERBOSITY: "1",
    FILESYSTEM_PREFIX: tiff.slice(0, tiff.lastIndexOf("/") + 1),
    OMP_NUM_THREADS: "1",
    JPEG_QUALITY: "75",
  };
  const ports = Array.from({ length: workers }, (_, i) => PORT + 1 + i);
  const quiet = { stdout: "null", stderr: "null" } as const;
  const processes = ports.map((port) =>
    new Deno.Command(program, {
      args: ["--bind", `127.0.0.1:${port}`, "--backlog", "1024"],
      env,
      ...quiet,
    })
      .spawn()
  );
  await Deno.writeTextFile(`${folder}/nginx.conf`, configuration(folder, workers, ports));
  const nginx = ["-p", folder, "-c", `${folder}/nginx.conf`];
  processes.push(new Deno.Command("/usr/sbin/nginx", { args: nginx, ...quiet }).spawn());
  await reachable();
  return {
    url: `http://127.0.0.1:${PORT}`,
    pid: processes[0]!.pid,
    async stop() {
      for (const process of processes) process.kill("SIGTERM");
      await Promise.all(processes.map(({ status }) => status));
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const configuration = (folder: string, workers: number, ports: readonly number[]) => `
${Deno.uid() === 0 ? "user root;" : ""}
daemon off; worker_processes ${workers}; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off; tcp_nodelay on; keepalive_requests 10000000;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  upstream iip { ${ports.map((port) => `server 127.0.0.1:${port};`).join(" ")} keepalive 64; }
  server {
    listen 127.0.0.1:${PORT} backlog=1024;
    location = /iipsrv {
      fastcgi_pass iip;
      fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param REQUEST_URI $request_uri; fastcgi_param SCRIPT_NAME /iipsrv;
      fastcgi_param SERVER_PROTOCOL $server_protocol; fastcgi_param HTTP_HOST $host;
      fastcgi_param CONTENT_TYPE $content_type; fastcgi_param CONTENT_LENGTH $content_length;
    }
  }
}
`;

async function reachable(): Promise<void> {
  for (let i = 0;; i++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port: PORT })).close();
      return;
    } catch (error) {
      if (i === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
