/** The kinds of error that Synaptile answers with, each with the HTTP status that routes give it. */
export abstract class SynaptileError extends Error {
  abstract readonly status: number;
  abstract readonly title: string;
  /** Further members of the problem document: the numbers behind the sentence. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, details: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.details = details;
  }
}

/** A file that is not what its format says: names the file, the field, what was found and expected. */
export class FormatError extends SynaptileError {
  readonly status = 422;
  readonly title = "Malformed model file";
}

/** A request that needs a token and has none, or an unknown one. */
export class Unauthorized extends SynaptileError {
  readonly status = 401;
  readonly title = "Token needed";
}

/** What nobody may do here, or not with this token; or an address that must not be asked. */
export class Forbidden extends SynaptileError {
  readonly status = 403;
  readonly title = "Forbidden";
}

/** A model, layer, mode, tile or route that does not exist. */
export class NotFound extends SynaptileError {
  readonly status = 404;
  readonly title = "Not found";
}

/** A parameter, zoom or format that is not allowed: `details` names what was found and what is. */
export class BadRequest extends SynaptileError {
  readonly status = 400;
  readonly title = "Bad request";
}

/** The file behind a model is no longer the one that was opened. */
export class Changed extends SynaptileError {
  readonly status = 409;
  readonly title = "Model changed";
}

/** The queue is full; `details.retryAfter` is in seconds. */
export class Overloaded extends SynaptileError {
  readonly status = 503;
  readonly title = "Overloaded";
}

/** A limit of size or memory would be passed. */
export class TooLarge extends SynaptileError {
  readonly status = 413;
  readonly title = "Too large";
}

/** A source cannot be read: missing, forbidden, or the system's error in `cause`. */
export class Unreadable extends SynaptileError {
  readonly status = 502;
  readonly title = "Source unreadable";
}

/** The disk is full: nothing was kept. */
export class OutOfSpace extends SynaptileError {
  readonly status = 507;
  readonly title = "Disk full";
}

/** A stored chunk is not what was written; `details` has its folder and log2. */
export class CorruptChunk extends SynaptileError {
  readonly status = 500;
  readonly title = "Store damaged";
}

/**
 * Whether an error tells that a file is malformed or cannot be read, so that what is in it is lost,
 * and nothing else.
 */
export const isOfFile = (error: unknown): error is FormatError | Unreadable =>
  error instanceof FormatError || (error instanceof Unreadable && "file" in error.details);

const kinds = {
  ...{ FormatError, NotFound, BadRequest, Unauthorized, Forbidden },
  ...{ Changed, Overloaded, TooLarge, Unreadable, OutOfSpace, CorruptChunk },
};

/** An error as plain data, so that it can cross to another thread. */
export interface WireError {
  name: string;
  message: string;
  details: Record<string, unknown>;
  stack?: string;
}

/** Flattens any thrown value for `postMessage`. */
export function toWire(thrown: unknown): WireError {
  if (thrown instanceof SynaptileError) {
    return { name: thrown.name, message: thrown.message, details: { ...thrown.details } };
  }
  if (thrown instanceof Error) {
    const { name, message, stack } = thrown;
    return { name, message, details: {}, ...(stack ? { stack } : {}) };
  }
  return { name: "Error", message: String(thrown), details: {} };
}

/** The error that `toWire` flattened, as an instance of its own class again. */
export function fromWire(wire: WireError): Error {
  if (wire.name === "AbortError") return new DOMException(wire.message, "AbortError");
  const Kind = kinds[wire.name as keyof typeof kinds];
  if (Kind) return new Kind(wire.message, wire.details);
  const error = new Error(wire.message);
  error.name = wire.name;
  if (wire.stack) error.stack = wire.stack;
  return error;
}
