import { createHash, timingSafeEqual } from "node:crypto";
import { Forbidden, Unauthorized } from "../src/errors.ts";

type Right = "read" | "write";

/**
 * Who may do what, as `SYNAPTILE_TOKENS` says it: tokens separated by commas or white space, each
 * for writing, or after "read:" for reading alone. Nobody writes without a token, and where no
 * token is for reading, everybody reads.
 */
export class Tokens {
  /** Hashes, so that comparing takes as long for every token. */
  readonly #known: readonly { readonly hash: Uint8Array; readonly right: Right }[];
  readonly #readingIsOpen: boolean;

  /** Throws `RangeError` for a token that is too short to be a secret. */
  constructor(text: string) {
    this.#known = text.split(/[\s,]+/).filter((word) => word !== "").map((word) => {
      const [, prefix = "write", token = ""] = /^(?:(read|write):)?(.*)$/.exec(word) ?? [];
      if (token.length < SHORTEST) {
        throw new RangeError(
          `SYNAPTILE_TOKENS holds a token of ${token.length} characters, expected ${SHORTEST} or more`,
        );
      }
      return { hash: hash(token), right: prefix as Right };
    });
    this.#readingIsOpen = !this.#known.some(({ right }) => right === "read");
  }

  /**
   * Whether nobody needs a token to read: then most requests need not be looked at at all.
   */
  get readingIsOpen(): boolean {
    return this.#readingIsOpen;
  }

  /** Throws `Unauthorized` without a known token, `Forbidden` where it is not for that. */
  check(request: Request, right: Right): void {
    if (right === "read" && this.#readingIsOpen) return;
    if (this.#known.length === 0) {
      throw new Forbidden(
        "this server is for reading: its SYNAPTILE_TOKENS names no token for writing",
        { needed: right },
      );
    }
    const header = request.headers.get("Authorization") ?? "";
    const [, token] = /^Bearer +(\S+) *$/i.exec(header) ?? [];
    const given = hash(token ?? "");
    const known = this.#known.filter(({ hash }) => timingSafeEqual(hash, given));
    if (token === undefined || known.length === 0) {
      const found = token === undefined ? "no token" : "an unknown token";
      throw new Unauthorized(
        `${request.method} needs a token for ${right === "read" ? "reading" : "writing"} in ` +
          `"Authorization: Bearer …"; the request has ${found}`,
        { found, needed: right },
      );
    }
    if (right === "write" && !known.some((token) => token.right === "write")) {
      throw new Forbidden("this token is for reading alone", { found: "read", needed: "write" });
    }
  }
}

/** Characters; a shorter token could be guessed. */
const SHORTEST = 16;

const hash = (token: string): Uint8Array => createHash("sha256").update(token).digest();
