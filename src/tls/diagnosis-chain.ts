import type { ErrorCode, ErrorFacts } from '../model/errors';
import type { Certificate } from '../pki/certificate';
import {
  chainMembers,
  incompleteAnchor,
  misnamedIssuer,
  missingIntermediate,
  replacedAnchor,
  replacedIntermediate,
  topOf,
  type ChainReading,
} from './chain-reading';
import { row, type DiagnosisRow } from './diagnosis-row';
import { ago, DAY_MS } from './duration-text';
import type { Evidence } from './evidence';
import { describeTrust } from './trust';

interface Problem {
  code: string;
  message: string;
}

/** A row that needs Node's refusal of the chain and our own reading of it. */
function chainRow<F extends ErrorFacts>(
  code: ErrorCode,
  recognise: (chain: ChainReading, problem: Problem, evidence: Evidence) => F | undefined,
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

/** Which certificate of the chain a message is about, in words. */
function roleOf(chain: ChainReading, member: Certificate): string {
  if (member === chain.leaf) return "the server's certificate";
  return member === chain.anchor ? 'the trusted CA certificate' : 'the intermediate certificate';
}

function names(certificate: Certificate) {
  return {
    subject: certificate.subjectText,
    serialNumber: certificate.serialNumber,
    fingerprint256: certificate.fingerprint256,
  };
}

/** Causes that Node's code and the members' own fields show, dates first: they are what happens most. */
export const CHAIN_ROWS: DiagnosisRow[] = [
  row({
    code: 'CERT_MALFORMED',
    stage: 'chain',
    recognise: (e) => {
      const broken = e.chain?.sent.findIndex(({ certificate }) => certificate === undefined) ?? -1;
      const refused =
        e.step === 'handshake' && /ASN1|BAD_CERTIFICATE|X509|DECODE|UNABLE_TO_DECODE/.test(e.failure?.code ?? '');
      return broken >= 0 && (refused || e.chainProblem)
        ? { index: broken, reason: e.chain?.sent[broken]?.problem ?? e.failure?.message ?? '' }
        : undefined;
    },
    message: (f) => `certificate ${f.index} that the server sends cannot be read: ${f.reason}`,
    fix: () => 'Issue the certificate again with a current tool',
  }),
  chainRow(
    'CERT_SELF_SIGNED',
    (chain, problem) => (chain.leaf && problem.code === 'DEPTH_ZERO_SELF_SIGNED_CERT' ? names(chain.leaf) : undefined),
    (f) => `the server's certificate "${f.subject}" is signed by itself and not among the trusted ones`,
    () =>
      'Trust exactly this certificate (save it as CA file after comparing its fingerprint), or better issue the server a certificate with your CA',
  ),
  chainRow(
    'CERT_EXPIRED',
    (chain, problem, { now }) => {
      const member = chainMembers(chain).find((certificate) => certificate.notAfter.getTime() < now);
      if (!member || !/EXPIRED/.test(problem.code)) return undefined;
      const role = roleOf(chain, member);
      return {
        role,
        ...names(member),
        notAfter: member.notAfter.toISOString(),
        ago: ago(now - member.notAfter.getTime()),
      };
    },
    (f) => `${f.role} "${f.subject}" expired on ${f.notAfter}, ${f.ago} ago`,
    (f) =>
      f.role === "the server's certificate"
        ? "Renew the server's certificate and let the server load it; if it should still be valid, check the clock of this machine"
        : f.role === 'the trusted CA certificate'
          ? 'The CA itself is over: make a new one, issue the certificates again and give the new CA certificate to every client'
          : 'Renew the intermediate CA and let the server send the new one',
  ),
  chainRow(
    'CERT_NOT_YET_VALID',
    (chain, problem, { now }) => {
      const member = chainMembers(chain).find((certificate) => certificate.notBefore.getTime() > now);
      if (!member || problem.code !== 'CERT_NOT_YET_VALID') return undefined;
      const aheadMs = member.notBefore.getTime() - now;
      return {
        role: roleOf(chain, member),
        ...names(member),
        notBefore: member.notBefore.toISOString(),
        now: new Date(now).toISOString(),
        ahead: ago(aheadMs),
        clock: aheadMs < 2 * DAY_MS,
      };
    },
    (f) => `${f.role} "${f.subject}" is valid only from ${f.notBefore}, in ${f.ahead}; it is now ${f.now}`,
    (f) =>
      f.clock
        ? `A difference of ${f.ahead} mostly means a wrong clock: check date, time and time zone of this machine and of the one that issued the certificate (NTP)`
        : 'Check the date of this machine (a Raspberry Pi without network starts in the past); else wait or issue the certificate again',
  ),
  chainRow(
    'CERT_ISSUER_REPLACED',
    (chain) => {
      const anchor = replacedAnchor(chain);
      const top = topOf(chain);
      return anchor && top
        ? {
            issuer: anchor.subjectText,
            trusted: anchor.fingerprint256,
            since: anchor.notBefore.toISOString(),
            // A certificate is never valid before its CA, so an older one has an older CA.
            before: top.notBefore < anchor.notBefore,
          }
        : undefined;
    },
    (f) =>
      f.before
        ? `the certificate was issued by a CA called "${f.issuer}" before the trusted CA of that name was created again (valid from ${f.since})`
        : `the certificate was issued by a CA called "${f.issuer}", but the trusted CA of that name has another key`,
    () =>
      'The CA was made again (or there are two of the same name). Issue the server certificate again with the CA that is trusted here, or copy the CA certificate the server was made with to this side',
  ),
  chainRow(
    'CERT_ISSUER_REPLACED',
    (chain) => {
      const intermediate = replacedIntermediate(chain);
      return intermediate ? { issuer: intermediate.subjectText, sent: intermediate.fingerprint256 } : undefined;
    },
    (f) =>
      `the server sends an intermediate "${f.issuer}" that has another key than the one that issued its certificate`,
    () =>
      'Let the server send the intermediate its certificate was issued by; certificate and chain belong to different days',
  ),
  chainRow(
    'CERT_ISSUER_UNKNOWN',
    (chain, problem) => {
      const found = /^UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)/.test(problem.code) ? misnamedIssuer(chain) : undefined;
      return found && { subject: found.certificate.subjectText, mismatch: found.mismatch };
    },
    (f) => `"${f.subject}" ${f.mismatch}`,
    () =>
      'The certificate of the CA was renewed with other identifiers: issue what it signed again, or trust the CA certificate it was issued with',
  ),
  chainRow(
    'CERT_ANCHOR_INCOMPLETE',
    (chain, problem) => {
      const anchor = incompleteAnchor(chain);
      const isThat = anchor && /^UNABLE_TO_(GET_ISSUER_CERT|VERIFY_LEAF)/.test(problem.code);
      return isThat ? { anchor: anchor.subjectText, issuer: anchor.issuerText } : undefined;
    },
    (f) => `only the intermediate "${f.anchor}" is trusted, not the root "${f.issuer}" that issued it`,
    (f) => `Put the certificate of the root "${f.issuer}" into the CA file (in place of the intermediate or beside it)`,
  ),
  chainRow(
    'CERT_CHAIN_INCOMPLETE',
    (chain) => {
      const found = missingIntermediate(chain);
      return found ? { ...found, certificate: topOf(chain)?.subjectText ?? '', sent: chain.sent.length } : undefined;
    },
    (f) => `the server does not send the intermediate certificate "${f.missing}", which issued "${f.certificate}"`,
    () =>
      "Let the server send its certificate followed by the intermediate: with Mosquitto put both into certfile (the fullchain file), the server's own first",
  ),
  chainRow(
    'CERT_ISSUER_UNKNOWN',
    (chain, problem, { material }) => {
      const top = topOf(chain);
      const unknown =
        !chain.anchor &&
        /^(UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|SELF_SIGNED_CERT_IN_CHAIN|CERT_UNTRUSTED)/.test(problem.code);
      if (!top || !unknown) return undefined;
      return {
        issuer: top.issuerText,
        authorityKeyId: top.authorityKeyId?.toString('hex').toUpperCase() ?? null,
        trusted: chain.anchors.length > 10 ? [] : chain.anchors.map((anchor) => anchor.subjectText),
        trust: describeTrust(material.trust),
      };
    },
    (f) =>
      `the server's certificate comes from "${f.issuer}", trusted is ${f.trusted.length > 0 ? f.trusted.map((name) => `"${name}"`).join(', ') : f.trust}`,
    (f) =>
      `Give the certificate of "${f.issuer}" as CA, if that is the CA of your broker; otherwise you are talking to another server`,
  ),
];
