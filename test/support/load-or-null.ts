import { type Spool, type SpoolIdLike, SpoolNotFoundError } from "rockspool";

/**
 * What the spool holds under the id; null where it says that there is nothing. Any other failure is one of the test.
 */
export async function loadOrNull(spool: Spool, id: SpoolIdLike): Promise<Uint8Array | null> {
  try {
    return await spool.load(id);
  } catch (error) {
    if (error instanceof SpoolNotFoundError) return null;
    throw error;
  }
}
