import { CONTENT_TYPE, looksLikeTls, readRecords } from './tls-record';
import { RecordDecryption } from './record-decryption';
import {
  HANDSHAKE_TYPE,
  readCertificateMessage,
  readCertificateRequest,
  readEncryptedAlpn,
  readKeyExchangeGroup,
  readServerHello,
  splitHandshake,
  type CertificateRequestMessage,
  type HandshakeMessage,
} from './handshake-message';

/** Secrets of one handshake, from the `keylog` event of the TLS socket (labels of RFC 9850). */
export interface TrafficSecrets {
  secretHandshake?: Buffer;
  secretApplication?: Buffer;
}

export interface ReceivedAlert {
  /** 1 warning, 2 fatal. */
  level: number;
  /** Number of the alert, see `alert.ts`. */
  description: number;
}

/** What a server really sent during a handshake, also a failed one. */
export interface ServerFlight {
  bytesReceived: number;
  /** At most 64 bytes: enough to name the protocol of a server that does not speak TLS. */
  firstBytes: Buffer;
  tls: boolean;
  helloRetry: boolean;
  /** `TLSv1.3`; undefined before a ServerHello. */
  version?: string;
  cipherSuite?: number;
  group?: string;
  alpn?: string;
  /** DER, exactly as sent: order, extras and invalid members included. */
  certificates: Buffer[];
  certificateRequest?: CertificateRequestMessage;
  /** The server has said all it says before the client's own certificate is judged. */
  complete: boolean;
  alerts: ReceivedAlert[];
}

const FIRST_BYTES = 64;
/** Type and length (RFC 8446 §4). */
const HANDSHAKE_HEADER_BYTES = 4;
/** A handshake of this size is none; the tap keeps no more either. */
const LONGEST_HANDSHAKE = 256 * 1024;

/**
 * Read a server's side of a handshake from the wire.
 *
 * Node tells the chain with local roots added and without order (`getPeerCertificate(true)`), and nothing
 * at all about a handshake that failed; the bytes tell everything. TLS 1.3 is opened with the secrets
 * of the `keylog` event. Anything odd ends the reading: less evidence, never an exception.
 *
 * @param bytes what the server sent, from the first byte on, bounded by the wire tap
 */
export function readServerFlight(bytes: Buffer, secrets: TrafficSecrets = {}): ServerFlight {
  const reader = new FlightReader(bytes, secrets);
  reader.read(bytes);
  return reader.flight;
}

type Epoch = 'plain' | 'handshake' | 'application' | 'unreadable';

class FlightReader {
  readonly flight: ServerFlight;
  #epoch: Epoch = 'plain';
  #decryption: RecordDecryption | undefined;
  /** Of a message that has not come to its end: put together once, and not at each of its records. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Octets of the message that has begun, with its header; unknown before the header is there. */
  #expectedBytes = HANDSHAKE_HEADER_BYTES;

  constructor(
    bytes: Buffer,
    private readonly secrets: TrafficSecrets,
  ) {
    this.flight = {
      bytesReceived: bytes.length,
      firstBytes: Buffer.from(bytes.subarray(0, FIRST_BYTES)),
      tls: looksLikeTls(bytes),
      helloRetry: false,
      certificates: [],
      complete: false,
      alerts: [],
    };
  }

  read(bytes: Buffer): void {
    for (const record of readRecords(bytes)) {
      if (this.#epoch === 'unreadable') return;
      if (record.type !== CONTENT_TYPE.applicationData) {
        this.#plainRecord(record.type, record.fragment);
        continue;
      }
      const inner = this.#decryption?.open(record);
      if (!inner) return;
      this.#content(inner.type, inner.content);
    }
  }

  #plainRecord(type: number, fragment: Buffer): void {
    if (type === CONTENT_TYPE.changeCipherSpec) {
      // In TLS 1.3 it is a dummy (RFC 8446 §D.4); in 1.2 all that follows is encrypted under keys we do not derive.
      if (this.flight.version !== undefined && this.flight.version !== 'TLSv1.3') this.#epoch = 'unreadable';
      return;
    }
    this.#content(type, fragment);
  }

  #content(type: number, content: Buffer): void {
    if (type === CONTENT_TYPE.alert && content.length === 2) {
      this.flight.alerts.push({ level: content[0] as number, description: content[1] as number });
    }
    if (type !== CONTENT_TYPE.handshake) return;
    this.#pending.push(content);
    this.#pendingBytes += content.length;
    if (this.#pendingBytes > LONGEST_HANDSHAKE) {
      this.#epoch = 'unreadable';
      return;
    }
    if (this.#pendingBytes < this.#expectedBytes) return;
    const { messages, rest } = splitHandshake(Buffer.concat(this.#pending));
    this.#pending = [rest];
    this.#pendingBytes = rest.length;
    this.#expectedBytes = HANDSHAKE_HEADER_BYTES;
    if (rest.length >= HANDSHAKE_HEADER_BYTES) this.#expectedBytes += rest.readUIntBE(1, 3);
    for (const message of messages) this.#message(message);
  }

  #message({ type, body }: HandshakeMessage): void {
    const tls13 = this.flight.version === 'TLSv1.3';
    switch (type) {
      case HANDSHAKE_TYPE.serverHello:
        this.#serverHello(body);
        return;
      case HANDSHAKE_TYPE.encryptedExtensions:
        this.flight.alpn ??= readEncryptedAlpn(body);
        return;
      case HANDSHAKE_TYPE.certificate:
        this.flight.certificates = readCertificateMessage(body, tls13);
        return;
      case HANDSHAKE_TYPE.serverKeyExchange:
        this.flight.group ??= readKeyExchangeGroup(body);
        return;
      case HANDSHAKE_TYPE.certificateRequest:
        this.flight.certificateRequest = readCertificateRequest(body, tls13);
        return;
      case HANDSHAKE_TYPE.serverHelloDone:
        this.flight.complete = true;
        return;
      case HANDSHAKE_TYPE.finished:
        this.flight.complete = true;
        this.#enter('application', this.secrets.secretApplication);
    }
  }

  #serverHello(body: Buffer): void {
    const hello = readServerHello(body);
    if (!hello) return;
    if (hello.helloRetry) {
      this.flight.helloRetry = true;
      return;
    }
    this.flight.version = hello.version;
    this.flight.cipherSuite = hello.cipherSuite;
    this.flight.group = hello.group;
    this.flight.alpn = hello.alpn;
    if (hello.version === 'TLSv1.3') this.#enter('handshake', this.secrets.secretHandshake);
  }

  #enter(epoch: Epoch, secret: Buffer | undefined): void {
    this.#epoch = epoch;
    this.#decryption = RecordDecryption.start(this.flight.cipherSuite, secret);
  }
}
