import { type Cell, cells, doneTo, notApplicable, type Target, targets } from "./cells.ts";
import type { Life, Result } from "./experiment.ts";
import { MESSAGES, type Seen } from "./observe.ts";
import { verdictOf } from "./verdict.ts";

/**
 * The Markdown of `docs/failure-modes.md`: the same results give the same text, whatever their paths, numbers and times
 * were.
 */

const TITLES: Record<Target, string> = {
  "oldest segment": "The oldest segment (`shard-NNN-messages/NNNNNNNNNN.seg`)",
  "newest segment": "The newest segment",
  "messages directory": "The message log's directory (`shard-NNN-messages`)",
  mark: "The mark (`shard-NNN.mark`)",
  "rockspool.json": "`rockspool.json`",
  SST: "A table of the index (`NNNNNN.sst`)",
  WAL: "RocksDB's log (`NNNNNN.log`)",
  MANIFEST: "The index's MANIFEST (`MANIFEST-NNNNNN`)",
  CURRENT: "The index's `CURRENT`",
  "index directory": "The index's directory (`shard-NNN`, later `shard-NNN-index-N`)",
};

const INTRO = `# Failure modes

What happens when a file of a spool is missing, cut to half its length, has a byte flipped in its middle, or holds garbage. Each row was tried on a spool of two
shards: shard 0 holds ${MESSAGES} acknowledged messages, half of them in its first segment, the other half in its second, every second one synced, and its mark knows
them all. The messages are in the message log. RocksDB's files are only the index, which is made anew from the log: no message is lost with them. Made by

    npm run failure-modes

which does it all again and writes this file. Shard 1 is as it was in every row.

| when | |
|---|---|
| open | under an open spool, and in place: the shard has the file open. Then the callers called, the shard was asked for a proof, and the next process found what a crash, or a shutdown, had left |
| closed | after a clean shutdown, which leaves the whole index in tables and RocksDB's log empty; then the spool was opened |
| killed | after a SIGKILL, with the index of half of the messages in RocksDB's log alone; then the spool was opened |

| column | |
|---|---|
| callers see | what \`openSpool\` said where it rejected; how many of the messages \`load\` gave, byte for byte, and what it rejected with for the others; what \`enumerate\` gave; whether \`store\` and \`remove\` were done, or *refused* with a \`SpoolUnhealthyError\` (\`not-written\`). In brackets an error's kind |
| what latches | the gate's reason, as \`health()\` gives it, with the shard's state where that is not \`open\`; then whether the gate opened when the shard was asked to prove that it works |
| what is kept | of the messages, by the next process: after a crash (of an open spool), after a shutdown (*restart*). Then what \`rockspool verify\` says of the closed spool, and where a restart does not give everything, how many \`rockspool salvage\` brings back |
| in a word | **harmless**: nothing is lost, nothing was refused. **healed**: it was noticed, and all is served again, by the same process or the next. **told**: something cannot be read, or takes no writes, and whoever asks is told: by an error, the gate, and a line of the log. **silent**: something is lost, and nobody said so; there is no such row |

The limit of it: a loss is told where the mark or a later block of the log says that the lost block was synced. The mark is at most a \`monitorInterval\` old. What
came after both, and was lost with the end of the segment that held it, is told by a warning in the log when the shard is opened, as torn.
`;

const HEAD = "| damage | when | callers see | what latches | what is kept | in a word |\n|---|---|---|---|---|---|";

/** `rowOf` gives a cell's row. */
export function render(rowOf: (cell: Cell) => string): string {
  const sections = targets.map((target) => {
    const rows = cells.filter((cell) => cell.target === target).map(rowOf);
    return `## ${TITLES[target]}\n\n${[HEAD, ...rows].join("\n")}\n`;
  });
  return [INTRO, ...sections].join("\n");
}

/** A row without its result, as far as it goes. */
export function rowStart(cell: Cell): string {
  return `| ${doneTo(cell)} | ${cell.moment} |`;
}

export function notApplicableRow(cell: Cell): string {
  return `${rowStart(cell)} not applicable: ${notApplicable(cell)} | | | |`;
}

export function row(result: Result): string {
  const { cell, atOnce } = result;
  const columns = [callersSee(result), whatLatches(atOnce, result.proof), whatIsKept(result), verdictOf(result)];
  return `${rowStart(cell)} ${columns.join(" | ")} |`;
}

function callersSee({ atOnce, shutdown }: Result): string {
  const parts =
    "rejected" in atOnce
      ? [`\`openSpool\` rejects: ${code(atOnce.rejected)}`]
      : [loads(atOnce), enumerates(atOnce.enumerate), writes(atOnce)];
  if (shutdown !== null) parts.push(`\`shutdown\` rejects: ${code(shutdown)}`);
  return parts.join("; ");
}

function loads({ load: { read, errors } }: Seen): string {
  if (read === MESSAGES) return "all load";
  return `${read === 0 ? "none loads" : `${read} load, the others`}: ${errors.map(code).join(", ")}`;
}

function enumerates(enumerate: string): string {
  if (enumerate === String(MESSAGES)) return "enumerate gives all";
  const [count, error] = enumerate.split(", then ");
  return error === undefined ? `enumerate gives ${count}` : `enumerate gives ${count}, then ${code(error)}`;
}

const REFUSED = "SpoolUnhealthyError (not-written)";

function writes({ store, remove }: Seen): string {
  if (store === REFUSED && remove === REFUSED) return "writes are refused";
  if (store === "synced" && remove === "done") return "writes are done";
  return `store: ${code(store)}; remove: ${code(remove)}`;
}

function whatLatches(life: Life, proof: Result["proof"]): string {
  if ("rejected" in life) return "nothing is open";
  if (!life.latched) return "nothing";
  const state = life.state === "open" ? "" : `${life.state}: `;
  return `${state}${code(reasonOf(life))}; ${proof === "passed" ? "opens by proof" : "stays latched"}`;
}

function whatIsKept({ crash, restart, verify, salvaged }: Result): string {
  const parts = [`restart: ${kept(restart)}`, `verify: ${code(verify)}`];
  if (crash !== null) parts.unshift(`crash: ${kept(crash)}`);
  if (salvaged !== null) parts.push(`salvage: ${salvaged === MESSAGES ? "all" : salvaged}`);
  return parts.join("; ");
}

function kept(life: Life): string {
  if ("rejected" in life) return code(life.rejected);
  const { read, laterLost } = life.load;
  const count = read === MESSAGES && laterLost === 0 ? "all" : String(read);
  return life.state === "open" ? count : `${count}, ${life.state}`;
}

const MAX_REASON_CHARS = 130;

/** Without what differs from run to run. */
function reasonOf({ reason }: Seen): string {
  const text = (reason ?? "")
    .replace(/\/[^\s']*\/(shard-)/g, "$1")
    .replace(/-index-\d+/g, "-index-N")
    .replace(/\b\d{10}\b/g, "NNNNNNNNNN")
    .replace(/\b\d{6}\b/g, "NNNNNN")
    .replace(/\b(at|from|to|has|had) \d+/g, "$1 N")
    .replace(/\b(blocks?) \d+/g, "$1 N")
    .replace(/\d{4,}/g, "N")
    .replace(/\d+ in the foreground/, "N in the foreground")
    .replace(/[^\x20-\x7e]/g, "?")
    .replace(/\s+/g, " ");
  return text.length > MAX_REASON_CHARS ? `${text.slice(0, MAX_REASON_CHARS)}…` : text;
}

/** `|` would end the column. */
function code(text: string): string {
  return /^[a-z]+$/.test(text) ? text : `\`${text.replace(/[|`]/g, "?")}\``;
}
