import { codedError, type Warning } from '../model/errors';
import { readDer } from '../encoding/der-reader';
import { readName } from '../pki/distinguished-name-der';
import { alertOf, type Evidence } from './evidence';
import { chainMembers } from './chain-reading';
import { cipherSuiteName } from './cipher-suite';
import { diagnose, diagnoseChain, toWarning, type Diagnosis } from './diagnosis';
import type { Observation } from './observation';
import { spkiDigest } from './pin';
import { summarize, summarizeLeaf, type ExpiryVerdict, type ProbeReport, type Severity } from './probe-report';
import { formatTarget, verifiedName } from './target';
import {
  expiresFirst,
  expiryVerdict,
  nameVerdict,
  nodeVerdict,
  revocationVerdict,
  strictVerdict,
  toleratedFindings,
  type Thresholds,
} from './verdicts';

export interface ReportInput {
  observation: Observation;
  thresholds: Thresholds;
  revocationJudged: boolean;
  timings: ProbeReport['timings'];
}

/** Make the report from the evidence: diagnosis, verdicts, remarks, severity. */
export function composeReport({ observation, thresholds, revocationJudged, timings }: ReportInput): ProbeReport {
  const { evidence } = observation;
  const { chain, now, target } = evidence;
  const name = verifiedName(target);
  const members = chain ? chainMembers(chain) : [];
  const leafDer = chain?.sent[0]?.der;
  const expiry = expiryVerdict(members, thresholds, now);
  const diagnosis = diagnose(evidence);
  const warnings = remarks(evidence, expiry, diagnosis);
  const severity = severityOf(diagnosis, warnings, expiry);
  const [first] = warnings;
  return {
    ok: severity !== 'critical',
    severity,
    stage: diagnosis?.stage ?? 'done',
    code: diagnosis?.code ?? null,
    message: diagnosis?.message ?? first?.message ?? fine(expiry, chain?.leaf?.notAfter),
    fix: diagnosis?.fix ?? first?.hint ?? '',
    cause: diagnosis?.facts ?? first?.cause ?? {},
    target: formatTarget(target),
    servername: name,
    addresses: evidence.addresses,
    tls: describeTls(observation),
    leaf: chain?.leaf ? summarizeLeaf(chain.leaf, now) : null,
    chainSent: (chain?.sent ?? []).map(({ certificate, der, problem }) =>
      certificate ? summarize(certificate) : { problem: problem ?? '', bytes: der.length },
    ),
    chainBuilt: members.map(summarize),
    expiresFirst: expiresFirst(members),
    clientAuth: describeClientAuth(evidence, diagnosis),
    verdicts: {
      node: nodeVerdict(leafDer, observation.nodeProblem),
      strict: strictVerdict(chain, name, now),
      name: nameVerdict(chain?.leaf, name),
      expiry,
      revocation: revocationVerdict(revocationJudged && members.length > 0, evidence.revocationFinding),
    },
    changed: null,
    timings,
    evidence: {
      code: evidence.failure?.code || evidence.chainProblem?.code || null,
      reason: evidence.failure?.reason ?? evidence.failure?.message ?? null,
      alert: alertOf(evidence) ?? null,
    },
    warnings,
    spki256: chain?.leaf ? spkiDigest(chain.leaf.spki) : null,
    probedAt: new Date(now).toISOString(),
  };
}

/** What does not stop the connection. What is due comes first, because its words become the report's. */
function remarks(evidence: Evidence, expiry: ExpiryVerdict, diagnosis: Diagnosis | undefined): Warning[] {
  const found: Warning[] = [];
  if (expiry.code === 'CERT_EXPIRES_SOON') {
    found.push(
      codedError(
        'CERT_EXPIRES_SOON',
        expiry.message,
        {},
        'Renew it now and let the server load the new one',
      ).toWarning(),
    );
  }
  if (evidence.target.protocol === 'mqtt') {
    found.push(
      codedError(
        'MQTT_PLAIN',
        'the connection is not encrypted: everybody in between reads and changes messages and passwords',
        { target: formatTarget(evidence.target) },
        'Use mqtts:// with the TLS port of the broker (usually 8883)',
      ).toWarning(),
    );
  }
  if (evidence.material.verifyServer === false && evidence.step !== 'resolving') {
    const chain = diagnoseChain(evidence);
    if (chain) found.push(toWarning(chain));
  }
  const verified = diagnosis === undefined ? toleratedFindings(evidence.chain, evidence.flight.group) : [];
  return [...found, ...verified.filter((finding) => !found.some((other) => other.code === finding.code))];
}

function severityOf(diagnosis: Diagnosis | undefined, warnings: readonly Warning[], expiry: ExpiryVerdict): Severity {
  if (diagnosis || expiry.severity === 'critical') return 'critical';
  return warnings.length > 0 ? 'warning' : 'ok';
}

function fine(expiry: ExpiryVerdict, notAfter: Date | undefined): string {
  if (expiry.code === 'CERT_EXPIRED' || expiry.code === 'CERT_NOT_YET_VALID') return expiry.message;
  return notAfter ? `all is well; the certificate is valid until ${notAfter.toISOString()}` : 'all is well';
}

function describeTls({ evidence, tlsSocket }: Observation): ProbeReport['tls'] {
  const { version, cipherSuite, group, alpn } = evidence.flight;
  if (!version) return null;
  const negotiated = tlsSocket?.destroyed === false ? tlsSocket.getCipher()?.standardName : undefined;
  return {
    version,
    cipher: negotiated ?? cipherSuiteName(cipherSuite),
    group: group ?? null,
    alpn: alpn ?? null,
  };
}

function describeClientAuth(evidence: Evidence, diagnosis: Diagnosis | undefined): ProbeReport['clientAuth'] {
  const { certificateRequest } = evidence.flight;
  const requested = certificateRequest !== undefined;
  const sent = requested && evidence.material.identity !== undefined;
  const demanded = diagnosis?.code === 'TLS_CLIENT_CERT_REQUIRED';
  const settled = evidence.step === 'done' || evidence.greeting?.outcome === 'connack';
  return {
    requested,
    required: demanded
      ? true
      : !requested
        ? evidence.flight.complete
          ? false
          : null
        : !sent && settled
          ? false
          : null,
    acceptableCAs: (certificateRequest?.authorities ?? []).map(nameText),
    sent,
  };
}

function nameText(der: Buffer): string {
  try {
    return readName(readDer(der), 'acceptable CA').text;
  } catch {
    return `unreadable name of ${der.length} bytes`;
  }
}
