import { createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { der } from '../../src/encoding/der-writer';
import { certificateSafeBag, shroudedKeySafeBag, type BagAttributes } from '../../src/encoding/pkcs12-bag';
import { encrypt3Des, encryptAes } from '../../src/encoding/pkcs12-encryption';
import { OID } from '../../src/encoding/pkcs12-identifiers';
import { writeMac } from '../../src/encoding/pkcs12-mac';
import { secretPrivateKeyDer } from '../../src/pki/private-key';
import type { KeyedCertificate } from './certificates';

export const PASSPHRASE = 'nothing but a test';

/** PKCS#12 files piece by piece, for what our writer never makes; with one round, so that thousands are quick. */
export class RawPkcs12 {
  constructor(
    readonly secretPassphrase = PASSPHRASE,
    readonly rounds = 1,
  ) {}

  private get source() {
    return { secretPassphrase: this.secretPassphrase, rounds: this.rounds, random: randomBytes };
  }

  certificateBag(
    { certificate }: Pick<KeyedCertificate, 'certificate'>,
    attributes: BagAttributes = {},
    trusted = false,
  ) {
    return certificateSafeBag({ kind: 'certificate', der: certificate.der, trusted, ...attributes });
  }

  async keyBag(secretPkcs8: Buffer, attributes: BagAttributes = {}, encrypt = encryptAes): Promise<Buffer> {
    const { algorithm, data } = await encrypt(secretPkcs8, this.source);
    return shroudedKeySafeBag(der.sequence(algorithm, der.octetString(data)), attributes);
  }

  /** A bag of any kind. */
  bag(oid: string, value: Buffer, ...attributes: Buffer[]): Buffer {
    return der.sequence(
      der.oid(oid),
      der.explicit(0, value),
      ...(attributes.length > 0 ? [der.set(...attributes)] : []),
    );
  }

  contentInfo(oid: string, content: Buffer): Buffer {
    return der.sequence(der.oid(oid), der.explicit(0, content));
  }

  data(...bags: Buffer[]): Buffer {
    return this.contentInfo(OID.data, der.octetString(der.sequence(...bags)));
  }

  /** @param plain DER of the SafeContents, or anything else */
  async encrypted(plain: Buffer, encrypt = encryptAes): Promise<Buffer> {
    const { algorithm, data } = await encrypt(plain, this.source);
    const info = der.sequence(der.oid(OID.data), algorithm, der.implicit(0, data));
    return this.contentInfo(OID.encryptedData, der.sequence(der.integer(0), info));
  }

  /** @param contents DER of the AuthenticatedSafe */
  async file(contents: Buffer, mac: 'sha1' | 'sha256' | 'none' | Buffer = 'sha256'): Promise<Buffer> {
    const macData =
      mac === 'none' ? [] : [Buffer.isBuffer(mac) ? mac : await writeMac(contents, { hash: mac, ...this.source })];
    return der.sequence(der.integer(3), this.contentInfo(OID.data, der.octetString(contents)), ...macData);
  }

  /** Key and certificates as most programs put them. */
  async usual(
    leaf: KeyedCertificate,
    chain: readonly Pick<KeyedCertificate, 'certificate'>[] = [],
    old = false,
  ): Promise<Buffer> {
    const encrypt = old ? encrypt3Des : encryptAes;
    const attributes = { friendlyName: 'dev01', localKeyId: Buffer.from([1]) };
    const certificates = [this.certificateBag(leaf, attributes), ...chain.map((one) => this.certificateBag(one))];
    return der.sequence(
      this.data(await this.keyBag(secretPrivateKeyDer(leaf.privateKey), attributes, encrypt)),
      await this.encrypted(der.sequence(...certificates), encrypt),
    );
  }

  /** MacData of PBMAC1 (RFC 9579), which needs no code of ours but DER. */
  pbmac1(contents: Buffer, keyLength = 32): Buffer {
    const salt = randomBytes(16);
    const secretKey = pbkdf2Sync(this.secretPassphrase, salt, this.rounds, keyLength, 'sha256');
    const digest = createHmac('sha256', secretKey).update(contents).digest();
    const hmac = der.sequence(der.oid(OID.hmacWithSha256), der.nullValue());
    const parameters = [der.octetString(salt), der.integer(this.rounds), der.integer(keyLength), hmac];
    const derivation = der.sequence(der.oid(OID.pbkdf2), der.sequence(...parameters));
    const algorithm = der.sequence(der.oid(OID.pbmac1), der.sequence(derivation, hmac));
    return der.sequence(
      der.sequence(algorithm, der.octetString(digest)),
      der.octetString(Buffer.from('NOT USED')),
      der.integer(1),
    );
  }
}

/**
 * The same structure in BER as older programs write it: every constructed element of indefinite length, every octet
 * string in pieces.
 *
 * @param element DER
 */
export function toBer(element: Buffer): Buffer {
  const identifier = element[0] ?? 0;
  const first = element[1] ?? 0;
  const start = first < 0x80 ? 2 : 2 + (first & 0x7f);
  const content = element.subarray(start);
  if (identifier & 0x20) return indefinite(identifier, split(content).map(toBer));
  if (identifier !== 0x04 || content.length < 2) return element;
  const half = content.length >> 1;
  return indefinite(0x24, [der.octetString(content.subarray(0, half)), der.octetString(content.subarray(half))]);
}

function indefinite(identifier: number, elements: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([identifier, 0x80]), ...elements, Buffer.alloc(2)]);
}

/** The elements of a content. */
function split(content: Buffer): Buffer[] {
  const elements: Buffer[] = [];
  for (let at = 0; at < content.length;) {
    const first = content[at + 1] ?? 0;
    const count = first < 0x80 ? 0 : first & 0x7f;
    const length = count === 0 ? first : content.readUIntBE(at + 2, count);
    const end = at + 2 + count + length;
    elements.push(content.subarray(at, end));
    at = end;
  }
  return elements;
}
