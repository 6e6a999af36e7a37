import { SpoolEngineError } from "@rockspool/core";
import type { Engine } from "../engine/engine.ts";
import type { MessageLog } from "../log/message-log.ts";
import { type Place, readPlace } from "../log/place.ts";
import { readBodies } from "./read-bodies.ts";

/** Reads messages: their places from the index, their bodies from the log. */
export class MessageReader {
  readonly #log: MessageLog;
  readonly #index: () => Engine;
  readonly #path: string;

  /** `path`: the shard's directory, for errors. */
  constructor(log: MessageLog, index: () => Engine, path: string) {
    this.#log = log;
    this.#index = index;
    this.#path = path;
  }

  /** For each id its message, null if there is none, or the error of reading it. */
  async load(ids: readonly Uint8Array[]): Promise<(Uint8Array | null | Error)[]> {
    return this.messagesAt(ids, await this.places(ids));
  }

  /**
   * The messages at the places that the index gave for these ids; a place that is null stays null. If a message cannot
   * be read at its place, the id is looked up once more: the message may have been moved, replaced or removed since.
   */
  async messagesAt(
    ids: readonly Uint8Array[],
    places: readonly (Place | null | Error)[],
  ): Promise<(Uint8Array | null | Error)[]> {
    const found = this.#read(places);
    const failed = found.flatMap((message, i) =>
      message instanceof Error && !(places[i] instanceof Error) ? [i] : [],
    );
    if (failed.length === 0) return found;
    const again = await this.places(failed.map((i) => ids[i] as Uint8Array));
    const changed = again.map((place, at) => {
      const before = places[failed[at] as number];
      return place instanceof Error || place === null || !isSame(place, before as Place | null) ? place : null;
    });
    const messages = this.#read(changed);
    failed.forEach((i, at) => {
      // If the index still gives the same place, the error stays.
      if (again[at] === null || changed[at] !== null) found[i] = messages[at] as Uint8Array | null | Error;
    });
    return found;
  }

  #read(places: readonly (Place | null | Error)[]): (Uint8Array | null | Error)[] {
    const wanted = places.filter((place): place is Place => place !== null && !(place instanceof Error));
    const bodies = readBodies(this.#log, wanted);
    let next = 0;
    return places.map((place) => {
      if (place === null || place instanceof Error) return place;
      const body = bodies[next++] as Uint8Array | Error;
      return body instanceof Error ? this.#corrupt(body) : body;
    });
  }

  /** For each id the place of its message, null if there is none, or an error. */
  async places(ids: readonly Uint8Array[]): Promise<(Place | null | Error)[]> {
    const values = await this.#index().getMany(ids);
    return values.map((value) => {
      if (value === null || value instanceof Error) return value;
      return readPlace(value) ?? this.#corrupt(new Error("an entry of the index is no place"));
    });
  }

  #corrupt(cause: Error): SpoolEngineError {
    return new SpoolEngineError(cause.message, { kind: "corruption", path: this.#path, cause });
  }
}

function isSame(a: Place, b: Place | null): boolean {
  return b !== null && a.segment === b.segment && a.offset === b.offset;
}
