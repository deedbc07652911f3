// Length-limited canonical Huffman codes (RFC 1951, section 3.2.2).
// Code words are kept as `word | length << 16`, the word bit-reversed as deflate sends it.

/** Alphabets are at most this large; a frequency stays below 2^22. */
const LARGEST = 288;

// Leaves sorted by frequency, `frequency << 9 | symbol`; then the same memory holds tree nodes.
const sorted = memory.data(LARGEST * 4, 16);
const spare = memory.data(LARGEST * 4, 16);
const tree = memory.data(LARGEST * 4, 16);
const digits = memory.data(256 * 4, 16);
/** perLength[l]: how many codes are l bits long. */
const perLength = memory.data(64 * 4, 16);
const nextWord = memory.data(16 * 4, 16);

/**
 * Gives every symbol with a frequency a code of at most `limit` bits, in `codes` (u32 each), and
 * 0 to the others. At least two symbols get a code, so that the code is complete, which some
 * decoders demand.
 */
export function buildCodes(frequencies: usize, symbols: i32, limit: i32, codes: usize): void {
  const leaves = sortLeaves(frequencies, symbols);
  treeDepths(leaves);
  limitLengths(leaves, limit);
  assignWords(leaves, symbols, limit, codes);
}

/** Writes the used symbols to `sorted`, rarest first, and returns their number. */
function sortLeaves(frequencies: usize, symbols: i32): i32 {
  let leaves = 0;
  let largest: u32 = 1;
  for (let s = 0; s < symbols; s++) {
    const f = load<u32>(frequencies + (s << 2));
    if (f == 0) continue;
    store<u32>(sorted + (leaves++ << 2), f << 9 | s);
    largest = max(largest, f);
  }
  for (let s = 0; leaves < 2; s++) {
    if (load<u32>(frequencies + (s << 2)) == 0) store<u32>(sorted + (leaves++ << 2), 1 << 9 | s);
  }
  for (let shift: u32 = 9; largest != 0; shift += 8, largest >>= 8) radixPass(leaves, shift);
  return leaves;
}

/** One stable pass of a radix sort over eight bits of `sorted`. */
function radixPass(leaves: i32, shift: u32): void {
  memory.fill(digits, 0, 256 * 4);
  for (let i = 0; i < leaves; i++) {
    const digit = digits + ((load<u32>(sorted + (i << 2)) >> shift & 255) << 2);
    store<u32>(digit, load<u32>(digit) + 1);
  }
  let start: u32 = 0;
  for (let d = 0; d < 256; d++) {
    const count = load<u32>(digits + (d << 2));
    store<u32>(digits + (d << 2), start);
    start += count;
  }
  for (let i = 0; i < leaves; i++) {
    const leaf = load<u32>(sorted + (i << 2));
    const digit = digits + ((leaf >> shift & 255) << 2);
    const at = load<u32>(digit);
    store<u32>(digit, at + 1);
    store<u32>(spare + (at << 2), leaf);
  }
  memory.copy(sorted, spare, <usize> leaves << 2);
}

/**
 * Huffman's tree from sorted leaves, with two queues in place of a heap (van Leeuwen 1976), and
 * from it the number of leaves at each depth. Node i of `spare` is the i-th one merged.
 */
function treeDepths(leaves: i32): void {
  let leaf = 0;
  let node = 0;
  for (let made = 0; made < leaves - 1; made++) {
    let weight: u32 = 0;
    for (let child = 0; child < 2; child++) {
      const leafWeight = leaf < leaves ? load<u32>(sorted + (leaf << 2)) >> 9 : u32.MAX_VALUE;
      const nodeWeight = node < made ? load<u32>(spare + (node << 2)) : u32.MAX_VALUE;
      if (leafWeight <= nodeWeight) {
        weight += leafWeight;
        leaf++;
      } else {
        weight += nodeWeight;
        store<u32>(tree + (node++ << 2), made);
      }
    }
    store<u32>(spare + (made << 2), weight);
  }
  // From the root down: a node is one deeper than its parent, and has two children; those that
  // are no nodes are leaves.
  memory.fill(perLength, 0, 64 * 4);
  const root = leaves - 2;
  store<u32>(tree + (root << 2), 0);
  let depth: u32 = 0;
  let nodesHere = 1;
  let i = root;
  while (nodesHere > 0) {
    // `tree` holds parents; nodes of a depth are neighbours, since parents are merged in order.
    let nodesBelow = 0;
    const first = i - nodesHere + 1;
    for (let below = first - 1; below >= 0; below--) {
      if (<i32> load<u32>(tree + (below << 2)) < first) break;
      nodesBelow++;
    }
    depth++;
    const at = perLength + (min<u32>(depth, 63) << 2);
    store<u32>(at, load<u32>(at) + 2 * nodesHere - nodesBelow);
    i = first - 1;
    nodesHere = nodesBelow;
  }
}

/** Shortens codes longer than `limit`, lengthening others until Kraft's sum is one again. */
function limitLengths(leaves: i32, limit: i32): void {
  let over: u32 = 0;
  for (let l = limit + 1; l < 64; l++) over += load<u32>(perLength + (l << 2));
  if (over == 0) return;
  store<u32>(perLength + (limit << 2), load<u32>(perLength + (limit << 2)) + over);
  // Kraft's sum in units of the longest code.
  let sum: i32 = 0;
  for (let l = 1; l <= limit; l++) sum += load<u32>(perLength + (l << 2)) << (limit - l);
  let excess = sum - (1 << limit);
  while (excess > 0) {
    // A leaf at the bottom takes the place of a shorter one, which moves down beside it.
    let l = limit - 1;
    while (load<u32>(perLength + (l << 2)) == 0) l--;
    bump(l, -1);
    bump(l + 1, 2);
    bump(limit, -1);
    excess--;
  }
}

function bump(length: i32, by: i32): void {
  store<i32>(perLength + (length << 2), load<i32>(perLength + (length << 2)) + by);
}

/** Longest codes to the rarest symbols, then words in canonical order. */
function assignWords(leaves: i32, symbols: i32, limit: i32, codes: usize): void {
  memory.fill(codes, 0, <usize> symbols << 2);
  let i = 0;
  for (let l = limit; l > 0; l--) {
    for (let left = load<i32>(perLength + (l << 2)); left > 0; left--, i++) {
      const symbol = load<u32>(sorted + (i << 2)) & 511;
      store<u32>(codes + (symbol << 2), l << 16);
    }
  }
  let word: u32 = 0;
  for (let l = 1; l <= limit; l++) {
    word = word + load<u32>(perLength + ((l - 1) << 2)) << 1;
    store<u32>(nextWord + (l << 2), word);
  }
  for (let s = 0; s < symbols; s++) {
    const length = load<u32>(codes + (s << 2)) >> 16;
    if (length == 0) continue;
    const at = nextWord + (length << 2);
    const canonical = load<u32>(at);
    store<u32>(at, canonical + 1);
    store<u32>(codes + (s << 2), length << 16 | reverse16(canonical) >> (16 - length));
  }
}

/** The low 16 bits in reverse order. */
function reverse16(bits: u32): u32 {
  bits = (bits & 0x5555) << 1 | bits >> 1 & 0x5555;
  bits = (bits & 0x3333) << 2 | bits >> 2 & 0x3333;
  bits = (bits & 0x0f0f) << 4 | bits >> 4 & 0x0f0f;
  return (bits & 0x00ff) << 8 | bits >> 8;
}

/** Counts one more of `symbol`. */
export function add(frequencies: usize, symbol: u32): void {
  const at = frequencies + (symbol << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Bits of a symbol's code, 0 where it has none. */
export function lengthOf(codes: usize, symbol: u32): u32 {
  return load<u32>(codes + (symbol << 2)) >> 16;
}
