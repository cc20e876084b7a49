import type { QualityOfService } from './subscriptions';

/** The parts of aedes' packets that are read or set here. */
export interface KeptPacket {
  cmd: string;
  /** Counts the messages of the broker: its name for this one. */
  brokerCounter?: number;
  messageId?: number;
  topic?: string;
  qos?: QualityOfService;
  dup?: boolean;
  payload?: Buffer | string;
}

interface Entry {
  packet: KeptPacket;
  /** What it takes of the memory for kept messages. */
  bytes: number;
  /** The connection it went out on last. */
  sentOn?: object;
}

/** Packet identifiers have two bytes (MQTT 3.1.1 §2.3.1). */
const LARGEST_NUMBER = 65_535;

/** Messages kept for one client; a client that is away for longer loses the newest, as with Mosquitto. */
export const MOST_KEPT = 10_000;

/** Beside topic and payload: the packet, the entries of two maps. */
const OVERHEAD_BYTES = 512;

/** Memory that several share. */
export class KeptMemory {
  private used = 0;

  /** @param whole what this is a share of: both must have room */
  constructor(
    private readonly limitBytes: number,
    private readonly whole?: KeptMemory,
  ) {}

  /** @returns false when there is not so much left */
  take(bytes: number): boolean {
    if (this.used + bytes > this.limitBytes || this.whole?.take(bytes) === false) return false;
    this.used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.used -= bytes;
    this.whole?.give(bytes);
  }
}

/**
 * What a client with a kept session has not acknowledged yet, in order.
 *
 * Each message reaches a new connection on one of two ways: from here, when it was published before the client came
 * back, or straight from its publisher. Around the moment of CONNACK both ways know it. Whichever is first takes it,
 * else a message of QoS 2 would be delivered twice.
 */
export class ServerSession {
  private readonly byCounter = new Map<number, Entry>();
  private readonly byNumber = new Map<number, number>();
  /** The connection that has been sent everything that was kept. */
  private caughtUp: object | undefined;
  /** Messages sent from here whose publisher may still hand them over. */
  private readonly sentFromHere = new Set<number>();

  constructor(readonly memory = new KeptMemory(Infinity)) {}

  get size(): number {
    return this.byCounter.size;
  }

  /** Forget everything: the client wants none of it, or the session is given up. */
  clear(): void {
    for (const { bytes } of this.byCounter.values()) this.memory.give(bytes);
    this.byCounter.clear();
    this.byNumber.clear();
  }

  /** @returns false when too many are kept already */
  keep(packet: KeptPacket, qos: QualityOfService): boolean {
    const counter = packet.brokerCounter ?? 0;
    const known = this.byCounter.get(counter);
    if (known) {
      // Overlapping filters: one copy with the most anyone granted (MQTT 3.1.1 §3.3.5).
      known.packet.qos = Math.max(known.packet.qos ?? 0, qos) as QualityOfService;
      return true;
    }
    // A topic may be as long as 64 KiB: uncounted, a few thousand took more memory than Node.js has.
    const bytes = OVERHEAD_BYTES + Buffer.byteLength(packet.topic ?? '') + (packet.payload?.length ?? 0);
    if (this.byCounter.size >= MOST_KEPT || !this.memory.take(bytes)) return false;
    this.byCounter.set(counter, { packet: { ...packet, qos, messageId: undefined }, bytes });
    return true;
  }

  /** Everything the client has not got on this connection, also what comes while it is read. */
  *unsent(connection: object): Generator<KeptPacket> {
    this.caughtUp = undefined;
    this.sentFromHere.clear();
    for (const [counter, entry] of this.byCounter) {
      if (entry.sentOn === connection) continue;
      const sentBefore = entry.sentOn !== undefined;
      entry.sentOn = connection;
      this.sentFromHere.add(counter);
      // MQTT 3.1.1 §3.3.1.1
      yield sentBefore && entry.packet.cmd === 'publish' ? { ...entry.packet, dup: true } : entry.packet;
    }
    this.caughtUp = connection;
  }

  /** A publisher hands a message over: true when this is the way it goes to the client. */
  takes(connection: object, counter: number): boolean {
    if (this.sentFromHere.delete(counter)) return false;
    const entry = this.byCounter.get(counter);
    // Not kept: subscribed with QoS 0, or too many are.
    if (entry === undefined) return true;
    if (this.caughtUp !== connection || entry.sentOn === connection) return false;
    entry.sentOn = connection;
    return true;
  }

  /** A packet is about to be written: give it the number it goes by until it is acknowledged. */
  number(packet: KeptPacket): void {
    if (packet.cmd === 'pubrel') {
      const counter = this.byNumber.get(packet.messageId ?? 0);
      const entry = counter === undefined ? undefined : this.byCounter.get(counter);
      // The message has arrived; only its number must not be used for another one yet.
      if (entry) entry.packet = { cmd: 'pubrel', messageId: packet.messageId, brokerCounter: counter };
      return;
    }
    const counter = packet.brokerCounter ?? 0;
    const entry = this.byCounter.get(counter);
    if (entry === undefined) return;
    entry.packet.messageId ??= this.freeNumber(packet.messageId ?? 1);
    this.byNumber.set(entry.packet.messageId, counter);
    packet.messageId = entry.packet.messageId;
    packet.qos = entry.packet.qos;
  }

  /** The client has acknowledged a message, or must not have it. */
  forget(number: number): KeptPacket | undefined {
    const counter = this.byNumber.get(number);
    if (counter === undefined) return undefined;
    this.byNumber.delete(number);
    const entry = this.byCounter.get(counter);
    this.byCounter.delete(counter);
    this.memory.give(entry?.bytes ?? 0);
    return entry?.packet;
  }

  /** A new connection counts from anywhere: a number that waits for its acknowledgement must not be given again. */
  private freeNumber(wanted: number): number {
    let number = wanted;
    while (this.byNumber.has(number)) number = number >= LARGEST_NUMBER ? 1 : number + 1;
    return number;
  }
}
