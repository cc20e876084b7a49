import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { encodePem } from '../encoding/pem';
import { DAY_MS } from '../model/duration';
import { secretStoredKeyPem } from '../pki/key-encryption';
import { Certificate } from '../pki/certificate';
import { secretPrivateKeyPem } from '../pki/private-key';
import { createRevocationList } from '../pki/revocation-list';
import { newSerialNumber } from '../pki/serial-number-source';
import { PUBLIC_FILE_MODE, SECRET_FILE_MODE, writeNewFile } from '../store/atomic-file';
import type { CaFolder } from '../store/ca-folder';
import { syncFolder } from '../store/folder';
import { formatIndexRow } from '../store/index-row';
import type { InventoryRecord } from '../store/inventory';
import { formatJournalRow } from '../store/journal-row';
import { FILE_CONCURRENCY, inParallel } from '../store/parallel';
import { wholeSeconds } from './authority-core';
import { openingFiles } from './authority-files';
import type { ImportChoice } from './import-choice';
import type { ImportOptions } from './import-plan';
import type { ImportedRecords } from './import-records';
import { CRL_BACKDATED_MS, formatCrlNumber } from './revocation-list-keeper';

const CERTIFICATE = 'CERTIFICATE';

interface Imported {
  choice: ImportChoice;
  records: ImportedRecords;
  /** Those above the CA, the root last. */
  chain: readonly Certificate[];
}

/** Write an imported CA into its empty folder, keys encrypted with the passphrase where there is one. */
export async function writeImported(folder: CaFolder, imported: Imported, options: ImportOptions): Promise<void> {
  const { choice, records, chain } = imported;
  const { certificate, secretKey } = choice;
  const { passphrase, random } = options;
  await folder.write('private/ca.key.pem', secretPrivateKeyPem(secretKey, passphrase));
  await writeCertificates(folder, imported, passphrase);
  const top = chain.at(-1);
  const root = top?.isSelfIssued ? top : undefined;
  const intermediates = chain.filter((one) => one !== root).map(({ pem }) => pem);
  const list = await firstList(imported, options);
  await folder.writeAll([
    ['ca.pem', certificate.pem],
    ['chain.pem', certificate.isSelfIssued ? '' : [certificate.pem, ...intermediates].join('')],
    ['trust.pem', (root ?? top ?? certificate).pem],
    ['index.txt', records.records.map(({ record }) => `${formatIndexRow(record)}\n`).join('')],
    ['serial', `${newSerialNumber(random)}\n`],
    ['crlnumber', formatCrlNumber(list.number + 1n)],
    ['crl.der', list.der],
    ['crl.pem', list.pem],
    ['journal.jsonl', journalOf(imported, options)],
    ...openingFiles(folder, certificate, options.settings),
  ]);
}

async function writeCertificates(
  folder: CaFolder,
  { choice, records: { records, twins, unlistable } }: Imported,
  passphrase: string | undefined,
): Promise<void> {
  await inParallel(records, FILE_CONCURRENCY, async ({ record, der }) => {
    if (!der) return;
    const { serialNumber, hasKey } = record;
    const pem = encodePem(CERTIFICATE, der);
    const secretKey = hasKey ? choice.secretKeys.get(Certificate.fromDer(der).spki.toString('hex'))?.key : undefined;
    if (secretKey) {
      const secretPem = await secretStoredKeyPem(secretKey, passphrase);
      await writeNewFile(folder.fs, folder.privateKeyPath(serialNumber), secretPem, { mode: SECRET_FILE_MODE });
    }
    await writeNewFile(folder.fs, folder.certificatePath(serialNumber), pem, { mode: PUBLIC_FILE_MODE });
  });
  await inParallel([...twins, ...unlistable], FILE_CONCURRENCY, async ({ serialNumber, der, pem }) => {
    const name = `${serialNumber.replace('-', 'minus')}-${createHash('sha256').update(der).digest('hex').slice(0, 16)}.pem`;
    await writeNewFile(folder.fs, join(folder.pathOf('imported'), name), pem, { mode: PUBLIC_FILE_MODE });
  });
  for (const name of ['private', 'certs', 'imported'] as const) await syncFolder(folder.fs, folder.pathOf(name));
}

/** Numbers go on where the CA was: verifiers that remember the last list would refuse an older one. */
async function firstList({ choice, records }: Imported, { settings, clock }: ImportOptions) {
  const now = wholeSeconds(clock);
  const number = records.crlNumber + 1n;
  const { certificate, secretKey: privateKey } = choice;
  const list = await createRevocationList({
    issuer: { certificate, privateKey },
    number,
    thisUpdate: new Date(now - CRL_BACKDATED_MS),
    nextUpdate: new Date(now + settings.crlDays * DAY_MS),
    revoked: records.records.flatMap(({ record: { serialNumber, revocation } }) => {
      return revocation ? [{ serialNumber, revokedAt: new Date(revocation.at), reason: revocation.reason }] : [];
    }),
  });
  return { ...list, number };
}

function journalOf({ choice, records }: Imported, { clock, nodeId, actor }: ImportOptions): string {
  const at = wholeSeconds(clock);
  const author = { node: nodeId, ...(actor && { actor }) };
  const { serialNumber } = choice.certificate;
  const rows = records.records.map(({ record }) =>
    formatJournalRow({
      ...{ at, event: 'imported', ...author },
      serialNumber: record.serialNumber,
      certificate: detailsOf(record),
    }),
  );
  return formatJournalRow({ at, event: 'created', ...author, serialNumber }) + rows.join('');
}

function detailsOf({ commonName, profile, keyType, subjectAltNames, notBefore, fingerprint256 }: InventoryRecord) {
  return { commonName, profile, keyType, subjectAltNames, notBefore, fingerprint256 };
}
