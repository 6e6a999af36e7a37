import { describe, expect, it } from "vitest";
import type { ShardLink } from "../threads/shard-link.ts";
import { type Life, ShardLife } from "./shard-life.ts";

const LINK = {} as ShardLink;

/** Every state, and the way to it from the beginning. */
const WAYS = {
  opening: [],
  open: ["open"],
  "read-only": ["read-only"],
  down: ["down"],
  restarting: ["restarting"],
  closing: ["open", "closing"],
  closed: ["down", "closed"],
} as const satisfies Record<Life["state"], readonly Life["state"][]>;
const STATES = Object.keys(WAYS) as Life["state"][];

const ALLOWED = [
  "opening open",
  "opening read-only",
  "opening down",
  "opening restarting",
  "open restarting",
  "open closing",
  "read-only restarting",
  "read-only closing",
  "down restarting",
  "down closed",
  "restarting opening",
  "restarting closed",
  "closing closed",
  "closed closed",
];

function toLife(state: Life["state"]): Life {
  return state === "open" || state === "read-only" ? { state, link: LINK } : { state };
}

function lifeIn(state: Life["state"]): ShardLife {
  const life = new ShardLife();
  for (const next of WAYS[state]) life.enter(toLife(next));
  return life;
}

describe("a shard's life", () => {
  it.each(STATES.flatMap((from) => STATES.map((to) => [from, to] as const)))("from %s to %s", (from, to) => {
    const life = lifeIn(from);
    const before = life.state;
    if (ALLOWED.includes(`${from} ${to}`)) {
      life.enter(toLife(to));
      expect(life.state).toBe(to === "closing" ? "closed" : to);
    } else {
      expect(() => life.enter(toLife(to))).toThrow(`a shard cannot go from ${from} to ${to}`);
      expect(life.state).toBe(before);
    }
  });

  it.each(STATES)("in the state %s has a link only while it is served", (state) => {
    expect(lifeIn(state).link).toBe(state === "open" || state === "read-only" ? LINK : null);
  });

  it("is changing while it is opening or restarting, and closed only when the close is over", () => {
    expect(STATES.filter((state) => lifeIn(state).isChanging)).toEqual(["opening", "restarting"]);
    expect(STATES.filter((state) => lifeIn(state).isClosed)).toEqual(["closed"]);
    expect(lifeIn("closing").state, "to the outside it is closed already").toBe("closed");
  });
});
