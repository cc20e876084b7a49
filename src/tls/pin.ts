import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto';
import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';

/** A promise about the server's own certificate that holds whatever CAs say. */
export interface Pin {
  /** `cert`: the whole certificate; `spki`: its public key, which survives a renewal with the same key. */
  kind: 'cert' | 'spki';
  /** SHA-256, 32 bytes. */
  digest: Buffer;
}

const HINT =
  'Write cert: and the 64 hex digits of the SHA-256 fingerprint, or spki: and the base64 SHA-256 of the public key; several are separated by commas';
const MOST_PINS = 50;

/**
 * Read the pins of a setting.
 *
 * @param text `cert:<64 hex, colons allowed>` or `spki:<base64>` (curl's `sha256//<base64>` too), separated by
 *   commas, spaces or lines; empty: no pin
 * @throws INPUT_PIN
 */
export function parsePins(text: string | undefined): Pin[] {
  const items = (text ?? '').split(/[\s,;]+/).filter((item) => item !== '');
  if (items.length > MOST_PINS) {
    throw codedError('INPUT_PIN', `${items.length} pins given, at most ${MOST_PINS} are taken`, {
      found: items.length,
    });
  }
  // Only separators: what stood between them came to nothing, which is not "no pin".
  if (items.length === 0 && text?.trim()) {
    throw codedError('INPUT_PIN', `${shownValue(text)} holds no pin`, { pin: shownValue(text) }, HINT);
  }
  return items.map(parsePin);
}

function parsePin(text: string): Pin {
  const [, kind = '', value = ''] = /^(cert:|spki:|sha256\/\/)(.*)$/i.exec(text) ?? [];
  if (kind.toLowerCase() === 'cert:') {
    const hex = value.replaceAll(':', '');
    if (/^[0-9a-f]{64}$/i.test(hex)) return { kind: 'cert', digest: Buffer.from(hex, 'hex') };
  } else if (kind !== '' && /^[A-Za-z0-9+/_-]{43}=?$/.test(value)) {
    return { kind: 'spki', digest: Buffer.from(value, 'base64') };
  }
  throw codedError('INPUT_PIN', `${shownValue(text)} is not a pin`, { pin: shownValue(text) }, HINT);
}

/** The pin as it is written in settings and messages. */
export function formatPin(pin: Pin): string {
  return pin.kind === 'cert' ? `cert:${pin.digest.toString('hex')}` : `spki:${pin.digest.toString('base64')}`;
}

/** SHA-256 over a SubjectPublicKeyInfo, base64: the value of an spki pin. */
export function spkiDigest(spki: Buffer): string {
  return sha256(spki).toString('base64');
}

/** Both pins of a certificate, for messages that show what would match. */
export function pinsOf(der: Buffer): { cert: Pin; spki?: Pin } {
  const cert: Pin = { kind: 'cert', digest: sha256(der) };
  try {
    const spki = new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' });
    return { cert, spki: { kind: 'spki', digest: sha256(spki) } };
  } catch {
    return { cert }; // a key that OpenSSL cannot read matches no spki pin
  }
}

/**
 * @param der the server's own certificate
 * @param pins at least one must match; an empty list demands nothing
 */
export function matchesPin(der: Buffer, pins: readonly Pin[]): boolean {
  if (pins.length === 0) return true;
  const own = pinsOf(der);
  return pins.some((pin) => {
    const digest = own[pin.kind]?.digest;
    return digest !== undefined && digest.length === pin.digest.length && timingSafeEqual(digest, pin.digest);
  });
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
