import type { KeyObject } from 'node:crypto';
import type { Certificate } from '../pki/certificate';
import { keyIdentifier } from '../pki/public-key';

/**
 * `current` issues; `next` was introduced, is trusted and has a CRL, but issues nothing yet; `former` issues nothing any
 * more, but its certificates count and its CRL is kept up.
 */
export const GENERATION_ROLES = ['current', 'next', 'former'] as const;
export type GenerationRole = (typeof GENERATION_ROLES)[number];

/** A key of a CA with its certificate. Outside a replacement there is one, the current. */
export interface Generation {
  role: GenerationRole;
  certificate: Certificate;
  secretKey: KeyObject;
  /** Of a root that follows another: its key certified by the other one (RFC 4210 §4.4: "new with old"). */
  cross?: Certificate;
}

/** A certificate that this CA has or had. */
export interface Ancestor {
  /** Upper-case colon hex. */
  fingerprint256: string;
  /** Upper-case hex; see {@link keyIdOf}. */
  keyId: string;
}

/** The identifier of a CA's key as its leaves name it: upper-case hex. */
export function keyIdOf(certificate: Certificate): string {
  return (certificate.subjectKeyId ?? keyIdentifier(certificate.spki)).toString('hex').toUpperCase();
}

export function ancestorOf(certificate: Certificate): Ancestor {
  return { fingerprint256: certificate.fingerprint256, keyId: keyIdOf(certificate) };
}

/** The generation with a role; there is always a current one. */
export function generationOf(generations: readonly Generation[], role: 'current'): Generation;
export function generationOf(generations: readonly Generation[], role: GenerationRole): Generation | undefined;
export function generationOf(generations: readonly Generation[], role: GenerationRole): Generation | undefined {
  return generations.find((generation) => generation.role === role);
}

/** The roots that devices shall trust, the one that issues first. */
export function rootsOf(generations: readonly Generation[]): Certificate[] {
  return generations.map(({ certificate }) => certificate);
}

/**
 * What a server appends to a certificate below a root: nothing, or, as long as some trust only the former root, the new
 * key certified by the former one. Who trusts the new root already needs it not, and passes over it.
 */
export function crossChain(generations: readonly Generation[], issuer: Generation): Certificate[] {
  const isNeeded = issuer.cross && generations.some(({ role }) => role === 'former');
  return isNeeded && issuer.cross ? [issuer.cross] : [];
}
