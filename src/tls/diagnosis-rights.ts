import type { ErrorFacts } from '../model/errors';
import type { Certificate } from '../pki/certificate';
import { isKnownExtension } from '../pki/extension-reader';
import { strictFindings } from '../pki/verification';
import { chainMembers, type ChainReading } from './chain-reading';
import { row, type DiagnosisRow } from './diagnosis-row';
import type { Evidence } from './evidence';

/** Node names these INVALID_PURPOSE, INVALID_CA, PATH_LENGTH_EXCEEDED or, mostly, UNSPECIFIED; the text has more. */
interface Said {
  code: string;
  message: string;
}

function rightsRow<F extends ErrorFacts>(
  code: DiagnosisRow['code'],
  recognise: (chain: ChainReading, said: Said, evidence: Evidence) => F | undefined,
  message: (facts: F) => string,
  fix: (facts: F) => string,
): DiagnosisRow {
  return row<F>({
    code,
    stage: 'chain',
    recognise: (e) => (e.chain && e.chainProblem ? recognise(e.chain, e.chainProblem, e) : undefined),
    message,
    fix,
  });
}

const WEAK_TEXT = /too (weak|small|short)|insecure|md.*weak/i;
const SMALLEST_RSA_BITS = 2048;

/** What a certificate is allowed to do, and what it is made of. */
export const RIGHTS_ROWS: DiagnosisRow[] = [
  rightsRow(
    'CERT_WEAK',
    (chain, said) => {
      const weak = chainMembers(chain)
        .map((member) => ({ member, reason: weakness(member) }))
        .find(({ reason }) => reason);
      const named = WEAK_TEXT.test(said.message);
      if (!named && !(weak && said.code === 'UNSPECIFIED')) return undefined;
      return { subject: (weak?.member ?? chain.leaf)?.subjectText ?? '', reason: weak?.reason ?? said.message };
    },
    (f) => `the certificate "${f.subject}" is too weak: ${f.reason}`,
    () => 'Issue it again with an EC P-256 or RSA-2048 key and SHA-256',
  ),
  rightsRow(
    'CERT_NOT_A_CA',
    (chain, said) => {
      const issuer = chainMembers(chain)
        .slice(1)
        .find((member) => !mayIssue(member));
      return issuer && /INVALID_CA|INVALID_PURPOSE|UNSPECIFIED|UNABLE_TO|PATH_LENGTH/.test(said.code)
        ? { subject: issuer.subjectText, keyUsage: issuer.keyUsage ?? [], ca: issuer.isCa }
        : undefined;
    },
    (f) =>
      f.ca
        ? `"${f.subject}" issued a certificate, but its keyUsage does not hold keyCertSign (it holds ${f.keyUsage.join(', ')})`
        : `"${f.subject}" issued a certificate, but is no CA certificate`,
    () =>
      'Issue the server certificate with a real CA certificate; a server or device certificate must not issue others',
  ),
  rightsRow(
    'CERT_PURPOSE',
    (chain, said) =>
      chain.leaf && (said.code === 'INVALID_PURPOSE' || /purpose/i.test(said.message))
        ? {
            subject: chain.leaf.subjectText,
            extendedKeyUsage: chain.leaf.extendedKeyUsage ?? [],
            keyUsage: chain.leaf.keyUsage ?? [],
          }
        : undefined,
    (f) =>
      f.extendedKeyUsage.length > 0 && !f.extendedKeyUsage.includes('serverAuth')
        ? `the certificate "${f.subject}" is for ${f.extendedKeyUsage.join(', ')}, not for a server (serverAuth)`
        : `the certificate "${f.subject}" is not for a server (keyUsage ${f.keyUsage.join(', ') || 'not given'})`,
    () => 'Issue the broker a certificate with the profile server; a client or device certificate does not do',
  ),
  rightsRow(
    'CERT_CONSTRAINT',
    (chain, said) => {
      const constraint = violated(chain, said);
      return constraint
        ? { constraint, subject: chain.leaf?.subjectText ?? '', said: said.message || said.code }
        : undefined;
    },
    (f) => `a constraint of the CA is violated for "${f.subject}": ${f.constraint}`,
    () => 'Issue the certificate so that it keeps to the limits of its CA, or use a CA without them',
  ),
  rightsRow(
    'CERT_SIGNATURE',
    (_chain, said) => (/^(CERT_SIGNATURE|UNABLE_TO_DEC)/.test(said.code) ? { said: said.code } : undefined),
    (f) => `the signature of a certificate in the chain is wrong (${f.said})`,
    () => 'The certificate was altered or damaged: issue it again',
  ),
  // Node names another reason, as OpenSSL 3.5 does for an extension that makes no sense: what we read ourselves.
  ...(['CERT_PURPOSE', 'CERT_NOT_A_CA', 'CERT_CONSTRAINT'] as const).map((code) =>
    rightsRow(
      code,
      (chain, said, { now }) => {
        const findings = strictFindings(chainMembers(chain), { purpose: 'server', now });
        const found = findings.find((finding) => finding.code === code);
        return found && { finding: found.message, mend: found.hint, said: said.code };
      },
      (f) => f.finding,
      (f) => f.mend,
    ),
  ),
  // Nothing above fits: tell what Node says rather than guess.
  rightsRow(
    'TLS_HANDSHAKE',
    (chain, said) => ({ said: said.code, text: said.message, subject: chain.leaf?.subjectText ?? '' }),
    (f) => `the certificate "${f.subject}" was refused: ${f.text || f.said}`,
    () => 'Issue the certificate again with the profile server',
  ),
];

function mayIssue(certificate: Certificate): boolean {
  // A v1 root that is itself trusted issues all the same (OpenSSL takes it).
  if (certificate.version === 1 && certificate.isSelfIssued) return true;
  return certificate.isCa && (certificate.keyUsage?.includes('keyCertSign') ?? true);
}

/** @returns why a certificate is weak, undefined when it is not */
export function weakness(certificate: Certificate): string | undefined {
  const bits = Number(/^rsa(?:-pss)?-(\d+)$/.exec(certificate.keyDescription)?.[1] ?? Infinity);
  if (bits < SMALLEST_RSA_BITS) return `an RSA key of ${bits} bits`;
  // The signature of a root is verified by nobody: it is trusted as it is.
  const counts = certificate.signatureAlgorithm.weak && !certificate.isSelfIssued;
  return counts ? `signed with ${certificate.signatureAlgorithm.name}` : undefined;
}

function violated(chain: ChainReading, { code, message }: Said): string | undefined {
  if (code === 'PATH_LENGTH_EXCEEDED' || /path length/i.test(message)) {
    const limited = chainMembers(chain).find((member) => member.basicConstraints?.pathLength !== undefined);
    return `more CAs below "${limited?.subjectText ?? ''}" than its path length ${limited?.basicConstraints?.pathLength ?? ''} allows`;
  }
  if (/subtree|name constraint/i.test(message)) return `the names are outside those the CA may issue (${message})`;
  const critical = chainMembers(chain)
    .flatMap((member) => member.extensions)
    .find((extension) => extension.critical && !isKnownExtension(extension.oid));
  if (/critical extension/i.test(message) || (critical && code === 'UNSPECIFIED')) {
    return `an unknown critical extension${critical ? ` (${critical.oid})` : ''}`;
  }
  if (code === 'UNSPECIFIED' && chainMembers(chain).some((member) => member.nameConstraints)) {
    return 'the names are outside those the CA may issue';
  }
  return undefined;
}
