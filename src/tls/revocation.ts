import { codedError, type CodedError } from '../model/errors';
import { decodePem } from '../encoding/pem';
import type { Certificate } from '../pki/certificate';
import { readRevocationList, type RevocationList } from '../pki/revocation-list';
import { ago } from './duration-text';
import type { RevocationScope } from './tls-material';

/** Lists are read once, however many targets are judged by them: one of 10,000 entries takes tens of milliseconds. */
const readLists = new WeakMap<readonly string[], RevocationList[]>();

/**
 * Read revocation lists.
 *
 * @param pems one text each, which may hold several; the same array gives the same lists
 * @throws CRL_MALFORMED, PEM_*
 */
export function readRevocationLists(pems: readonly string[]): readonly RevocationList[] {
  let lists = readLists.get(pems);
  if (!lists) {
    lists = pems.flatMap((pem) =>
      decodePem(pem, { labels: ['X509 CRL'], what: 'a certificate revocation list' }).map((block) =>
        readRevocationList(block.bytes),
      ),
    );
    readLists.set(pems, lists);
  }
  return lists;
}

/**
 * Judge a chain by revocation lists.
 *
 * @param members from the leaf to the trust anchor; the anchor itself is not judged
 * @param scope see {@link RevocationScope}
 * @returns CERT_REVOKED, CRL_EXPIRED, CRL_ABSENT, or undefined when nothing is revoked
 */
export function judgeRevocation(
  members: readonly Certificate[],
  lists: readonly RevocationList[],
  scope: RevocationScope,
  now: number,
): CodedError | undefined {
  for (const [index, certificate] of members.entries()) {
    const issuer = members[index + 1] ?? (certificate.isSelfIssued ? undefined : certificate);
    if (!issuer || issuer === certificate) continue;
    const finding = judgeOne(certificate, issuer, lists, now);
    const isTolerated = finding?.code === 'CRL_ABSENT' && scope === 'listed-cas';
    if (finding && !isTolerated) return finding;
  }
  return undefined;
}

function judgeOne(
  certificate: Certificate,
  issuer: Certificate,
  lists: readonly RevocationList[],
  now: number,
): CodedError | undefined {
  const own = lists.filter((list) => list.isSignedBy(issuer));
  const list = own.toSorted((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime())[0];
  const facts = {
    subject: certificate.subjectText,
    serialNumber: certificate.serialNumber,
    issuer: issuer.subjectText,
  };
  if (!list) {
    return codedError(
      'CRL_ABSENT',
      `there is no revocation list of "${issuer.subjectText}", which issued "${certificate.subjectText}"`,
      facts,
      'Give the revocation list of every CA of the chain, or none at all',
    );
  }
  const entry = list.find(certificate.serialNumber);
  if (entry) {
    return codedError(
      'CERT_REVOKED',
      `the certificate "${certificate.subjectText}" (serial ${certificate.serialNumber}) was revoked on ${entry.revokedAt.toISOString()}`,
      { ...facts, revokedAt: entry.revokedAt.toISOString(), reason: entry.reason },
      'Issue the server a new certificate and let it load that',
    );
  }
  if (list.nextUpdate && list.nextUpdate.getTime() < now) {
    return codedError(
      'CRL_EXPIRED',
      `the revocation list of "${issuer.subjectText}" was due for renewal on ${list.nextUpdate.toISOString()}, ${ago(now - list.nextUpdate.getTime())} ago`,
      { issuer: issuer.subjectText, nextUpdate: list.nextUpdate.toISOString() },
      'Fetch the current revocation list from the CA; a CA of this package renews its list by itself while Node-RED runs',
    );
  }
  return undefined;
}
