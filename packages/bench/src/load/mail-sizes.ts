/** A kind of mail: how many of 100 messages, and the range of their sizes, which are log-uniform. */
interface Kind {
  readonly share: number;
  readonly bytes: readonly [least: number, most: number];
}

/**
 * The sizes that `rockspool demo` composes: most messages are small, a few large ones hold most of the bytes, the mean
 * is 28 KiB.
 */
const KINDS: readonly Kind[] = [
  { share: 46, bytes: [1_500, 7_000] },
  { share: 32, bytes: [4_000, 20_000] },
  { share: 11, bytes: [16_000, 60_000] },
  { share: 8, bytes: [28_000, 152_000] },
  { share: 3, bytes: [152_000, 1_040_000] },
];

/**
 * Mixes small and large messages. Prime, so that it visits each index once for every count that is not a multiple of
 * it.
 */
const STRIDE = 197;

/** `count` sizes in bytes with that distribution. They are the same in each run, and small and large ones are mixed. */
export function mailSizes(count: number): number[] {
  const sizes = Array.from({ length: count }, (_, at) => sizeAt((at + 0.5) / count));
  return sizes.map((_, at) => sizes[(at * STRIDE) % count] as number);
}

/** The size below which `share` (0 to 1) of all messages are. */
function sizeAt(share: number): number {
  let below = 0;
  for (const kind of KINDS) {
    const within = (share * 100 - below) / kind.share;
    if (within <= 1) return Math.round(kind.bytes[0] * (kind.bytes[1] / kind.bytes[0]) ** within);
    below += kind.share;
  }
  return (KINDS.at(-1) as Kind).bytes[1];
}
