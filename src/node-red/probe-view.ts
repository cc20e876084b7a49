import { daysRemaining, lifetimeUsed } from '../model/duration';
import { PROBE_STAGES, type ChainLink, type ProbeStage, type ProbeView, type StageOutcome } from '../model/probe-view';
import type { CertificateSummary, ProbeReport, UnreadableCertificate } from '../tls/probe-report';

/** Codes that mean: the issuer of the last certificate was neither sent nor is it trusted. */
const BREAKS: readonly (string | null)[] = [
  'CERT_ISSUER_UNKNOWN',
  'CERT_ISSUER_REPLACED',
  'CERT_CHAIN_INCOMPLETE',
  'CERT_ANCHOR_INCOMPLETE',
];

/** What exists only in an encrypted connection. */
const TLS_STAGES: readonly ProbeStage[] = ['tls', 'chain', 'identity', 'clientAuth'];

/** A report as a dialog shows it. */
export function probeView(report: ProbeReport): ProbeView {
  const { severity, code, message, fix, target, addresses, tls, clientAuth, warnings, timings } = report;
  const chain = chainLinks(report);
  return {
    severity,
    code,
    message,
    fix,
    target,
    addresses,
    stages: PROBE_STAGES.map((stage) => ({ stage, outcome: outcomeOf(stage, report) })),
    chain,
    unreadable: report.chainSent.filter(isUnreadable),
    brokenAt: BREAKS.includes(code) ? (report.chainBuilt.at(-1)?.issuer ?? null) : null,
    tls,
    clientAuth,
    mqtt: mqttOutcome(report),
    verdicts: (['node', 'strict', 'name', 'expiry', 'revocation'] as const).map((judge) => ({
      judge,
      ok: report.verdicts[judge].ok,
      message: report.verdicts[judge].message,
    })),
    warnings,
    totalMs: timings.totalMs,
  };
}

function outcomeOf(stage: ProbeStage, report: ProbeReport): StageOutcome {
  const { target, timings, clientAuth } = report;
  if (TLS_STAGES.includes(stage) && target.startsWith('mqtt://')) return 'skipped';
  if (report.stage === stage) return 'failed';
  const reached = report.stage === 'done' ? PROBE_STAGES.length : PROBE_STAGES.indexOf(report.stage);
  if (PROBE_STAGES.indexOf(stage) > reached) return 'unreached';
  const unasked = stage === 'mqtt' ? timings.mqttMs === null : stage === 'clientAuth' && !clientAuth.requested;
  return unasked ? 'skipped' : 'passed';
}

function mqttOutcome({ stage, timings }: ProbeReport): ProbeView['mqtt'] {
  if (stage === 'mqtt') return 'refused';
  if (stage !== 'done') return 'unreached';
  return timings.mqttMs === null ? 'skipped' : 'accepted';
}

/** The chain that was followed, then what was sent besides. */
function chainLinks({ chainSent, chainBuilt, code, cause, probedAt, verdicts }: ProbeReport): ChainLink[] {
  const sent = chainSent.filter((one): one is CertificateSummary => !isUnreadable(one));
  const isSent = ({ fingerprint256 }: CertificateSummary) => sent.some((one) => one.fingerprint256 === fingerprint256);
  const surplus = sent.filter(
    ({ fingerprint256 }, index) =>
      !chainBuilt.some((one) => one.fingerprint256 === fingerprint256) &&
      sent.findIndex((one) => one.fingerprint256 === fingerprint256) === index,
  );
  const now = Date.parse(probedAt);
  const link = (certificate: CertificateSummary, role: ChainLink['role']): ChainLink => {
    const { subject, issuer, serialNumber, notBefore, notAfter, keyType, fingerprint256, subjectAltNames } =
      certificate;
    return {
      role,
      subject,
      issuer,
      serialNumber,
      notBefore,
      notAfter,
      daysRemaining: daysRemaining(new Date(notAfter), now),
      lifetimeUsed: lifetimeUsed(new Date(notBefore), new Date(notAfter), now),
      keyType,
      fingerprint256,
      subjectAltNames,
      sent: isSent(certificate),
      // Who was not sent is in the chain because he is trusted; who was sent, because the whole chain holds.
      trusted: certificate === chainBuilt.at(-1) && (!isSent(certificate) || verdicts.node.ok === true),
      blamed: code !== null && cause.fingerprint256 === fingerprint256,
    };
  };
  return [
    ...chainBuilt.map((one, index) =>
      link(one, index === 0 ? 'leaf' : one.subject === one.issuer ? 'root' : 'intermediate'),
    ),
    ...surplus.map((one) => link(one, 'surplus')),
  ];
}

function isUnreadable(one: CertificateSummary | UnreadableCertificate): one is UnreadableCertificate {
  return 'problem' in one;
}
