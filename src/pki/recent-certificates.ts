import { createHash } from 'node:crypto';
import type { Certificate } from './certificate';

/**
 * Certificates as they were read before, the last ones that were shown. One that is shown again and again is read once,
 * and as it remembers who has signed it, its signature is verified once; dates and revocation are for the caller to judge
 * each time. It holds 4.5 kB each (measured), so only those of the own CA should be kept: others come in any number.
 */
export class RecentCertificates {
  /** By the SHA-256 of all bytes, newest last. */
  private readonly byDigest = new Map<string, Certificate>();

  constructor(private readonly most = 1_000) {}

  get size(): number {
    return this.byDigest.size;
  }

  /** @returns the one that was kept with exactly these bytes */
  recall(der: Uint8Array): Certificate | undefined {
    return this.byDigest.get(digestOf(der));
  }

  /** Keep it as the newest; of too many the one that was not shown for the longest is forgotten. */
  keep(certificate: Certificate): void {
    const digest = digestOf(certificate.der);
    this.byDigest.delete(digest);
    this.byDigest.set(digest, certificate);
    const [oldest] = this.byDigest.keys();
    if (this.byDigest.size > this.most && oldest !== undefined) this.byDigest.delete(oldest);
  }
}

function digestOf(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('base64');
}
