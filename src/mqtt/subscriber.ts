import type { Clock } from '../model/clock';
import type { ReceivedPublish } from './received-message';
import type { MqttSession } from './session';
import { Subscriptions, strongestOptions, type SubscribeOptions } from './subscriptions';

/** A node that is deployed again comes back within this time. */
const RESTART_MS = 2_000;

export type Receiver = (publish: ReceivedPublish) => void;

/** The broker refused a filter; `owners` are those who wanted it. */
export type Refused = (error: unknown, owners: string[]) => void;

/** Who in this process wants which topics, and what the broker knows of it. */
export class Subscriber {
  private readonly subscriptions = new Subscriptions<Receiver>();
  /** Filters the broker has been asked for in its present session. */
  private readonly atBroker = new Set<string>();
  private session: MqttSession | undefined;

  constructor(private readonly clock: Clock) {}

  /**
   * There is a connection: ask the broker for everything it does not know. A kept session is not asked again,
   * because it would send every retained message another time.
   *
   * @param refused told for each filter the broker refuses
   */
  open(session: MqttSession, sessionPresent: boolean, refused: Refused): void {
    this.session = session;
    if (!sessionPresent) this.atBroker.clear();
    for (const { filter, subscribers } of this.subscriptions.all()) {
      if (this.atBroker.has(filter.text)) continue;
      this.ask(filter.text).catch((error: unknown) => refused(error, [...subscribers.keys()]));
    }
    for (const filter of [...this.atBroker]) {
      if (!this.subscriptions.get(filter)) void this.cancel(filter);
    }
  }

  /** There is none: changes are told to the broker at the next {@link open}. */
  shut(): void {
    this.session = undefined;
  }

  /**
   * @param owner who subscribes, usually a node id; a second subscription of the same owner replaces the first
   * @throws INPUT_TOPIC; MQTT_SUBSCRIBE when the broker refuses
   */
  async add(filter: string, owner: string, options: SubscribeOptions, receive: Receiver): Promise<void> {
    this.subscriptions.add(filter, owner, options, receive);
    if (this.session) await this.ask(filter);
  }

  async remove(filter: string, owner: string): Promise<void> {
    if (this.subscriptions.remove(filter, owner) && this.session) await this.cancel(filter);
  }

  /**
   * The owner is restarted and will most likely subscribe again: the broker hears of it only if that does not happen,
   * so that a kept session misses nothing meanwhile.
   */
  release(filter: string, owner: string): void {
    if (!this.subscriptions.remove(filter, owner)) return;
    this.clock.setTimer(RESTART_MS, () => {
      if (!this.subscriptions.get(filter)) void this.cancel(filter);
    });
  }

  /** Hand a message to everyone who wants it. */
  deliver(publish: ReceivedPublish): void {
    const identifiers = publish.properties?.subscriptionIdentifier;
    const wanted = identifiers === undefined ? undefined : [identifiers].flat();
    for (const receive of this.subscriptions.receiversOf(publish.topic, wanted)) receive(publish);
  }

  private async ask(filter: string): Promise<void> {
    const { session } = this;
    const subscription = this.subscriptions.get(filter);
    if (!session || !subscription) return;
    this.atBroker.add(filter);
    try {
      const wishes = [...subscription.subscribers.values()].map((each) => each.options);
      await session.subscribe(filter, strongestOptions(wishes), subscription.identifier);
    } catch (error) {
      this.atBroker.delete(filter);
      // Not refused but lost with the connection: it is asked again with the next one.
      if (session.connected) throw error;
    }
  }

  private async cancel(filter: string): Promise<void> {
    const { session } = this;
    if (!session || !this.atBroker.delete(filter)) return;
    try {
      await session.unsubscribe(filter);
    } catch {
      this.atBroker.add(filter);
    }
  }
}
