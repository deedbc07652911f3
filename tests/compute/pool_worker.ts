import { serveJobs } from "../../src/compute/jobs.ts";
import { BadRequest } from "../../src/errors.ts";

/** A job for `pool_test.ts`. */
export type TestJob =
  | { readonly context: string; readonly kind: "context" }
  | { readonly context: string; readonly kind: "fail" }
  | { readonly context: string; readonly kind: "throw" }
  | { readonly context: string; readonly kind: "crash" }
  | { readonly context: string; readonly kind: "spin"; readonly ms: number };

const contexts = new Map<string, unknown>();

serveJobs<TestJob>({
  share: (id, context) => contexts.set(id, context),
  forget: (id) => contexts.delete(id),
  work(job, cancelled) {
    switch (job.kind) {
      case "context":
        return { value: contexts.get(job.context) ?? "unknown" };
      case "fail":
        throw new BadRequest("no such colour", { parameter: "colour" });
      case "throw":
        throw new RangeError("out of range");
      case "crash":
        setTimeout(() => {
          throw new Error("fell over");
        });
        return new Promise(() => {});
      case "spin": {
        const until = performance.now() + job.ms;
        while (performance.now() < until) cancelled();
        return { value: "done" };
      }
    }
  },
});
