import { codedError, warning, type CodedError, type Warning } from '../model/errors';
import { OfflineQueue } from './offline-queue';
import type { OutgoingPublish } from './outgoing-message';

/** A message was dropped because too many waited; only the first of a row fails, the others are counted. */
export type PublishOutcome = 'sent' | 'dropped';

/** What takes messages while there is a connection. */
export interface Sender {
  /** True while another message of this kind may be handed over. */
  mayPublish(publish: OutgoingPublish): boolean;
  publish(publish: OutgoingPublish): Promise<void>;
}

interface Waiting {
  publish: OutgoingPublish;
  resolve: (outcome: PublishOutcome) => void;
  reject: (error: Error) => void;
}

const SENT = (): PublishOutcome => 'sent';

/** Messages on their way out: sent at once, or kept in order until there is a sender. */
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
      send(this.sender, next);
    }
  }

  /**
   * @returns when the broker has acknowledged the message (QoS 1, 2) or it was handed to the network (QoS 0)
   * @throws MQTT_QUEUE_FULL for the first of a row that had to go; what the sender throws
   */
  publish(publish: OutgoingPublish): Promise<PublishOutcome> {
    const { sender } = this;
    if (sender && this.queue.size === 0 && sender.mayPublish(publish)) return sender.publish(publish).then(SENT);
    return new Promise((resolve, reject) => {
      const waiting = { publish, resolve, reject };
      // Only the pace of the broker is waited for: nothing is dropped.
      if (sender) this.queue.addUnbounded(waiting);
      else this.keep(waiting);
    });
  }

  /** What still waits will never be sent. */
  giveUp(): void {
    this.shut();
    for (const { publish, reject } of this.queue.takeAll()) reject(notSent(publish.topic));
  }

  private keep(waiting: Waiting): void {
    const dropped = this.queue.add(waiting);
    if (dropped === undefined) return;
    if (this.queue.dropped > 1) {
      dropped.resolve('dropped');
      return;
    }
    const error = queueFull(dropped.publish.topic, this.limit);
    dropped.reject(error);
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

function send(sender: Sender, { publish, resolve, reject }: Waiting): void {
  sender.publish(publish).then(() => resolve('sent'), reject);
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
