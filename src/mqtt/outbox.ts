import { codedError, warning, type CodedError, type Warning } from '../model/errors';
import { OfflineQueue } from './offline-queue';
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

/**
 * Messages on their way out: sent at once, or kept in order until there is a sender. With callbacks, because promises on
 * the way from a node to the network took a twentieth of the CPU (docs/performance.md).
 */
export class Outbox {
  private readonly queue: OfflineQueue<Waiting>;
  private sender: Sender | undefined;

  /**
   * @param limit how many may wait while there is no connection
   * @param warn told once when the first of a row is dropped, and how many were, when they go out again
   */
  constructor(
    private readonly limit: number,
    private readonly warn: (warning: Warning) => void,
  ) {
    this.queue = new OfflineQueue(limit);
  }

  /** How many wait. */
  get waiting(): number {
    return this.queue.size;
  }

  /** There is a connection: send what waits, oldest first, and everything from now on. */
  open(sender: Sender): void {
    this.sender = sender;
    this.flush();
    this.tellDropped();
  }

  /** There is none: keep everything from now on. */
  shut(): void {
    this.sender = undefined;
  }

  /** The sender has room again. */
  flush(): void {
    for (;;) {
      const next = this.queue.oldest;
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
    if (sender === undefined) this.keep({ publish, settled });
    else if (this.queue.size === 0 && sender.mayPublish(publish)) send(sender, publish, settled);
    // Only the pace of the broker is waited for: nothing is dropped.
    else this.queue.addUnbounded({ publish, settled });
  }

  /** What still waits will never be sent. */
  giveUp(): void {
    this.shut();
    for (const { publish, settled } of this.queue.takeAll()) settled(notSent(publish.topic), undefined);
  }

  private keep(waiting: Waiting): void {
    const dropped = this.queue.add(waiting);
    if (dropped === undefined) return;
    if (this.queue.dropped > 1) {
      dropped.settled(undefined, 'dropped');
      return;
    }
    const error = queueFull(dropped.publish.topic, this.limit);
    dropped.settled(error, undefined);
    this.warn(error.toWarning());
  }

  private tellDropped(): void {
    const { dropped } = this.queue;
    if (dropped === 0) return;
    this.queue.forgetDropped();
    this.warn(
      warning(
        'MQTT_QUEUE_FULL',
        `connected again; ${dropped} messages were dropped meanwhile, because more than ${this.limit} waited`,
        { dropped, limit: this.limit },
        'A larger queue in the broker settings keeps more messages while the broker is away',
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

function queueFull(topic: string, limit: number): CodedError {
  return codedError(
    'MQTT_QUEUE_FULL',
    `${limit} messages wait for the connection; the oldest, to ${topic}, was dropped`,
    { topic, limit },
    'See to the connection, or set a larger queue in the broker settings',
  );
}
