import { join } from 'node:path';
import type { CertificateAuthority } from '../ca/certificate-authority';
import type { IssuedCertificate } from '../ca/issue-request';
import { codedError, isCodedError, type CodedError } from '../model/errors';
import type { Clock } from '../model/clock';
import { buildChain } from '../pki/chain';
import { keyBelongsTo } from '../pki/private-key';
import { PEM_FILE_LIMIT, readBoundedIfThere } from '../store/bounded-file';
import { FileReplacement, recoverReplacement } from '../store/file-replacement';
import type { FileSystem } from '../store/file-system';
import type { OutputFolder } from '../store/output-folder';
import type { ProbeReport } from '../tls/probe-report';
import type { ExportFile, ExportPlan } from './export-plan';

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
 *   file. After all of them the old files are in place, or the message says that they could not be put back;
 *   `cause.restored` says whether the broker serves again
 */
export async function replaceBrokerFiles(
  { files }: ExportPlan,
  server: IssuedCertificate,
  authority: Pick<CertificateAuthority, 'trustAnchors' | 'statusOf'>,
  options: ReplacementOptions,
): Promise<ReplacedCertificate> {
  checkServer(server, authority, options.clock.now());
  const { fs, output } = options;
  const before = await options.look();
  const result = {
    serialNumber: server.serialNumber,
    previous: before.leaf?.serialNumber ?? null,
    target: before.target,
  };
  await recoverReplacement(fs, output.folder);
  if (isServed(server, before) && (await isInPlace(fs, output.folder, files))) return { ...result, proved: true };
  const replacement = await FileReplacement.begin(fs, output, files);
  if (!replacement.replaces) {
    await replacement.keep();
    return { ...result, proved: false };
  }
  try {
    await options.reload('replaced');
    await provedBy(server, options);
    await replacement.keep();
    return { ...result, proved: true };
  } catch (error) {
    throw await putBack(error, replacement, options);
  }
}

/**
 * Whether that very certificate is served, and not one of somebody else with its serial number. Everybody has the certificate;
 * that its key is there too shows the handshake.
 */
function isServed({ certificate }: IssuedCertificate, { leaf, code }: ProbeReport): boolean {
  return leaf?.fingerprint256 === certificate.fingerprint256 && code !== 'TLS_HANDSHAKE';
}

/** Whether everything that would be written is there already: an export that is repeated disturbs no broker. */
async function isInPlace(fs: FileSystem, folder: string, files: readonly ExportFile[]): Promise<boolean> {
  for (const { name, content } of files) {
    const limit = Math.max(content.length, PEM_FILE_LIMIT);
    const found = await readBoundedIfThere(fs, join(folder, name), { limit, what: 'a file of the export' });
    if (!found?.equals(content)) return false;
  }
  return true;
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
async function provedBy(server: IssuedCertificate, { clock, patienceMs, look }: ReplacementOptions): Promise<void> {
  const wanted = server.serialNumber;
  const patience = patienceOf(clock, patienceMs);
  for (;;) {
    const report = await look();
    if (isServed(server, report)) return patience.end();
    if (!patience.isOver) {
      await pause(clock, LOOK_AGAIN_MS);
      continue;
    }
    const { leaf, code, message, fix, target } = report;
    if (!leaf || code === 'TLS_HANDSHAKE') {
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

/** Put the old files back; returns the error with what became of it. */
async function putBack(error: unknown, replacement: FileReplacement, options: ReplacementOptions): Promise<unknown> {
  try {
    await replacement.rollBack();
  } catch (failure) {
    // The broker is not told: it would read a certificate beside a foreign key.
    const { message, hint } = failure as CodedError;
    return withOutcome(error, false, `the old files could not be put back: ${message}`, `${NEXT_TIME}. ${hint}`);
  }
  const restored = await isBack(options);
  const after = restored ? 'the broker serves with them' : 'but the broker does not answer';
  return withOutcome(error, restored, `the old files were put back, ${after}`);
}

const NEXT_TIME = 'They lie beside the new ones as .<name>.previous; the next export or restart puts them back';

/** Whether the broker is there again after the old files were put back. */
async function isBack({ clock, patienceMs, look, reload }: ReplacementOptions): Promise<boolean> {
  try {
    await reload('put back');
    const patience = patienceOf(clock, patienceMs);
    while (!(await look()).leaf) {
      if (patience.isOver) return false;
      await pause(clock, LOOK_AGAIN_MS);
    }
    patience.end();
    return true;
  } catch {
    return false;
  }
}

function withOutcome(error: unknown, restored: boolean, outcome: string, hint?: string): unknown {
  if (!isCodedError(error)) return error;
  return codedError(error.code, `${error.message}; ${outcome}`, { ...error.cause, restored }, hint ?? error.hint);
}

/** Measured by a timer: the clock may be set meanwhile. */
function patienceOf(clock: Clock, patienceMs: number) {
  const patience = { isOver: false, end: () => timer.cancel() };
  const timer = clock.setTimer(patienceMs, () => (patience.isOver = true));
  return patience;
}

function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(delayMs, resolve));
}
