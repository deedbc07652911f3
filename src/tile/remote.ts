import type { Pool, Urgency } from "../compute/pool.ts";
import { Unreadable } from "../errors.ts";
import type { TensorInfo } from "../formats/format.ts";
import type { Model } from "../model/model.ts";
import { type Fetch, MOST, type Supply, type Wanted } from "../storage/prefetched.ts";
import type { SourceRef } from "../storage/source.ts";
import type { Job } from "./job.ts";

/** What a worker answers instead of a value where bytes have to be fetched first. */
export interface Missing {
  readonly missing: readonly Wanted[];
}

/** Attempts at a job: bytes that say where others lie, such as a compressed chunk's, add one each. */
const ATTEMPTS = 8;

/**
 * Runs a job; where its worker lacks bytes of remote files, they are fetched, and it runs again.
 * What is `known` to be needed is fetched before. Throws what `pool.run` and `fetch` throw.
 */
export async function runWith<Value>(
  pool: Pool<Job>,
  job: Job,
  fetch: Fetch | null,
  signal?: AbortSignal,
  urgency?: Urgency,
  known: readonly Wanted[] = [],
): Promise<Value> {
  if (!fetch) return await pool.run<Value>(job, signal, urgency);
  const supplies: Supply[] = [...await fetch(known, signal)];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const answer = await pool.run<Value | Missing>({ ...job, supplies }, signal, urgency);
    if (!isMissing(answer)) return answer;
    supplies.push(...await fetch(answer.missing, signal));
  }
  throw new Unreadable(`bytes were still missing after ${ATTEMPTS} attempts at a ${job.kind}`);
}

const isMissing = (answer: unknown): answer is Missing =>
  typeof answer === "object" && answer !== null && "missing" in answer;

/** All bytes of a tensor, where these lie in a remote file and can be held at once. */
export function wholeOf({ source, offset, bytes }: TensorInfo): Wanted[] {
  if (source.kind !== "remote" || bytes === 0 || bytes > MOST) return [];
  const { url, version } = source;
  return [{ url, version, spans: [{ offset, length: bytes }] }];
}

/** Whether any byte of a source lies behind a network. */
export const isFar = (ref: SourceRef): boolean => !remotesOf(ref).next().done;

/** The remote objects that a source reads from. */
function* remotesOf(ref: SourceRef): Generator<SourceRef & { readonly kind: "remote" }> {
  if (ref.kind === "remote") yield ref;
  else if (ref.kind === "assembled") {
    for (const { source } of ref.pieces) {
      yield* remotesOf(source);
    }
  } else if ("from" in ref) yield* remotesOf(ref.from);
}

type Fetched = Pick<Model, "fetch" | "tensors">;

/** Brings bytes of either model; undefined where none of them is far. */
export function fetchOf(model: Fetched, other: Fetched): Fetch | undefined {
  const { fetch: first } = model, { fetch: second } = other;
  if (!first || !second) return first ?? second;
  const objects = objectsOf(model);
  return async (wanted, signal) => {
    const supplies = wanted.map((each) =>
      (objects.has(keyOf(each)) ? first : second)([each], signal)
    );
    return (await Promise.all(supplies)).flat();
  };
}

const known = new WeakMap<Fetched["tensors"], ReadonlySet<string>>();

/** The remote objects that a model's tensors lie in. */
function objectsOf({ tensors }: Fetched): ReadonlySet<string> {
  let objects = known.get(tensors);
  if (!objects) {
    const sources = new Set(tensors.map(({ source }) => source));
    objects = new Set([...sources].flatMap((source) => [...remotesOf(source)].map(keyOf)));
    known.set(tensors, objects);
  }
  return objects;
}

const keyOf = ({ url, version }: Pick<Wanted, "url" | "version">) => `${version} ${url}`;
