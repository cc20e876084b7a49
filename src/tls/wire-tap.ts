import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { RelayStream } from './relay-stream';
import { readServerFlight, type ServerFlight, type TrafficSecrets } from './server-flight';

/** Handshakes are a few kilobytes; the longest chain OpenSSL accepts is 100 KiB. */
const LIMIT_BYTES = 256 * 1024;

/** Lines of the `keylog` event that open the server's records in TLS 1.3. */
const SECRET_LABELS = {
  SERVER_HANDSHAKE_TRAFFIC_SECRET: 'secretHandshake',
  SERVER_TRAFFIC_SECRET_0: 'secretApplication',
} as const satisfies Record<string, keyof TrafficSecrets>;

/**
 * Stands between a TCP socket and `tls.connect({ socket })` and keeps a bounded copy of what the server sends.
 *
 * Costs 1.2-1.3 times the CPU of a bare connect (measured), so lasting connections do without it and only
 * the probe uses it.
 */
export class WireTap extends RelayStream {
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #receivedBytes = 0;
  #socketError: Error | undefined;
  readonly #secrets: TrafficSecrets = {};
  #read: ServerFlight | undefined;

  constructor(socket: Socket) {
    super();
    this.attach(socket);
  }

  /** Bytes received in all, kept or not. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Take the secrets of a handshake from its socket; must be called before the first byte arrives. */
  listenTo(tlsSocket: TLSSocket): void {
    tlsSocket.on('keylog', (line: Buffer) => {
      const [label, , secret] = line.toString('latin1').trim().split(' ');
      const field = SECRET_LABELS[label as keyof typeof SECRET_LABELS] as keyof TrafficSecrets | undefined;
      if (!field || !secret) return;
      this.#secrets[field] = Buffer.from(secret, 'hex');
      this.#read = undefined;
    });
  }

  /** What the server has said so far. */
  flight(): ServerFlight {
    this.#read ??= {
      ...readServerFlight(Buffer.concat(this.#kept), this.#secrets),
      bytesReceived: this.#receivedBytes,
    };
    return this.#read;
  }

  /** Why the TCP connection broke, when it did. */
  get socketError(): Error | undefined {
    return this.#socketError;
  }

  /**
   * A broken connection is the end of the bytes for the TLS layer, not an error: what arrived before (an alert,
   * mostly) is read to its end first, and the reason stays readable in {@link socketError}.
   */
  protected override innerFailed(error: Error): void {
    this.#socketError ??= error;
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: () => void): void {
    super._write(chunk, encoding, () => callback());
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], callback: () => void): void {
    super._writev(chunks, () => callback());
  }

  protected override observe(chunk: Buffer): void {
    this.#receivedBytes += chunk.length;
    this.#read = undefined;
    if (this.#keptBytes >= LIMIT_BYTES) return;
    const part = chunk.subarray(0, LIMIT_BYTES - this.#keptBytes);
    this.#kept.push(part);
    this.#keptBytes += part.length;
  }
}
