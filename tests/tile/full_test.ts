import { assert, assertEquals } from "@std/assert";
import { withLarge } from "./large.ts";

// A file system of 4 MiB in memory, mounted where this process alone sees it.
const script = new URL("full.ts", import.meta.url).pathname;
const config = new URL("../../deno.json", import.meta.url).pathname;
const inNamespace = (command: string) =>
  new Deno.Command("unshare", { args: ["-rm", "sh", "-c", command] }).output();

const canMount = Deno.build.os === "linux" &&
  await inNamespace("mount -t tmpfs -o size=1m tmpfs /mnt").then(({ success }) => success)
    .catch((error) => {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    });

Deno.test({
  name:
    "a full disk ends an ingest with a sentence, a server goes on and resumes once there is room" +
    (canMount ? "" : " (needs Linux, and leave to make namespaces)"),
  ignore: !canMount,
  fn: () =>
    withLarge(["a", "b", "c"], async (path) => {
      const root = await Deno.makeTempDir();
      try {
        const deno = `'${Deno.execPath()}' run -A --no-check --quiet --config '${config}'`;
        const { success, stdout, stderr } = await inNamespace(
          `mount -t tmpfs -o size=4m tmpfs '${root}' && ${deno} '${script}' '${root}' '${path}'`,
        );
        const [said, problem] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
        assert(success, problem);
        assertEquals(said!.trim(), "ok");
      } finally {
        await Deno.remove(root, { recursive: true });
      }
    }),
});
