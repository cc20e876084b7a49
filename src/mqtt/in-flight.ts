import type { QualityOfService } from './subscriptions';

/** Messages on their way unless the broker wants fewer; more would only wait in its buffers instead of ours. */
const MOST_IN_FLIGHT = 1_000;

/**
 * Messages of QoS 2 on their way over MQTT 3.1.1, which has no receive maximum: Mosquitto 2.0.11 cuts the connection of
 * a client that exceeds its max_inflight_messages of 20, and says only "Unknown error" (measured). One place stays free
 * for QoS 1, which it counts until the acknowledgement is written.
 */
const MOST_EXACTLY_ONCE = 19;

/** How many messages of QoS 1 and 2 the broker has not acknowledged, and whether there may be more. */
export class InFlight {
  private all = 0;
  private exactlyOnce = 0;
  private most = MOST_IN_FLIGHT;

  /** @param changed told how many there are, after each change */
  constructor(
    private readonly protocolVersion: 4 | 5,
    private readonly changed: (count: number) => void = () => undefined,
  ) {}

  get count(): number {
    return this.all;
  }

  /** @param receiveMaximum of an MQTT 5 broker (§3.2.2.3.3); 65,535 when it says nothing */
  limit(receiveMaximum = 65_535): void {
    this.most = Math.min(receiveMaximum, MOST_IN_FLIGHT);
  }

  hasRoomFor(qos: QualityOfService): boolean {
    if (this.all >= this.most) return false;
    return qos < 2 || this.protocolVersion === 5 || this.exactlyOnce < MOST_EXACTLY_ONCE;
  }

  add(qos: QualityOfService): void {
    this.change(qos, 1);
  }

  remove(qos: QualityOfService): void {
    this.change(qos, -1);
  }

  private change(qos: QualityOfService, by: 1 | -1): void {
    if (qos === 0) return;
    this.all += by;
    if (qos === 2) this.exactlyOnce += by;
    this.changed(this.all);
  }
}
