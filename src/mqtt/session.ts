import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type * as MqttJs from 'mqtt';
import type { CodedError } from '../model/errors';
import { brokerLimits, NO_BROKER_LIMITS } from './broker-limits';
import { InFlight } from './in-flight';
import { withTopicAliasUpTo, type OutgoingPublish } from './outgoing-message';
import {
  connectFailed,
  disconnectedByBroker,
  publishFailed,
  subscriptionFailed,
  subscriptionRefused,
} from './reason-codes';
import { toReceivedPublish, type ReceivedPublish } from './received-message';
import { keepaliveTimeout, notConnected, notMqtt, StreamClosed, type SessionClosed } from './session-errors';
import { clientOptions, type SessionOptions } from './session-options';
import { leaveStream, Nowhere, stopTimers } from './stream-farewell';
import { leastBytes, tooLargeForBroker } from './stuck-publish';
import { StuckWatch } from './stuck-watch';
import type { SubscribeOptions } from './subscriptions';
import { boundUnreleased } from './unreleased-store';
import { WriteDelay } from './write-delay';

interface SessionEvents {
  message: [ReceivedPublish];
  closed: [SessionClosed];
  /** There is room again for what {@link MqttSession.mayPublish} held back. */
  room: [];
}

/**
 * Loaded by the first session: with 100 files it is half of the memory this package takes at the start of Node-RED, and
 * a runtime that only issues or probes never needs it.
 */
// eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would load it at once
const loadMqttJs = () => require('mqtt') as typeof MqttJs;

/** Bytes that wait in the stream before more messages of QoS 0 are held back. */
const FULL_STREAM_BYTES = 4 * 1024 * 1024;

/**
 * One MQTT session over any number of network connections, and the only file that knows MQTT.js. The stream comes
 * in ready and verified, and messages of QoS 1 and 2 that were not acknowledged are sent again on the next one.
 */
export class MqttSession extends EventEmitter<SessionEvents> {
  private readonly client: MqttJs.MqttClient;
  private stream: Duplex | undefined;
  private streamError: Error | undefined;
  private closeReason: CodedError | undefined;
  private established = false;
  private readonly flying: InFlight;
  private readonly stuck: StuckWatch;
  private writeDelay: WriteDelay | undefined;
  private limits = NO_BROKER_LIMITS;
  private rejectBegin: ((error: Error) => void) | undefined;

  constructor(private readonly options: SessionOptions) {
    super();
    this.flying = new InFlight(options.protocolVersion, (count) => this.writeDelay?.look(count));
    const { MqttClient, Store, UniqueMessageIdProvider } = loadMqttJs();
    this.client = new MqttClient(() => this.stream as never, {
      ...clientOptions(options),
      // The simple one hands out a number again after 65,535 messages, whether it is still in use or not.
      messageIdProvider: new UniqueMessageIdProvider(),
      // Kept when MQTT.js closes them between two network connections.
      outgoingStore: new Store({ clean: false }),
      incomingStore: boundUnreleased(new Store({ clean: false }), (error) => this.violation(error)),
    });
    this.client.setMaxListeners(0);
    this.stuck = new StuckWatch(this.client, options.clock);
    this.client.on('message', (topic, payload, packet) =>
      this.emit('message', toReceivedPublish(topic, payload, packet)),
    );
    this.client.on('error', (error) => this.onError(error));
    this.client.on('disconnect', ({ reasonCode, properties }) => {
      this.closeReason = disconnectedByBroker(reasonCode ?? 0, properties?.reasonString);
    });
    this.client.on('close', () => this.onClose());
  }

  /** CONNACK has come and the stream is open. */
  get connected(): boolean {
    return this.established;
  }

  /** Messages of QoS 1 and 2 that the broker has not acknowledged. */
  get inFlight(): number {
    return this.flying.count;
  }

  /** True while another message may be handed over: the broker's receive maximum and the stream's buffer allow it. */
  mayPublish({ qos }: Pick<OutgoingPublish, 'qos'>): boolean {
    return this.established && this.flying.hasRoomFor(qos) && (this.stream?.writableLength ?? 0) < FULL_STREAM_BYTES;
  }

  /**
   * Send CONNECT on a stream and wait for CONNACK.
   *
   * @returns whether the broker still knew the session
   * @throws MQTT_REFUSED, MQTT_TIMEOUT, MQTT_PROTOCOL; {@link StreamClosed} when the stream ended first
   */
  async begin(stream: Duplex): Promise<{ sessionPresent: boolean }> {
    // Its events are over, so nobody would hear of its end.
    if (stream.destroyed) throw new StreamClosed(stream.errored ?? undefined);
    this.stream = stream;
    this.writeDelay = new WriteDelay(stream);
    this.streamError = undefined;
    this.closeReason = undefined;
    this.stuck.begin();
    stream.once('error', (error) => (this.streamError ??= error));
    return await new Promise((resolve, reject) => {
      const settle = (): void => {
        this.rejectBegin = undefined;
        this.client.off('connect', onConnect);
      };
      const onConnect = (connack: MqttJs.IConnackPacket): void => {
        settle();
        this.onConnack(connack, stream);
        resolve({ sessionPresent: connack.sessionPresent === true });
      };
      this.rejectBegin = (error) => {
        settle();
        stream.destroy();
        stopTimers(this.client);
        reject(error);
      };
      this.client.on('connect', onConnect);
      this.client.connect();
    });
  }

  /**
   * Publish. Over a lost connection QoS 1 and 2 keep waiting for the next one.
   *
   * @param settled called when the broker has acknowledged it, for QoS 0 when it was handed to the stream; or with
   *   MQTT_PUBLISH, MQTT_NOT_CONNECTED after {@link end}
   */
  publish(publish: OutgoingPublish, settled: (error?: CodedError) => void): void {
    const { topic, payload, qos, retain, properties } = publish;
    const { largestPacketBytes, topicAliasMaximum } = this.limits;
    if (largestPacketBytes < Infinity && leastBytes(publish) > largestPacketBytes) {
      settled(tooLargeForBroker(publish, largestPacketBytes));
      return;
    }
    const options: MqttJs.IClientPublishOptions = { qos, retain };
    const version5 = this.options.protocolVersion === 5;
    if (properties && version5) options.properties = withTopicAliasUpTo(topicAliasMaximum, properties);
    if (qos === 0) {
      // Without callback: MQTT.js calls it on `drain` when the buffer is full, and never when the stream ends before.
      this.client.publish(topic, payload, options);
      settled();
      return;
    }
    this.flying.add(qos);
    const acknowledged = (error?: Error): void => {
      this.flying.remove(qos);
      this.emit('room');
      settled(error && publishFailed(topic, error));
    };
    try {
      this.client.publish(topic, payload, options, acknowledged);
    } catch (error) {
      // Half a packet may be on its way: nothing after it would be understood.
      this.client.removeOutgoingMessage(this.client.getLastMessageId());
      acknowledged(error as Error);
      this.violation(error as Error);
    }
  }

  /**
   * @param identifier sent when an MQTT 5 broker takes subscription identifiers
   * @throws MQTT_SUBSCRIBE
   */
  async subscribe(filter: string, options: SubscribeOptions, identifier: number): Promise<void> {
    const properties = this.limits.subscriptionIdentifiers
      ? { properties: { subscriptionIdentifier: identifier } }
      : {};
    let granted;
    try {
      granted = await this.client.subscribeAsync(filter, { ...options, ...properties });
    } catch (error) {
      throw subscriptionFailed(filter, error);
    }
    const refused = granted.find((each) => each.qos >= 0x80);
    if (refused) throw subscriptionRefused(filter, refused.qos);
  }

  async unsubscribe(filter: string): Promise<void> {
    await this.client.unsubscribeAsync(filter);
  }

  /** Say goodbye so that the broker does not publish the will, and close the stream; the session stays usable. */
  async leave(): Promise<void> {
    const { stream } = this;
    if (stream === undefined || stream.closed) return;
    this.stuck.acquit();
    const silence = (): void => void (this.client.stream = new Nowhere() as never);
    await leaveStream(stream, { clock: this.options.clock, established: this.established, silence });
  }

  /** Leave for good: what is not acknowledged fails, and every timer is gone. */
  async end(): Promise<void> {
    await this.leave();
    const pending = Object.values(this.client.outgoing);
    this.client.outgoing = {};
    for (const { cb } of pending) cb?.(notConnected());
    // MQTT.js cannot end before it has had a stream.
    if (this.stream !== undefined) await this.client.endAsync(true);
    stopTimers(this.client);
    this.client.removeAllListeners();
    this.removeAllListeners();
    // Its stream handlers outlive the client by a tick.
    this.client.on('error', () => undefined);
  }

  private onConnack(connack: MqttJs.IConnackPacket, stream: Duplex): void {
    this.established = true;
    this.limits = brokerLimits(connack, this.options.protocolVersion);
    this.flying.limit(this.limits.receiveMaximum);
    stream.on('drain', () => this.emit('room'));
  }

  private onError(error: Error): void {
    if (this.rejectBegin === undefined) {
      if (/keepalive/i.test(error.message)) this.closeReason ??= keepaliveTimeout(this.options.keepaliveSeconds);
      // A violation of the protocol: MQTT.js reports it, and only closes for some.
      else if (error !== this.streamError) this.violation(error);
      return;
    }
    if (error === this.streamError) return;
    this.stuck.acquit();
    this.rejectBegin(connectFailed(error, this.options.connackTimeoutMs));
  }

  private violation(error: Error): void {
    this.closeReason ??= notMqtt(error);
    this.stream?.destroy();
  }

  private onClose(): void {
    this.rejectBegin?.(new StreamClosed(this.streamError));
    if (!this.established) return;
    this.established = false;
    this.emit('closed', {
      ...(this.closeReason ? { reason: this.closeReason } : {}),
      ...(this.streamError ? { streamError: this.streamError } : {}),
    });
  }
}
