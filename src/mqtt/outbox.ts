import { codedError, warning, type CodedError, type Warning } from '../model/errors';
import { OfflineQueue, type QueueLimit } from './offline-queue';
import type { OutgoingPublish } from './outgoing-message';

/** A message was dropped because too many waited; only the first of a row fails, the others are counted. */
export type PublishOutcome = 'sent' | 'dropped';

/** Called once for each message: with what became of it, or with why it was not sent. */
export type Settled = (error: CodedError | undefined, outcome: PublishOutcome | undefined) => void;

/** What takes messages while there is a connection. */
export interface Sender {
  /** True while another message of this kind may be handed over. */
  mayPublish(publish: OutgoingPublish): boolean;
  publish(publish: OutgoingPublish, settled: (error?: CodedError) => void): void;
}

interface Waiting {
  publish: OutgoingPublish;
  settled: Settled;
}

/** Of topics and payloads that wait, whatever for; beyond it Node.js on a small machine would end for want of memory. */
const MOST_BYTES = 128 * 1024 * 1024;

/** What waits for the pace of a broker that is there: a burst is none too many, a flow that sends for ever what no broker takes is. */
export const MOST_PACED = 100_000;

/** Why messages were dropped. */
interface Fullness {
  limit: QueueLimit;
  /** The limit of bytes was met, not that of messages. */
  byBytes: boolean;
  connected: boolean;
}

/**
 * Messages on their way out: sent at once, or kept in order until there is a sender. With callbacks, because promises on
 * the way from a node to the network took a twentieth of the CPU (docs/performance.md).
 */
export class Outbox {
  private readonly queue = new OfflineQueue<Waiting>(({ publish }) => publish.topic.length + publish.payload.length);
  private sender: Sender | undefined;
  /** Of the row of dropped messages that is under way. */
  private fullness: Fullness | undefined;

  /**
   * @param limit how many may wait while there is no connection
   * @param warn told once when the first of a row is dropped, and how many were, when all have gone out
   */
  constructor(
    private readonly limit: number,
    private readonly warn: (warning: Warning) => void,
  ) {}

  /** How many wait. */
  get waiting(): number {
    return this.queue.size;
  }

  /** There is a connection: send what waits, oldest first, and everything from now on. */
  open(sender: Sender): void {
    this.sender = sender;
    this.flush();
  }

  /** There is none: keep everything from now on. */
  shut(): void {
    this.sender = undefined;
  }

  /** The sender has room again. */
  flush(): void {
    for (;;) {
      const next = this.queue.oldest;
      if (next === undefined && this.sender) this.tellDropped();
      if (next === undefined || !this.sender?.mayPublish(next.publish)) return;
      this.queue.take();
      send(this.sender, next.publish, next.settled);
    }
  }

  /**
   * @param settled called when the broker has acknowledged the message (QoS 1, 2) or it was handed to the network (QoS 0);
   *   with MQTT_QUEUE_FULL for the first of a row that had to go; with what the sender says
   */
  publish(publish: OutgoingPublish, settled: Settled): void {
    const { sender } = this;
    if (this.queue.size === 0 && sender?.mayPublish(publish)) send(sender, publish, settled);
    else this.keep({ publish, settled }, { items: sender ? MOST_PACED : this.limit, bytes: MOST_BYTES });
  }

  /** What still waits will never be sent. */
  giveUp(): void {
    this.shut();
    for (const { publish, settled } of this.queue.takeAll()) settled(notSent(publish.topic), undefined);
  }

  private keep(waiting: Waiting, limit: QueueLimit): void {
    const tooMany = this.queue.size >= limit.items;
    for (const { publish, settled } of this.queue.add(waiting, limit)) {
      if (this.fullness) {
        settled(undefined, 'dropped');
        continue;
      }
      this.fullness = { limit, byBytes: !tooMany, connected: this.sender !== undefined };
      const error = queueFull(publish.topic, this.fullness);
      settled(error, undefined);
      this.warn(error.toWarning());
    }
  }

  private tellDropped(): void {
    const { fullness } = this;
    if (!fullness) return;
    const { dropped } = this.queue;
    this.fullness = undefined;
    this.queue.forgetDropped();
    this.warn(
      warning(
        'MQTT_QUEUE_FULL',
        `${fullness.connected ? 'the broker has caught up' : 'connected again'}; ${dropped} messages were dropped meanwhile, because more than ${amount(fullness)} waited`,
        { dropped, ...limitFact(fullness) },
        hintOf(fullness),
      ),
    );
  }
}

/** What a message becomes, as a promise. */
export function asPromise(publish: (settled: Settled) => void): Promise<PublishOutcome | undefined> {
  return new Promise((resolve, reject) => publish((error, outcome) => (error ? reject(error) : resolve(outcome))));
}

function send(sender: Sender, publish: OutgoingPublish, settled: Settled): void {
  sender.publish(publish, (error) => settled(error, error ? undefined : 'sent'));
}

function notSent(topic: string): CodedError {
  return codedError(
    'MQTT_NOT_CONNECTED',
    `the message to ${topic} was not sent: the connection was closed while it waited`,
    { topic },
    'Messages wait only as long as the broker settings stay deployed',
  );
}

function queueFull(topic: string, fullness: Fullness): CodedError {
  const what = fullness.connected ? 'the broker, which takes them more slowly than they come' : 'the connection';
  return codedError(
    'MQTT_QUEUE_FULL',
    `${amount(fullness)}${fullness.byBytes ? ' of' : ''} messages wait for ${what}; the oldest, to ${topic}, was dropped`,
    { topic, ...limitFact(fullness) },
    hintOf(fullness),
  );
}

function amount({ limit, byBytes }: Fullness): string {
  return byBytes ? `${limit.bytes / 1024 / 1024} MiB` : String(limit.items);
}

function limitFact({ limit, byBytes }: Fullness) {
  return byBytes ? { limitBytes: limit.bytes } : { limit: limit.items };
}

function hintOf({ byBytes, connected }: Fullness): string {
  if (connected) return 'Send less often, or look why the broker is so slow';
  if (byBytes) return 'See to the connection, or send smaller messages';
  return 'See to the connection, or set a larger queue in the broker settings';
}
