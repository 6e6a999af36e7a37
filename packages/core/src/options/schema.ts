import { closestMatch } from "leven";
import { z } from "zod";
import { SpoolConfigError } from "../errors.ts";

export function booleanField(): z.ZodType<boolean, boolean> {
  return z.boolean({ error: "must be true or false" });
}

/** Makes `field` optional; its value is null if it is left out. */
export function orNull<Out, In>(field: z.ZodType<Out, In>): z.ZodType<Out | null, In | undefined> {
  return field.optional().transform((value) => value ?? null);
}

/**
 * An object with exactly these fields. The error for an unknown key suggests the nearest name among the fields and
 * `elsewhere`, the dotted names of nested fields.
 */
export function strictFields<Shape extends z.ZodRawShape>(shape: Shape, elsewhere: readonly string[] = []) {
  const known = [...Object.keys(shape), ...elsewhere];
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? unknownKey(String(issue.keys[0]), known) : "must be an object",
  });
}

/**
 * Validates `input` and throws zod's first issue as a `SpoolConfigError`. Its field is `options` for `input` itself.
 */
export function parseConfig<Out>(schema: z.ZodType<Out>, input: unknown): Out {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0] as z.core.$ZodIssue;
  const keys = issue.code === "unrecognized_keys" ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
  let value: unknown = input;
  for (const key of keys) value = (value as Record<PropertyKey, unknown>)[key];
  throw new SpoolConfigError(keys.length === 0 ? "options" : keys.map(String).join("."), value, issue.message);
}

function unknownKey(key: string, known: readonly string[]): string {
  const plain = plainKey(key);
  const plainKnown = known.map(plainKey);
  // More than a third of the letters wrong is a guess, not a misspelling.
  const maxDistance = Math.max(1, Math.floor(plain.length / 3));
  const closest = closestMatch(plain, plainKnown, { maxDistance });
  if (closest === undefined) return "there is no such option";
  return `there is no such option; did you mean ${known[plainKnown.indexOf(closest)]}?`;
}

/**
 * The last part in lower case without punctuation: `store_deadline` and `params.storeDeadline` become `storedeadline`.
 */
function plainKey(key: string): string {
  return key
    .slice(key.lastIndexOf(".") + 1)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");
}
