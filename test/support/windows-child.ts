// First: what follows takes its paths from there.
import './windows-path';
import { acquireAuthority } from '../../src/ca/authority-registry';
import { exportFolder } from '../../src/export/export-folder';
import { OutputFolder } from '../../src/store/output-folder';
import { authorityOptions, deviceRequest, nextProcess } from './test-authority';
import { WindowsFileSystem } from './windows-file-system';

/**
 * A process whose product code believes to run on Windows. What it did goes to standard output as JSON.
 */
const USER_DIR = 'C:\\Node-RED von Jürgen Müller\\data';

async function main(): Promise<unknown> {
  Object.defineProperty(process, 'platform', { value: 'win32' });

  const fs = new WindowsFileSystem();
  for (const part of ['C:\\Node-RED von Jürgen Müller', USER_DIR]) await fs.mkdir(part);
  const options = () =>
    authorityOptions({ fs, userDir: USER_DIR, folder: `${USER_DIR}\\pki\\ca`, processes: nextProcess() });

  const first = await acquireAuthority(options());
  const [issued] = await first.authority.issue([deviceRequest('dev01'), deviceRequest('con')]);
  await first.authority.revoke({ by: 'name', value: 'con' }, { reason: 'superseded' });
  const { fingerprint256 } = first.authority;
  await first.release();
  const second = await acquireAuthority(options());
  const reopened = second.authority.fingerprint256 === fingerprint256;
  const { total } = second.authority.list({});
  await second.release();

  const folder = exportFolder({ folder: 'export\\broker', layout: 'mosquitto' }, USER_DIR, [`${USER_DIR}\\pki\\ca`]);
  const written = await new OutputFolder(fs, folder, USER_DIR).write('ca.pem', 'x', { mode: 0o600 });
  const refusals: Record<string, string> = {};
  for (const name of ['..\\x.pem', 'C:\\x.pem', 'C:x.pem', 'nul', 'com1.pem', 'a.', 'a/../b', 'x'.repeat(300)]) {
    refusals[name.slice(0, 10)] = await codeOf(
      new OutputFolder(fs, folder, USER_DIR).write(name, 'x', { mode: 0o600 }),
    );
  }
  const intoCa = await codeOf(
    (async () => exportFolder({ folder: 'PKI\\..\\pki\\CA\\x', layout: 'pem' }, USER_DIR, [`${USER_DIR}\\pki\\ca`]))(),
  );
  const otherDrive = exportFolder({ folder: 'D:\\certs', layout: 'pem' }, USER_DIR, [`${USER_DIR}\\pki\\ca`]);
  const deep = `${folder}\\${'long'.repeat(40)}\\${'path'.repeat(40)}`;
  const longPath = await codeOf(new OutputFolder(fs, deep, USER_DIR).write('ca.pem', 'x', { mode: 0o600 }));
  const serialNumber = issued?.serialNumber ?? '';
  return {
    reopened,
    total,
    folder,
    written,
    refusals,
    intoCa,
    otherDrive,
    longPath,
    held: fs.held,
    refused: fs.refused,
    key: [...fs.files().keys()].some((name) => name.endsWith(`/pki/ca/private/${serialNumber}.key.pem`)),
    crLf: [...fs.files()].filter(([name, text]) => name.endsWith('.pem') && text.includes('\r')).map(([name]) => name),
    leftBehind: [...fs.files().keys()].filter((name) => name.endsWith('.tmp')),
  };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'accepted',
    (error: { code?: string }) => error.code ?? String(error),
  );
}

void main().then(
  (outcome) => process.stdout.write(JSON.stringify(outcome)),
  (error: unknown) => {
    process.stderr.write(error instanceof Error ? (error.stack ?? '') : String(error));
    process.exitCode = 1;
  },
);
