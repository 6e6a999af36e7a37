import type { ShardState } from "@rockspool/core";
import type { ShardLink } from "../threads/shard-link.ts";

/** Only a shard that is served has a link to a thread. */
export type Life =
  | { readonly state: "opening" | "restarting" | "down" | "closing" | "closed" }
  | { readonly state: "open" | "read-only"; readonly link: ShardLink };

const FOLLOWING: Readonly<Record<Life["state"], readonly Life["state"][]>> = {
  opening: ["open", "read-only", "down", "restarting"],
  open: ["restarting", "closing"],
  "read-only": ["restarting", "closing"],
  down: ["restarting", "closed"],
  restarting: ["opening", "closed"],
  closing: ["closed"],
  // A second close.
  closed: ["closed"],
};

/**
 * The life of a shard, as the main thread sees it.
 *
 *     ┌─────────────────after the pause──────────────────────┐
 *     ▼                                                      │
 *     opening ──opened──▶ open | read-only ──died, reopen──▶ restarting
 *     │     │                                                ▲    ▲
 *     │     └──failed, may pass──────────────────────────────┘    │
 *     └──failed──▶ down ──reopen──────────────────────────────────┘
 *
 *     close:  open | read-only ──▶ closing ──▶ closed
 *             down | restarting ─────────────▶ closed
 *
 * A close waits while the shard is opening or restarting. Then a restarting shard is closed instead of opened.
 */
export class ShardLife {
  #life: Life = { state: "opening" };

  /** A shard that is closing takes no operation any more, so it counts as closed. */
  get state(): ShardState {
    return this.#life.state === "closing" ? "closed" : this.#life.state;
  }

  get link(): ShardLink | null {
    return "link" in this.#life ? this.#life.link : null;
  }

  /** True while an attempt to open the shard is in progress or due. */
  get isChanging(): boolean {
    return this.#life.state === "opening" || this.#life.state === "restarting";
  }

  get isClosed(): boolean {
    return this.#life.state === "closed";
  }

  /** The only place where the state changes. */
  enter(next: Life): void {
    const { state } = this.#life;
    if (!FOLLOWING[state].includes(next.state)) throw new Error(`a shard cannot go from ${state} to ${next.state}`);
    this.#life = next;
  }
}
