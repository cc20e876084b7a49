import { codedError, type Warning } from '../model/errors';
import { daysRemaining, dueAt, type RenewalThreshold } from '../model/duration';
import type { Certificate } from '../pki/certificate';
import { nameMatches, strictFindings } from '../pki/verification';
import { chainMembers, incompleteAnchor, type ChainReading } from './chain-reading';
import { weakness } from './diagnosis-rights';
import type { ExpiryVerdict, ProbeReport, Severity, StrictVerdict, Verdict } from './probe-report';
import { nameMismatch } from './server-identity';

const NOT_JUDGED: Verdict = { ok: null, code: null, message: '' };
const OK: Verdict = { ok: true, code: null, message: '' };

export interface Thresholds {
  warnBefore: RenewalThreshold;
  criticalBefore: RenewalThreshold;
}

export function nodeVerdict(leaf: unknown, problem: { code: string; message: string } | undefined): Verdict {
  if (problem) return { ok: false, code: problem.code, message: problem.message };
  return leaf ? OK : NOT_JUDGED;
}

/** As strict as `openssl verify -x509_strict` and Python from 3.13 on; needs a chain up to a trusted certificate. */
export function strictVerdict(chain: ChainReading | undefined, name: string, now: number): StrictVerdict {
  const [sent] = chain?.sent ?? [];
  if (!chain || !sent) return { ...NOT_JUDGED, findings: [] };
  const findings: Warning[] = endsOfChain(chain);
  if (chain.leaf) findings.push(...strictFindings(chainMembers(chain), { purpose: 'server', name, now }));
  const [first] = findings;
  return first ? { ok: false, code: first.code, message: first.message, findings } : { ...OK, findings };
}

/** What is wrong with the two ends of a chain: a certificate nobody can read, and no root that is trusted. */
function endsOfChain(chain: ChainReading): Warning[] {
  if (!chain.leaf) {
    const reason = chain.sent[0]?.problem ?? '';
    return [codedError('CERT_MALFORMED', `the certificate cannot be read: ${reason}`, { reason }).toWarning()];
  }
  if (!chain.anchor) {
    const issuer = chain.built.at(-1)?.issuerText;
    const message = 'the chain does not lead to a trusted certificate';
    return [codedError('CERT_ISSUER_UNKNOWN', message, { issuer }).toWarning()];
  }
  const incomplete = incompleteAnchor(chain);
  if (!incomplete) return [];
  const facts = { anchor: incomplete.subjectText, issuer: incomplete.issuerText };
  const message = `"${facts.anchor}" is trusted, but not "${facts.issuer}", which issued it`;
  return [codedError('CERT_ANCHOR_INCOMPLETE', message, facts).toWarning()];
}

export function nameVerdict(leaf: Certificate | undefined, name: string): Verdict {
  if (!leaf) return NOT_JUDGED;
  if (nameMatches(leaf, name)) return OK;
  const { code, message } = nameMismatch(leaf, name);
  return { ok: false, code, message };
}

export function revocationVerdict(judged: boolean, finding: { code: string; message: string } | undefined): Verdict {
  if (finding) return { ok: false, code: finding.code, message: finding.message };
  return judged ? OK : NOT_JUDGED;
}

/** The member that ends first, with its place in the built chain. */
export function expiresFirst(members: readonly Certificate[]): ProbeReport['expiresFirst'] {
  let found = -1;
  for (const [index, member] of members.entries()) {
    if (found < 0 || member.notAfter.getTime() < (members[found] as Certificate).notAfter.getTime()) found = index;
  }
  const first = members[found];
  return first ? { index: found, subject: first.subjectText, notAfter: first.notAfter.toISOString() } : null;
}

/**
 * Judge by dates alone, whatever else is wrong.
 *
 * A percentage counts from the lifetime of the server's certificate; for another member that ends earlier the same
 * number of days applies, because a tenth of a root's lifetime would be a year.
 */
export function expiryVerdict(members: readonly Certificate[], thresholds: Thresholds, now: number): ExpiryVerdict {
  const [leaf] = members;
  const first = members[expiresFirst(members)?.index ?? 0];
  if (!leaf || !first) return { ...NOT_JUDGED, severity: 'ok' };
  const end = first.notAfter;
  const what = first === leaf ? 'the certificate' : `"${first.subjectText}"`;
  if (end.getTime() < now) {
    return {
      ok: false,
      severity: 'critical',
      code: 'CERT_EXPIRED',
      message: `${what} expired on ${end.toISOString()}`,
    };
  }
  const early = members.find((member) => member.notBefore.getTime() > now);
  if (early) {
    const message = `"${early.subjectText}" is valid only from ${early.notBefore.toISOString()}`;
    return { ok: false, severity: 'critical', code: 'CERT_NOT_YET_VALID', message };
  }
  const severity = severityAt(leaf, end, thresholds, now);
  if (severity === 'ok') return { ...OK, severity };
  const days = daysRemaining(end, now);
  const message = `${what} expires in ${days} ${days === 1 ? 'day' : 'days'}, on ${end.toISOString()}`;
  return { ok: false, severity, code: 'CERT_EXPIRES_SOON', message };
}

function severityAt(leaf: Certificate, end: Date, { warnBefore, criticalBefore }: Thresholds, now: number): Severity {
  const isDue = (threshold: RenewalThreshold) => {
    const leadMs = leaf.notAfter.getTime() - dueAt(threshold, leaf.notBefore, leaf.notAfter).getTime();
    return now >= end.getTime() - leadMs;
  };
  if (isDue(criticalBefore)) return 'critical';
  return isDue(warnBefore) ? 'warning' : 'ok';
}

/** What Node accepts, but others do not (RFC 9525 for names; key sizes by NIST SP 800-57). */
export function toleratedFindings(chain: ChainReading | undefined, group?: string): Warning[] {
  const leaf = chain?.leaf;
  if (!chain || !leaf) return [];
  const findings: Warning[] = weakGroup(group);
  if (leaf.subjectAltNames.length === 0) {
    findings.push(
      codedError(
        'CERT_NO_SAN',
        `the certificate "${leaf.subjectText}" has no subjectAltName, only a common name`,
        { subject: leaf.subjectText },
        'Issue it again with its names as subjectAltName; Node still takes the common name, browsers, Go and many devices do not',
      ).toWarning(),
    );
  }
  for (const member of chainMembers(chain)) {
    const reason = weakness(member);
    if (!reason) continue;
    findings.push(
      codedError(
        'CERT_WEAK',
        `the certificate "${member.subjectText}" is weak: ${reason}`,
        { subject: member.subjectText, reason },
        'Issue it again with an EC P-256 or RSA-2048 key and SHA-256',
      ).toWarning(),
    );
  }
  return findings;
}

/** Logjam (CVE-2015-4000): 1024 bits were within reach of states in 2015. */
function weakGroup(group: string | undefined): Warning[] {
  const bits = Number(/^DH (\d+) bit$/.exec(group ?? '')?.[1] ?? Infinity);
  if (bits >= 2048) return [];
  const message = `the server uses Diffie-Hellman parameters of ${bits} bits`;
  return [codedError('CERT_WEAK', message, { group }, 'Remove the dhparamfile from the server').toWarning()];
}
