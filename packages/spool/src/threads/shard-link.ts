import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { fromErrorRecord, SpoolShardLostError } from "@rockspool/core";
import type { FrameAnswer, LogLine, Result, ServeShardTask, ShardControl } from "@rockspool/worker";
import * as comlink from "comlink";
import type { ShardThreads } from "./shard-threads.ts";

/** A shard's task without the ports, which are made for each link. */
export type ShardTask = Omit<ServeShardTask, "data" | "control" | "log">;

export interface LinkEvents {
  onAnswer(answer: FrameAnswer): void;
  onLog(line: LogLine): void;
  /**
   * Called once: with null after `close`, else with the reason of the thread's death. By then `onAnswer` has had every
   * answer.
   */
  onEnd(error: Error | null): void;
}

/**
 * The three ports to a shard's thread, from the start of the task to its end. When the thread dies, its link ends and
 * is not reused.
 */
export class ShardLink {
  readonly #data: MessagePort;
  readonly #control: comlink.Remote<ShardControl>;
  readonly #ports: readonly MessagePort[];
  readonly #log: MessagePort;
  readonly #task: Promise<Result<void>>;
  /** Resolves when the link has ended, whether by `close` or by the thread's death. */
  readonly over: Promise<void>;
  ended = false;
  readonly #shard: number;
  #death: Error | null = null;

  constructor(task: ShardTask, threads: ShardThreads, events: LinkEvents) {
    this.#shard = task.index;
    const [data, control, log] = [new MessageChannel(), new MessageChannel(), new MessageChannel()];
    this.#data = data.port1;
    this.#log = log.port1;
    this.#ports = [data.port1, control.port1, log.port1];
    this.#control = comlink.wrap<ShardControl>(control.port1 as unknown as comlink.Endpoint);
    this.#data.on("message", events.onAnswer);
    this.#log.on("message", events.onLog);
    const ports = [data.port2, control.port2, log.port2];
    this.#task = threads.serve({ ...task, data: data.port2, control: control.port2, log: log.port2 }, ports);
    const end = (error: Error | null): void => {
      this.ended = true;
      this.#death = error;
      this.#drain(events);
      // A call without an answer would keep its link and the spool alive: comlink holds the port until the proxy is
      // collected.
      this.#control[comlink.releaseProxy]();
      for (const port of this.#ports) port.close();
      events.onEnd(error);
    };
    this.over = this.#task.then(() => end(null), end);
  }

  readonly post = (buffer: ArrayBuffer): void => {
    this.#data.postMessage(buffer, [buffer]);
  };

  /** Calls the shard. Rejects with the shard's error, or with a `SpoolShardLostError` if the link ends first. */
  async call<T>(ask: (control: comlink.Remote<ShardControl>) => Promise<Result<T>>): Promise<T> {
    const over = this.over.then(() => {
      throw new SpoolShardLostError(this.#shard, { cause: this.#death });
    });
    return unwrap(await (this.ended ? over : Promise.race([ask(this.#control), over])));
  }

  /** Closes the shard and ends the link. Rejects if the shard could not write everything out. */
  async close(): Promise<void> {
    if (!this.ended) void this.#control.close();
    try {
      unwrap(await this.#task);
    } finally {
      await this.over;
    }
  }

  /** Has the shard send its entries to the other end of `port`. */
  enumerate(port: MessagePort, createdBeforeMs: number): void {
    // A link that has ended would leave the port open, and its other end would wait forever.
    if (this.ended) port.close();
    // The call's answer is not needed: a shard that cannot send closes the port.
    else void this.#control.enumerate(comlink.transfer(port, [port as never]), createdBeforeMs);
  }

  /** Answers that the thread sent before it died are valid: passes them on before the link's end is reported. */
  #drain(events: LinkEvents): void {
    for (
      let message = receiveMessageOnPort(this.#data);
      message !== undefined;
      message = receiveMessageOnPort(this.#data)
    ) {
      events.onAnswer(message.message as FrameAnswer);
    }
    for (
      let message = receiveMessageOnPort(this.#log);
      message !== undefined;
      message = receiveMessageOnPort(this.#log)
    ) {
      events.onLog(message.message as LogLine);
    }
  }
}

function unwrap<T>(result: Result<T>): T {
  if ("error" in result) throw fromErrorRecord(result.error);
  return result.value;
}
