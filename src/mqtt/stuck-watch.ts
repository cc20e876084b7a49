import type { MqttClient } from 'mqtt';
import type { Clock } from '../model/clock';
import type { OutgoingPublish } from './outgoing-message';
import { givenUp, StuckPublish } from './stuck-publish';

/** Tells a {@link StuckPublish} what MQTT.js does, and takes the message it finds out of the way. */
export class StuckWatch {
  private readonly stuck = new StuckPublish();

  constructor(
    private readonly client: MqttClient,
    clock: Clock,
  ) {
    client.on('packetsend', (packet) => this.stuck.sent(packet));
    client.on('packetreceive', (packet) => this.stuck.received(packet, clock.now()));
    // MQTT.js says so when everything that was not acknowledged has been sent again and acknowledged.
    client.on('connect', () => this.stuck.acquit());
    client.on('close', () => this.stuck.lost(clock.now()));
  }

  /** Called before each CONNECT: in the event of the loss MQTT.js would go on sending. */
  begin(): void {
    const messageId = this.stuck.take();
    this.stuck.begin();
    const entry = messageId === undefined ? undefined : this.client.outgoing[messageId];
    if (messageId === undefined || entry === undefined) return;
    const { cb } = entry;
    this.client.outgoingStore.get({ messageId } as never, (_error, packet) => {
      entry.cb = () => cb?.(givenUp(packet as unknown as OutgoingPublish));
      this.client.removeOutgoingMessage(messageId);
    });
  }

  /** The next loss has another reason. */
  acquit(): void {
    this.stuck.acquit();
  }
}
