import { assert, assertEquals } from "@std/assert";
import { inFolder } from "../../storage/folder.ts";

// A file system of 1 MiB in memory, mounted where this process alone sees it.
const script = new URL("full.ts", import.meta.url).pathname;
const inNamespace = (command: string) =>
  new Deno.Command("unshare", { args: ["-rm", "sh", "-c", command], stderr: "piped" }).output();

const canMount = Deno.build.os === "linux" &&
  await inNamespace("mount -t tmpfs -o size=1m tmpfs /mnt").then(({ success }) => success)
    .catch((error) => {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    });

for (const what of ["full", "read-only"]) {
  Deno.test({
    // Needs Linux, and leave to make namespaces.
    name: `a ${what} disk is told, and nothing half written stays there`,
    ignore: !canMount,
    fn: () =>
      inFolder(async (root) => {
        const deno = `'${Deno.execPath()}' run -A --no-check --quiet '${script}'`;
        const { success, stdout, stderr } = await inNamespace(
          `mount -t tmpfs -o size=1m tmpfs '${root}' && ${deno} '${root}' ${what}`,
        );
        const [said, problem] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
        assert(success, problem);
        assertEquals(said!.trim().split("\n").at(-1), "ok");
      }),
  });
}
