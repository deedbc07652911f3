import type { Codec } from "../source.ts";
import type { Decoder } from "./codec.ts";
import { fletcher32 } from "./fletcher32.ts";
import { numbers } from "./numbers.ts";
import { shuffle } from "./shuffle.ts";
import { varints } from "./varints.ts";
import { zlib } from "./zlib.ts";

type Name = Codec["name"];

/** Every step of decoding there is. */
const codecs: { readonly [N in Name]: Decoder<Codec & { readonly name: N }> } = {
  fletcher32,
  numbers,
  shuffle,
  varints,
  zlib,
};

/** How a step of decoding is done. */
export const decoderOf = (codec: Codec): Decoder => codecs[codec.name] as Decoder;
