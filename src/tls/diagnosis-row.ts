import type { ErrorCode, ErrorFacts } from '../model/errors';
import type { Evidence } from './evidence';

/** Where on the way to a working connection something is wrong. */
export const STAGES = ['dns', 'tcp', 'tls', 'chain', 'identity', 'clientAuth', 'mqtt', 'done'] as const;

export type Stage = (typeof STAGES)[number];

/** One line of the table: how a cause is recognised and what is said about it. */
export interface DiagnosisRow {
  code: ErrorCode;
  stage: Stage | ((evidence: Evidence) => Stage);
  /** The facts when this is the cause, else undefined. */
  recognise(evidence: Evidence): ErrorFacts | undefined;
  /** What is wrong with the values; no capital, no period. */
  message(facts: ErrorFacts, evidence: Evidence): string;
  /** How to mend it, for somebody who does it for the first time. */
  fix(facts: ErrorFacts, evidence: Evidence): string;
}

/** A row with typed facts; the table itself need not know them. */
export function row<F extends ErrorFacts>(typed: {
  code: ErrorCode;
  stage: DiagnosisRow['stage'];
  recognise(evidence: Evidence): F | undefined;
  message(facts: F, evidence: Evidence): string;
  fix(facts: F, evidence: Evidence): string;
}): DiagnosisRow {
  return typed as unknown as DiagnosisRow;
}
