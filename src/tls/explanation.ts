import { codedError, isCodedError, type CodedError } from '../model/errors';
import { probe, type ProbeOptions } from './probe';
import type { ProbeReport } from './probe-report';
import type { Target } from './target';

/** Causes that the failed connection itself shows completely; a second look at the wire adds nothing. */
const CONCLUSIVE: ReadonlySet<string> = new Set([
  'NET_DNS',
  'NET_REFUSED',
  'NET_UNREACHABLE',
  'CERT_PIN_MISMATCH',
  'CERT_NAME_MISMATCH',
]);

/**
 * Say why a connection failed, in the words of tls-probe.
 *
 * A lasting connection does without the wire tap, so when it fails the server is looked at once more with the probe.
 * No credentials are given to that probe, and it stops after the handshake.
 *
 * @param error what `connectSecurely` threw or the stream emitted later (TLS 1.3 servers refuse a client certificate
 *   only after the handshake)
 * @returns the error with the cause the probe found; the given one when the probe found nothing wrong
 */
export async function explainFailure(
  error: unknown,
  target: Target,
  options: Pick<
    ProbeOptions,
    'material' | 'timeoutMs' | 'family' | 'clock' | 'resolve' | 'knownIntermediates' | 'signal'
  >,
): Promise<CodedError> {
  const known = isCodedError(error) ? error : undefined;
  if (known && (CONCLUSIVE.has(known.code) || !/^(NET|TLS|CERT|CRL)_/.test(known.code))) return known;
  try {
    const report = await probe(target, { ...options, mqtt: false });
    return reportError(report) ?? known ?? unexplained(error);
  } catch (problem) {
    return isCodedError(problem) ? problem : (known ?? unexplained(error));
  }
}

/** A report that says what is wrong, as an error with the same code and words; undefined for one that does not. */
export function reportError(report: ProbeReport): CodedError | undefined {
  if (report.code === null) return undefined;
  const { target, stage, evidence, cause } = report;
  return codedError(report.code, report.message, { ...cause, target, stage, evidence }, report.fix);
}

function unexplained(error: unknown): CodedError {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
  return codedError('NET_CLOSED', `the connection broke: ${message}`, { code }, 'See the log of the broker');
}
