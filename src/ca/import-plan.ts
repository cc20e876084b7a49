import { codedError, isCodedError, type Warning } from '../model/errors';
import { isSealedMessage } from '../encoding/sealed-message';
import { buildChain } from '../pki/chain';
import type { Certificate } from '../pki/certificate';
import type { CaFolder } from '../store/ca-folder';
import type { FileSystem } from '../store/file-system';
import { firstBytes } from '../store/bounded-file';
import { isFolder } from '../store/folder';
import { wholeSeconds } from './authority-core';
import type { AuthorityOptions } from './authority-options';
import { otherIssuer } from './authority-options';
import { planRestore } from './backup-restore';
import { planCopy } from './folder-copy';
import { chooseAuthority, type ImportChoice } from './import-choice';
import { importFindings } from './import-findings';
import { collectMaterial } from './import-material';
import { readImportedRecords } from './import-records';
import { writeImported } from './import-writing';

/** A CA that is to be taken over, judged to the end: nothing of it can be refused any more. */
export interface ImportPlan {
  certificate: Certificate;
  /** What its owner should know; kept in `ca.json`. */
  findings: Warning[];
  /** Write everything but `ca.json` into the folder, which is empty. */
  write(folder: CaFolder): Promise<void>;
}

/** What both ways of importing need. */
export interface ImportOptions extends AuthorityOptions {
  fs: FileSystem;
  clock: Required<AuthorityOptions>['clock'];
}

/**
 * Look at the place a CA is to be imported from and decide what becomes of it. The place is only read.
 *
 * | found there | becomes |
 * |---|---|
 * | a backup of this package, or a folder of it | the same CA with all it had |
 * | PEM or PKCS#12 file with key and certificate | the CA, with the issuers in the file |
 * | a certificate or key file | the CA, with the other half from around it |
 * | a folder (OpenSSL, easy-rsa, step, workshop script …) | the CA nearest to the top, with all it has issued |
 *
 * @throws INPUT_CONFIG (no path), STORE_…, KEY_…, CERT_ABSENT, CERT_NOT_A_CA, CERT_NOT_YET_VALID, CA_CORRUPT (index),
 *   CA_MISMATCH (issuer), P12_…, INPUT_AMBIGUOUS, INPUT_TOO_MANY
 */
export async function planImport(options: ImportOptions): Promise<ImportPlan> {
  const { importPath, fs } = options;
  if (!importPath) throw pathMissing();
  try {
    if (await isFolder(fs, importPath)) {
      const copy = await planCopy(importPath, options);
      if (copy) return copy;
    } else if (isSealedMessage(await firstBytes(fs, importPath, 64))) return await planRestore(importPath, options);
    return await planForeign(importPath, options);
  } catch (error) {
    if (!isCodedError(error)) throw error;
    throw codedError(error.code, error.message, { ...error.cause, importPath }, error.hint);
  }
}

async function planForeign(importPath: string, options: ImportOptions): Promise<ImportPlan> {
  const { passphrase, fs, issuer } = options;
  const now = wholeSeconds(options.clock);
  const material = await collectMaterial(fs, importPath, passphrase);
  const choice = await chooseAuthority(material, passphrase);
  const { certificate } = choice;
  // One that has ended comes in as well: with its key it can be renewed, and whoever trusts it by its key goes on (import-findings.ts).
  checkAuthority(choice, now);
  if (issuer && !issuer.hasIssued(certificate)) throw otherIssuer(importPath, certificate, issuer);
  const above = issuer ? [...issuer.chain, ...issuer.trustAnchors] : choice.authorities;
  const chain = buildChain(certificate, above, []).chain.slice(1);
  const records = await readImportedRecords(material, choice);
  const findings = await importFindings(material, choice, records, chain, now);
  return {
    certificate,
    findings,
    write: (folder) => writeImported(folder, { choice, records, chain }, options),
  };
}

function checkAuthority({ certificate }: ImportChoice, now: number): void {
  const { subjectText: subject, keyUsage, notBefore } = certificate;
  if (keyUsage && !keyUsage.includes('keyCertSign')) {
    throw codedError(
      'CERT_NOT_A_CA',
      `the CA certificate ${subject} may not sign certificates: its keyUsage is ${keyUsage.join(', ')}`,
      { subject, keyUsage },
      'A CA needs keyUsage keyCertSign; make a new CA',
    );
  }
  if (now < notBefore.getTime()) {
    throw codedError(
      'CERT_NOT_YET_VALID',
      `the CA certificate ${subject} is valid from ${notBefore.toISOString()}, it is ${new Date(now).toISOString()} now`,
      { subject, notBefore: notBefore.toISOString() },
      'Correct the clock of this machine (NTP), then deploy again',
    );
  }
}

function pathMissing() {
  return codedError(
    'INPUT_CONFIG',
    'there is no path to import the CA from',
    { field: 'importPath' },
    'Name the file or folder of the CA you have, or choose "create a new CA"',
  );
}
