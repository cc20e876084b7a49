import { codedError } from '../model/errors';
import { berToDer } from './ber';
import { readDer, type DerElement } from './der-reader';
import { TAG } from './der-tags';
import { looksLikePem } from './pem';
import { readCertBag, readRawBag, type Pkcs12Bag } from './pkcs12-bag';
import { readEncryption } from './pkcs12-encryption';
import { malformedPkcs12, readingPkcs12, unsupportedPkcs12, wrongPassphrase } from './pkcs12-error';
import { OID } from './pkcs12-identifiers';
import { readMac } from './pkcs12-mac';
import { RoundBudget } from './round-budget';

/** What a PKCS#12 file holds, in its order. */
export interface Pkcs12Content {
  bags: Pkcs12Bag[];
  /** In words: `3DES`, `RC2 with 40 bits`, `no MAC`. */
  weaknesses: string[];
}

export interface Pkcs12Limits {
  /** Octets of the file. A trust store with all public CAs has 250,000. */
  maxBytes?: number;
  /** Rounds of key derivation, all parts together. */
  maxRounds?: number;
}

const DEFAULT_MAX_BYTES = 4 << 20;
/** Keys and certificates of one file; Java's own trust store has 150. */
const MAX_BAGS = 1000;
/** SafeContents within SafeContents; nobody writes any. */
const MAX_NESTING = 3;

/** Shared by all parts of one file. */
interface Reading {
  secretPassphrase: string | undefined;
  maxBytes: number;
  budget: RoundBudget;
  weaknesses: Set<string>;
  bags: Pkcs12Bag[];
  /** A MAC was there and fitted, so the passphrase is right. */
  opened: boolean;
}

/**
 * Open a PKCS#12 file (RFC 7292): check its MAC first, then decrypt and read what is in it.
 *
 * Encryption: PBES2 with AES-128, -192, -256 or 3DES in CBC, and the older 3DES and RC2 schemes. MAC: SHA-1 to SHA-512, PBMAC1
 * (RFC 9579), or none.
 *
 * @param secretPassphrase undefined and empty are the same
 * @throws P12_MALFORMED, P12_PASSPHRASE_WRONG, P12_UNSUPPORTED, DER_TOO_LARGE, DER_TOO_DEEP, and nothing else on any input
 */
export function openPkcs12(
  bytes: Uint8Array,
  secretPassphrase?: string,
  { maxBytes = DEFAULT_MAX_BYTES, maxRounds }: Pkcs12Limits = {},
): Promise<Pkcs12Content> {
  return readingPkcs12(async () => {
    refuseOthers(bytes);
    const reading: Reading = {
      secretPassphrase,
      maxBytes,
      budget: new RoundBudget(maxRounds),
      weaknesses: new Set(),
      bags: [],
      opened: false,
    };
    const pfx = readBer(bytes, reading).sequence('PFX');
    const version = pfx.next('version').smallInteger('version');
    if (version !== 3) throw unsupportedPkcs12(`version ${version}, not 3`);
    const contents = readContentInfo(pfx.next('authSafe'));
    const mac = pfx.optional(TAG.sequence);
    pfx.end();
    await checkMac(contents, mac, reading);
    for (const part of readBer(contents, reading).list('AuthenticatedSafe')) await readPart(part, reading);
    return { bags: reading.bags, weaknesses: [...reading.weaknesses] };
  });
}

/** What people choose instead, told apart by the first bytes. */
function refuseOthers(bytes: Uint8Array): void {
  const start = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  if (start === 'feedfeed' || start === 'cececece') {
    const hint = 'Convert it: keytool -importkeystore -srckeystore old.jks -destkeystore new.p12 -deststoretype pkcs12';
    throw unsupportedPkcs12('the old format of Java key stores (JKS)', hint);
  }
  if (looksLikePem(bytes)) throw malformedPkcs12('it is PEM', {}, 'Give it as certificate and key in PEM');
  if (bytes.length === 0) throw malformedPkcs12('it is empty');
}

function readBer(bytes: Uint8Array, { maxBytes }: Pick<Reading, 'maxBytes'>): DerElement {
  return readDer(berToDer(bytes, { maxBytes }), { maxBytes });
}

/** The octets of a ContentInfo of the type data, which is what a passphrase protects. */
function readContentInfo(element: DerElement): Buffer {
  const fields = element.sequence('authSafe');
  const oid = fields.next('contentType').oid('contentType');
  if (oid === OID.signedData) throw unsupportedPkcs12('a signature instead of a passphrase');
  if (oid !== OID.data) throw unsupportedPkcs12(`contents of the type ${oid}`);
  const content = fields.next('content').explicit(0, 'content').octetString('content');
  fields.end();
  return content;
}

async function checkMac(contents: Buffer, element: DerElement | undefined, reading: Reading): Promise<void> {
  if (!element) {
    reading.weaknesses.add('no MAC');
    return;
  }
  const mac = readMac(element);
  for (const secretPassword of mac.passwordForms(reading.secretPassphrase)) {
    reading.budget.spend(mac.rounds);
    if (await mac.protects(contents, secretPassword)) {
      reading.opened = true;
      return;
    }
  }
  throw wrongPassphrase(reading.secretPassphrase);
}

async function readPart(element: DerElement, reading: Reading): Promise<void> {
  const fields = element.sequence('ContentInfo');
  const oid = fields.next('contentType').oid('contentType');
  const content = fields.next('content').explicit(0, 'content');
  fields.end();
  if (oid === OID.data) return readBags(readBer(content.octetString('content'), reading), reading);
  if (oid === OID.envelopedData) throw unsupportedPkcs12('encryption for a certificate instead of a passphrase');
  if (oid !== OID.encryptedData) throw unsupportedPkcs12(`contents of the type ${oid}`);
  const encrypted = content.sequence('EncryptedData');
  encrypted.next('version').smallInteger('version');
  const info = encrypted.next('encryptedContentInfo').sequence('encryptedContentInfo');
  const inner = info.next('contentType').oid('contentType');
  if (inner !== OID.data) throw unsupportedPkcs12(`encrypted contents of the type ${inner}`);
  const plain = await decrypt(info.next('algorithm'), octetsOf(info.next('encryptedContent')), reading);
  info.end();
  return readBags(readBer(plain, reading), reading);
}

/** `[0] IMPLICIT OCTET STRING`, in BER also in pieces. */
function octetsOf(element: DerElement): Buffer {
  if (!element.isContext(0)) throw element.refuse('encryptedContent', 'expected [0]');
  if (!element.constructed) return element.content;
  return Buffer.concat(element.children().map((piece) => piece.octetString('encryptedContent')));
}

/** Decrypt with every form of the passphrase until something comes out that is a SEQUENCE. */
async function decrypt(algorithm: DerElement, data: Buffer, reading: Reading): Promise<Buffer> {
  const encryption = readEncryption(algorithm);
  if (encryption.weakness) reading.weaknesses.add(encryption.weakness);
  for (const secretPassword of encryption.passwordForms(reading.secretPassphrase)) {
    reading.budget.spend(encryption.rounds);
    const plain = await encryption.decrypt(data, secretPassword);
    if (plain && isSequence(plain, reading)) return plain;
  }
  throw wrongPassphrase(reading.secretPassphrase, reading.opened);
}

/** A wrong key ends in a right padding once in 256 times, but never in a whole element. */
function isSequence(plain: Buffer, reading: Reading): boolean {
  try {
    return readBer(plain, reading).is(TAG.sequence);
  } catch {
    return false;
  }
}

async function readBags(contents: DerElement, reading: Reading, nesting = 0): Promise<void> {
  for (const element of contents.list('SafeContents')) {
    const { oid, value, trusted, ...attributes } = readRawBag(element);
    switch (oid) {
      case OID.keyBag:
        add({ kind: 'key', secretPkcs8: value.raw, ...attributes }, reading);
        break;
      case OID.pkcs8ShroudedKeyBag: {
        const fields = value.sequence('EncryptedPrivateKeyInfo');
        const [algorithm, data] = [fields.next('encryptionAlgorithm'), fields.next('encryptedData')];
        fields.end();
        const secretPkcs8 = await decrypt(algorithm, data.octetString('encryptedData'), reading);
        add({ kind: 'key', secretPkcs8, ...attributes }, reading);
        break;
      }
      case OID.certBag: {
        const certificate = readCertBag(value);
        if (certificate) add({ kind: 'certificate', der: certificate, trusted, ...attributes }, reading);
        break;
      }
      case OID.safeContentsBag:
        if (nesting >= MAX_NESTING) throw codedError('DER_TOO_DEEP', 'the PKCS#12 file is nested too deep');
        await readBags(value, reading, nesting + 1);
        break;
      // Revocation lists and secrets of other programs are no concern of ours.
    }
  }
}

function add(bag: Pkcs12Bag, { bags }: Reading): void {
  if (bags.length >= MAX_BAGS)
    throw malformedPkcs12(`more than ${MAX_BAGS} keys and certificates`, { limit: MAX_BAGS });
  bags.push(bag);
}
