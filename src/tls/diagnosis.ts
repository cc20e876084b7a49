import type { ErrorCode, ErrorFacts, Warning } from '../model/errors';
import { CHAIN_ROWS } from './diagnosis-chain';
import { CLIENT_CERTIFICATE_ROWS } from './diagnosis-client-certificate';
import { HANDSHAKE_ROWS } from './diagnosis-handshake';
import { IDENTITY_ROWS } from './diagnosis-identity';
import { MQTT_ROWS } from './diagnosis-mqtt';
import { CLOSED_LATE_ROWS, NETWORK_ROWS } from './diagnosis-network';
import { NODE_CODE_ROWS } from './diagnosis-node-code';
import { RIGHTS_ROWS } from './diagnosis-rights';
import { row, type DiagnosisRow, type Stage } from './diagnosis-row';
import { describeAlert } from './alert';
import { alertOf, cameTo, type Evidence } from './evidence';
import { formatTarget } from './target';

/** A cause with its mend. */
export interface Diagnosis {
  stage: Stage;
  code: ErrorCode;
  message: string;
  fix: string;
  facts: ErrorFacts;
}

/** Whatever no row above knows, told with all that is known. */
const FALLBACK_ROWS: DiagnosisRow[] = [
  row({
    code: 'TLS_HANDSHAKE',
    stage: (e) => (cameTo(e, 'greeting') ? 'mqtt' : 'tls'),
    recognise: (e) => {
      if (e.step === 'done') return undefined;
      const alert = alertOf(e);
      return {
        target: formatTarget(e.target),
        code: e.failure?.code ?? '',
        said:
          alert === undefined
            ? e.failure?.reason ||
              e.failure?.message ||
              (e.timedOut ? `no end within ${e.timeoutMs} ms` : 'the connection ended')
            : `the server answered ${describeAlert(alert)}`,
        version: e.flight.version ?? null,
      };
    },
    message: (f) => `the TLS handshake with ${f.target} failed: ${f.said}`,
    fix: () => 'See the log of the server; the evidence of the probe shows what was received',
  }),
];

/**
 * The whole table in its order. The first row that recognises its cause wins, so the plain ones stand before those
 * that would also fit, and a verified server stands before the client certificate and MQTT.
 */
export const DIAGNOSES: readonly DiagnosisRow[] = [
  ...NETWORK_ROWS,
  ...HANDSHAKE_ROWS,
  ...CHAIN_ROWS,
  ...RIGHTS_ROWS,
  ...IDENTITY_ROWS,
  ...CLIENT_CERTIFICATE_ROWS,
  ...CLOSED_LATE_ROWS,
  ...MQTT_ROWS,
  ...NODE_CODE_ROWS,
  ...FALLBACK_ROWS,
];

/**
 * Name the cause of what was seen.
 *
 * @returns undefined when the connection did what was asked of it
 */
export function diagnose(evidence: Evidence): Diagnosis | undefined {
  const tolerated = evidence.material.verifyServer === false;
  return firstOf(DIAGNOSES, tolerated ? { ...evidence, chainProblem: undefined } : evidence);
}

/** What is wrong with the server's chain, also when the connection was told not to mind. */
export function diagnoseChain(evidence: Evidence): Diagnosis | undefined {
  return firstOf([...CHAIN_ROWS, ...RIGHTS_ROWS], evidence);
}

export function toWarning({ code, message, fix, facts }: Diagnosis): Warning {
  return { code, message, hint: fix, cause: facts };
}

function firstOf(rows: readonly DiagnosisRow[], evidence: Evidence): Diagnosis | undefined {
  for (const { code, stage, recognise, message, fix } of rows) {
    const facts = recognise(evidence);
    if (!facts) continue;
    return {
      stage: typeof stage === 'function' ? stage(evidence) : stage,
      code,
      message: message(facts, evidence),
      fix: fix(facts, evidence),
      facts,
    };
  }
  return undefined;
}
