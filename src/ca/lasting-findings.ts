import type { ErrorCode, Warning } from '../model/errors';
import type { AuthorityCore } from './authority-core';
import { keyIdOf } from './generation';

/** What is said of certificates that the imported key has issued. */
const ABOUT_ISSUED: readonly ErrorCode[] = [
  'CERT_SERIAL_DUPLICATE',
  'CERT_PURPOSE',
  'CERT_CONSTRAINT',
  'CERT_MALFORMED',
  'CERT_NOT_STRICT',
];
/** Place of the CA in the chain that an import judges: below it the trial certificate (import-findings.ts). */
export const OWN_INDEX = 1;

/**
 * What was found at the import and is still true. A renewal gives the CA a certificate without the faults of the old one;
 * with the key everything goes that it has issued.
 */
export function lastingFindings({ findings, ancestors, generations }: AuthorityCore): Warning[] {
  const [imported] = ancestors;
  const counts = generations.some(({ certificate }) => certificate.fingerprint256 === imported?.fingerprint256);
  if (counts) return [...findings];
  const hasKey = generations.some(({ certificate }) => keyIdOf(certificate) === imported?.keyId);
  return findings.filter(({ code, cause }) => {
    return cause.index !== OWN_INDEX && (hasKey || !ABOUT_ISSUED.includes(code) || cause.index !== undefined);
  });
}
