import { createDecipheriv, createHmac, type CipherGCMTypes } from 'node:crypto';
import { CONTENT_TYPE, type TlsRecord } from './tls-record';

interface SuiteParameters {
  cipher: CipherGCMTypes | 'chacha20-poly1305';
  hash: 'sha256' | 'sha384';
  keyLength: number;
}

/** The TLS 1.3 suites Node offers (RFC 8446 §B.4). */
const SUITES: Readonly<Record<number, SuiteParameters>> = {
  0x1301: { cipher: 'aes-128-gcm', hash: 'sha256', keyLength: 16 },
  0x1302: { cipher: 'aes-256-gcm', hash: 'sha384', keyLength: 32 },
  0x1303: { cipher: 'chacha20-poly1305', hash: 'sha256', keyLength: 32 },
};

const IV_LENGTH = 12;
const TAG_LENGTH = 16;

/** A decrypted record: its true content type and its content (RFC 8446 §5.2, TLSInnerPlaintext). */
export interface InnerRecord {
  type: number;
  content: Buffer;
}

/** HKDF-Expand-Label of RFC 8446 §7.1 with an empty context; one block is enough for keys up to the hash length. */
export function expandLabel(hash: string, secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`, 'ascii');
  const hkdfLabel = Buffer.concat([Buffer.from([length >> 8, length & 0xff, name.length]), name, Buffer.from([0])]);
  return createHmac(hash, secret)
    .update(hkdfLabel)
    .update(Buffer.from([1]))
    .digest()
    .subarray(0, length);
}

/** Opens the records that one side encrypted under one traffic secret of TLS 1.3, in their order. */
export class RecordDecryption {
  readonly #suite: SuiteParameters;
  readonly #key: Buffer;
  readonly #iv: Buffer;
  #sequence = 0;

  private constructor(suite: SuiteParameters, secret: Buffer) {
    this.#suite = suite;
    this.#key = expandLabel(suite.hash, secret, 'key', suite.keyLength);
    this.#iv = expandLabel(suite.hash, secret, 'iv', IV_LENGTH);
  }

  /** @returns undefined for a suite that is not one of Node's or without the secret */
  static start(cipherSuite: number | undefined, secretTraffic: Buffer | undefined): RecordDecryption | undefined {
    const suite = SUITES[cipherSuite ?? 0];
    return suite && secretTraffic ? new RecordDecryption(suite, secretTraffic) : undefined;
  }

  /** @returns undefined when the record does not authenticate; nothing after it can be read either */
  open(record: TlsRecord): InnerRecord | undefined {
    if (record.type !== CONTENT_TYPE.applicationData || record.fragment.length < TAG_LENGTH + 1) return undefined;
    const body = record.fragment.subarray(0, -TAG_LENGTH);
    const tag = record.fragment.subarray(-TAG_LENGTH);
    try {
      // The type of node:crypto knows the option only per cipher family; both of ours take it alike.
      const decipher = createDecipheriv(this.#suite.cipher as CipherGCMTypes, this.#key, this.#nonce(), {
        authTagLength: TAG_LENGTH,
      });
      decipher.setAAD(record.header);
      decipher.setAuthTag(tag);
      const plain = Buffer.concat([decipher.update(body), decipher.final()]);
      this.#sequence += 1;
      return withoutPadding(plain);
    } catch {
      return undefined; // altered on the way, or another key: no evidence
    }
  }

  /** RFC 8446 §5.3: the sequence number, padded to the left, XOR the iv. */
  #nonce(): Buffer {
    const nonce = Buffer.from(this.#iv);
    const low = nonce.readUInt32BE(IV_LENGTH - 4) ^ this.#sequence;
    nonce.writeUInt32BE(low >>> 0, IV_LENGTH - 4);
    return nonce;
  }
}

function withoutPadding(plain: Buffer): InnerRecord | undefined {
  let end = plain.length - 1;
  while (end >= 0 && plain[end] === 0) end -= 1;
  return end < 0 ? undefined : { type: plain[end] as number, content: plain.subarray(0, end) };
}
