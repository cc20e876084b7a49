import { der } from './der-writer';
import { certificateSafeBag, shroudedKeySafeBag, type CertificateBag, type KeyBag } from './pkcs12-bag';
import { encrypt3Des, encryptAes, type Encrypted, type EncryptionParameters } from './pkcs12-encryption';
import { OID } from './pkcs12-identifiers';
import { writeMac } from './pkcs12-mac';

/** How a file is protected. */
interface Protection {
  encrypt: (plain: Buffer, parameters: EncryptionParameters) => Promise<Encrypted>;
  mac: 'sha1' | 'sha256';
  /** Of every key derivation in the file: the cheapest one is what somebody who guesses attacks. */
  rounds: number;
}

const PROTECTIONS = {
  /** As OpenSSL 3, Java 17 and Windows 10 write it; the rounds are those of keytool. */
  modern: { encrypt: encryptAes, mac: 'sha256', rounds: 10_000 },
  /** As OpenSSL 1 with `-descert`: for Java before 8u301, Windows before 10, old Android. */
  legacy: { encrypt: encrypt3Des, mac: 'sha1', rounds: 2048 },
} satisfies Record<string, Protection>;

export interface Pkcs12Parameters {
  keys: readonly KeyBag[];
  certificates: readonly CertificateBag[];
  /** Not empty. */
  secretPassphrase: string;
  protection: keyof typeof PROTECTIONS;
  /** Octets for salts and initialization vectors. */
  random: (size: number) => Buffer;
}

/** Write a PKCS#12 file (RFC 7292): keys each encrypted, certificates encrypted together, a MAC over all. */
export async function writePkcs12(parameters: Pkcs12Parameters): Promise<Buffer> {
  const { keys, certificates, secretPassphrase, random } = parameters;
  const { encrypt, mac, rounds }: Protection = PROTECTIONS[parameters.protection];
  const source = { secretPassphrase, rounds, random };

  const keyBags: Buffer[] = [];
  for (const { secretPkcs8, ...attributes } of keys) {
    const { algorithm, data } = await encrypt(secretPkcs8, source);
    keyBags.push(shroudedKeySafeBag(der.sequence(algorithm, der.octetString(data)), attributes));
  }
  const parts: Buffer[] = [];
  if (keyBags.length > 0) parts.push(contentInfo(OID.data, der.octetString(der.sequence(...keyBags))));
  if (certificates.length > 0) {
    parts.push(encryptedPart(await encrypt(der.sequence(...certificates.map(certificateSafeBag)), source)));
  }

  const contents = der.sequence(...parts);
  const authSafe = contentInfo(OID.data, der.octetString(contents));
  return der.sequence(der.integer(3), authSafe, await writeMac(contents, { hash: mac, ...source }));
}

function contentInfo(oid: string, content: Buffer): Buffer {
  return der.sequence(der.oid(oid), der.explicit(0, content));
}

function encryptedPart({ algorithm, data }: Encrypted): Buffer {
  const info = der.sequence(der.oid(OID.data), algorithm, der.implicit(0, data));
  return contentInfo(OID.encryptedData, der.sequence(der.integer(0), info));
}
