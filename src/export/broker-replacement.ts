import type { CertificateAuthority } from '../ca/certificate-authority';
import type { IssuedCertificate } from '../ca/issue-request';
import { codedError, isCodedError, type CodedError } from '../model/errors';
import type { Clock } from '../model/clock';
import { buildChain } from '../pki/chain';
import { keyBelongsTo } from '../pki/private-key';
import { FileReplacement } from '../store/file-replacement';
import type { FileSystem } from '../store/file-system';
import type { OutputFolder } from '../store/output-folder';
import type { ProbeReport } from '../tls/probe-report';
import type { ExportPlan } from './export-plan';

/** Time between two looks at the broker. */
const LOOK_AGAIN_MS = 500;

/** What the replacement asks of the world around it. */
export interface ReplacementOptions {
  fs: FileSystem;
  output: OutputFolder;
  /** Tell the broker to read its files again. */
  reload(reason: 'replaced' | 'put back'): Promise<void>;
  /** What the broker serves now; never rejects for what the broker does. */
  look(): Promise<ProbeReport>;
  /** How long the broker may take until it serves the new certificate. */
  patienceMs: number;
  clock: Clock;
}

/** What became of a replacement. */
export interface ReplacedCertificate {
  /** Upper-case hex. */
  serialNumber: string;
  /** What the broker served before; null when nothing was served. */
  previous: string | null;
  /** False for the first export into a folder: there was no broker to ask. */
  proved: boolean;
  target: string;
}

/**
 * Replace the files of a running broker so that it goes on serving, whatever happens: check the new ones, write them
 * beside the old ones, rename, reload, and ask the broker for its certificate. Unless that is the new one, the old files are put
 * back exactly as they were and the broker is told again.
 *
 * Mosquitto must never see a certificate beside a foreign key: until the next good pair it refuses everybody (FACTS §4).
 *
 * @param server the certificate that the broker shall serve
 * @throws KEY_ABSENT, KEY_MISMATCH, CERT_EXPIRED, CERT_REVOKED, CERT_ISSUER_UNKNOWN before anything is touched; CERT_SUPERSEDED when the
 *   broker goes on serving another certificate; the codes of a probe when it serves none; STORE_*, INPUT_CONFIG of the pid
 *   file. After all of them the old files are in place; `cause.restored` says whether the broker serves again
 */
export async function replaceBrokerFiles(
  { files }: ExportPlan,
  server: IssuedCertificate,
  authority: Pick<CertificateAuthority, 'trustAnchors' | 'statusOf'>,
  options: ReplacementOptions,
): Promise<ReplacedCertificate> {
  checkServer(server, authority, options.clock.now());
  const before = await options.look();
  const replacement = await FileReplacement.begin(options.fs, options.output, files);
  const result = {
    serialNumber: server.serialNumber,
    previous: before.leaf?.serialNumber ?? null,
    target: before.target,
  };
  if (!replacement.replaces) {
    await replacement.keep();
    return { ...result, proved: false };
  }
  try {
    await options.reload('replaced');
    await provedBy(server.serialNumber, options);
    await replacement.keep();
    return { ...result, proved: true };
  } catch (error) {
    await replacement.rollBack();
    throw withOutcome(error, await served(options));
  }
}

/** Nothing is given to a broker that its clients would refuse. */
function checkServer(
  { certificate, chain, commonName, serialNumber, secretPrivateKey: key }: IssuedCertificate,
  authority: Pick<CertificateAuthority, 'trustAnchors' | 'statusOf'>,
  now: number,
): void {
  const facts = { serialNumber, commonName };
  const about = `the certificate "${commonName}" (serial ${serialNumber})`;
  if (!key) {
    throw codedError(
      'KEY_ABSENT',
      `${about} has no private key here`,
      facts,
      'Send the output of tls-issue with its key',
    );
  }
  if (!keyBelongsTo(key, certificate)) {
    throw codedError(
      'KEY_MISMATCH',
      `the private key does not belong to ${about}`,
      facts,
      'Issue the certificate again',
    );
  }
  if (authority.statusOf(serialNumber) === 'revoked') {
    throw codedError('CERT_REVOKED', `${about} is revoked`, facts, 'Issue the broker a new certificate');
  }
  if (certificate.notAfter.getTime() < now) {
    const notAfter = certificate.notAfter.toISOString();
    throw codedError('CERT_EXPIRED', `${about} expired on ${notAfter}`, { ...facts, notAfter }, 'Renew it first');
  }
  if (!buildChain(certificate, chain, authority.trustAnchors).anchor) {
    throw codedError('CERT_ISSUER_UNKNOWN', `${about} does not lead to the root of this CA`, facts, 'Choose its CA');
  }
}

/** Resolves when the broker serves the certificate; @throws when it does not in time. */
async function provedBy(wanted: string, options: ReplacementOptions): Promise<void> {
  const { clock, patienceMs, look } = options;
  const end = clock.now() + patienceMs;
  for (;;) {
    const { leaf, code, message, fix, target } = await look();
    if (leaf?.serialNumber === wanted) return;
    if (clock.now() < end) {
      await pause(clock, LOOK_AGAIN_MS);
      continue;
    }
    if (!leaf) {
      throw codedError(
        code ?? 'TLS_HANDSHAKE',
        `${target} did not come back with the new certificate: ${message}`,
        { target, expected: wanted, served: null },
        fix || 'Look at the log of the broker',
      );
    }
    throw codedError(
      'CERT_SUPERSEDED',
      `${target} still serves serial ${leaf.serialNumber} after it was told to reload, expected ${wanted}`,
      { target, expected: wanted, served: leaf.serialNumber },
      'Does the broker read the files of this folder, may its user read them, and does the reload reach it? Its log tells',
    );
  }
}

/** Whether the broker is there again after the old files were put back. */
async function served(options: ReplacementOptions): Promise<boolean> {
  try {
    await options.reload('put back');
    const end = options.clock.now() + options.patienceMs;
    for (;;) {
      if ((await options.look()).leaf) return true;
      if (options.clock.now() >= end) return false;
      await pause(options.clock, LOOK_AGAIN_MS);
    }
  } catch {
    return false;
  }
}

function withOutcome(error: unknown, restored: boolean): unknown {
  if (!isCodedError(error)) return error;
  const after = restored ? 'the broker serves with them' : 'but the broker does not answer';
  const told: CodedError = codedError(
    error.code,
    `${error.message}; the old files were put back, ${after}`,
    { ...error.cause, restored },
    error.hint,
  );
  return told;
}

function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(delayMs, resolve));
}
