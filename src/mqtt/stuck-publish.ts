import { codedError, type CodedError } from '../model/errors';
import type { OutgoingPublish } from './outgoing-message';

/** A connection that is lost later than this was not lost because of the message sent again at its beginning. */
const AT_ONCE_MS = 2_000;

/** So often in a row; a broker that restarts loses a connection once or twice. */
const MOST_LOSSES = 3;

/** DISCONNECT of MQTT 5 that may be about a message; all others (shutting down, session taken over …) are not. */
const ABOUT_MESSAGES: ReadonlySet<number> = new Set([0x81, 0x82, 0x87, 0x90, 0x94, 0x95, 0x97, 0x99, 0x9a, 0x9b]);

/** The part of a packet that is looked at here. */
export interface WatchedPacket {
  cmd: string;
  messageId?: number;
  reasonCode?: number;
}

/**
 * Finds the message for which a broker closes the connection. It would be sent again first on every new connection,
 * and everything behind it would wait for ever.
 *
 * Messages of QoS 1 and 2 are sent again one by one, so the only one on its way when the connection is lost is known.
 * It counts only when nothing else explains the loss: CONNACK came, the message was sent again, the broker
 * acknowledged nothing since, and closed at once.
 */
export class StuckPublish {
  private since: number | undefined;
  private sentAgain: number | undefined;
  private suspect: number | undefined;
  private losses = 0;

  /** Called before CONNECT. */
  begin(): void {
    this.since = undefined;
    this.sentAgain = undefined;
  }

  sent({ cmd, messageId }: WatchedPacket): void {
    if (this.since !== undefined && cmd === 'publish' && messageId) this.sentAgain = messageId;
  }

  received({ cmd, reasonCode }: WatchedPacket, now: number): void {
    if (cmd === 'connack') this.since = now;
    else if (cmd === 'puback' || cmd === 'pubrec' || cmd === 'pubcomp') this.acquit();
    else if (cmd === 'disconnect' && !ABOUT_MESSAGES.has(reasonCode ?? 0)) this.acquit();
  }

  /** Something else explains the loss, or there is none: we close it, or everything was sent again. */
  acquit(): void {
    this.begin();
    this.suspect = undefined;
    this.losses = 0;
  }

  /** The connection is closed. */
  lost(now: number): void {
    const { since, sentAgain } = this;
    // Without CONNACK it says nothing about the broker that is to take the message.
    if (since === undefined || sentAgain === undefined || now - since > AT_ONCE_MS) return this.acquit();
    this.losses = sentAgain === this.suspect ? this.losses + 1 : 1;
    this.suspect = sentAgain;
    this.begin();
  }

  /** The number of the message that is to be given up; told once. */
  take(): number | undefined {
    if (this.losses < MOST_LOSSES) return undefined;
    const { suspect } = this;
    this.acquit();
    return suspect;
  }
}

/** At least that many bytes goes a message over MQTT 5: without its properties. */
export function leastBytes({ topic, payload, qos }: OutgoingPublish): number {
  return 2 + 2 + Buffer.byteLength(topic) + (qos > 0 ? 2 : 0) + 1 + Buffer.byteLength(payload);
}

/** The broker closed the connection each time the message came. */
export function givenUp({ topic, payload }: OutgoingPublish): CodedError {
  const bytes = Buffer.byteLength(payload);
  return codedError(
    'MQTT_PUBLISH',
    `the message to ${topic} (${bytes} bytes) was given up: the broker closed the connection ${MOST_LOSSES} times in a row when it came`,
    { topic, bytes },
    'The broker may limit the size of messages or refuse the topic; its log says which',
  );
}

/** Larger than the broker said it takes (MQTT 5 §3.2.2.3.6). */
export function tooLargeForBroker({ topic, payload }: OutgoingPublish, limit: number): CodedError {
  const bytes = Buffer.byteLength(payload);
  return codedError(
    'MQTT_PUBLISH',
    `the message to ${topic} (${bytes} bytes) is larger than the broker takes, ${limit} bytes`,
    { topic, bytes, limit },
    'Send it in parts, or raise the packet size limit of the broker',
  );
}
