import type { CodedError } from '../model/errors';
import { row, type DiagnosisRow, type Stage } from './diagnosis-row';
import type { Evidence } from './evidence';

/** Findings that were made as errors already (the connection uses the same ones), passed on with their own words. */
function foundRow(code: DiagnosisRow['code'], stage: Stage, found: (evidence: Evidence) => CodedError | undefined) {
  return row({
    code,
    stage,
    recognise: (e) => (found(e)?.code === code ? found(e)?.cause : undefined),
    message: (_f, e) => found(e)?.message ?? '',
    fix: (_f, e) => found(e)?.hint ?? '',
  });
}

const revocation = (evidence: Evidence) => evidence.revocationFinding;
const identity = (evidence: Evidence) => evidence.identityFinding;

/** Name, pin and revocation; see `server-identity.ts` and `revocation.ts` for their texts. */
export const IDENTITY_ROWS: DiagnosisRow[] = [
  foundRow('CERT_REVOKED', 'chain', revocation),
  foundRow('CRL_EXPIRED', 'chain', revocation),
  foundRow('CRL_ABSENT', 'chain', revocation),
  foundRow('CRL_MALFORMED', 'chain', revocation),
  foundRow('CERT_PIN_MISMATCH', 'identity', identity),
  foundRow('CERT_NAME_MISMATCH', 'identity', identity),
  foundRow('CERT_MALFORMED', 'identity', identity),
];
