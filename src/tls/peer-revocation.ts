import type { DetailedPeerCertificate } from 'node:tls';
import type { CodedError } from '../model/errors';
import { chainMembers, readChain } from './chain-reading';
import { judgeRevocation, readRevocationLists } from './revocation';
import type { TlsMaterial } from './tls-material';
import { trustedCertificates } from './trust';

/** OpenSSL follows at most 100; real chains have two to four. */
const LONGEST_CHAIN = 16;

/**
 * Judge the chain of a connection by the revocation lists of a material, in the scope that was asked for.
 *
 * @param peer the server's certificate with its issuers, as `getPeerCertificate(true)` and `checkServerIdentity` give it
 * @param now milliseconds since 1970
 * @returns CERT_REVOKED, CRL_EXPIRED, CRL_ABSENT, or undefined when nothing is revoked or the server is not verified
 * @throws CRL_MALFORMED, PEM_*
 */
export function judgePeerRevocation(
  peer: DetailedPeerCertificate,
  material: TlsMaterial,
  now: number,
): CodedError | undefined {
  const { crlPem = [], crlScope, verifyServer, trust } = material;
  if (!verifyServer || crlPem.length === 0) return undefined;
  const chain = readChain(verifiedChain(peer), trustedCertificates(trust), now);
  return judgeRevocation(chainMembers(chain), readRevocationLists(crlPem), crlScope, now);
}

/** The chain as Node verified it: each certificate names its issuer, the last one itself. */
function verifiedChain(peer: DetailedPeerCertificate): Buffer[] {
  const ders: Buffer[] = [];
  let next: DetailedPeerCertificate | undefined = peer;
  while (next?.raw && !ders.some((der) => der.equals(next?.raw as Buffer)) && ders.length < LONGEST_CHAIN) {
    ders.push(next.raw);
    next = next.issuerCertificate;
  }
  return ders;
}
