import type { NodeAPI } from 'node-red';
import { backupName } from '../ca/backup';
import { codedError } from '../model/errors';
import { SEALED_LIMIT } from '../encoding/sealed-message';
import { nodeFileSystem } from '../store/file-system';
import { keepUpload } from '../store/import-upload';
import { downloadAnswer, jsonAnswer, type Download } from './admin-answer';
import { guard, guardUpload, type Request } from './admin-guard';
import { authorityOf } from './authority-node';

const LONGEST_PASSPHRASE = 1_024;
/** Of what is uploaded; a backup of 10,000 devices has 10 MiB. */
const LARGEST_UPLOAD = Math.min(SEALED_LIMIT, 64 * 1024 * 1024);

/** Backup, passphrase and import of a CA; all of it takes the right to write. */
export function registerAuthorityKeeping(RED: NodeAPI): void {
  const app = RED.httpAdmin;
  const base = '/secure-mqtt/authorities/:id';

  app.post(
    `${base}/backup`,
    guard(RED, 'write'),
    downloadAnswer((req) => backup(RED, req)),
  );

  app.post(
    `${base}/passphrase`,
    guard(RED, 'write'),
    jsonAnswer((req) => changePassphrase(RED, req)),
  );

  app.post(
    '/secure-mqtt/imports',
    guardUpload(RED),
    jsonAnswer((req) => upload(RED, req)),
  );
}

/** @throws KEY_PASSPHRASE_WRONG, INPUT_PASSPHRASE, STORE_… */
async function backup(RED: NodeAPI, req: Request): Promise<Download> {
  const authority = await authorityOf(RED, String(req.params.id));
  const content = await authority.sealedBackup(secretOf(req, 'passphrase'));
  note(RED, req, 'backup');
  const name = backupName(authority.certificate.subject.commonName ?? '', new Date());
  return { name, type: 'application/pkcs7-mime', content };
}

/** @throws KEY_ENCRYPTED, KEY_PASSPHRASE_WRONG, INPUT_PASSPHRASE, STORE_… */
async function changePassphrase(RED: NodeAPI, req: Request) {
  const authority = await authorityOf(RED, String(req.params.id));
  const outcome = await authority.changePassphrase(secretOf(req, 'old'), secretOf(req, 'new'));
  note(RED, req, 'passphrase');
  return { outcome };
}

async function upload(RED: NodeAPI, req: Request) {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as unknown as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_UPLOAD) throw tooLarge(size);
    chunks.push(chunk);
  }
  const userDir = RED.settings.userDir ?? process.cwd();
  return { path: await keepUpload(nodeFileSystem, userDir, Buffer.concat(chunks), Date.now()) };
}

/** Never repeated in an error. */
function secretOf(req: Request, field: string): string {
  const given = (req.body as Record<string, unknown> | undefined)?.[field] ?? '';
  if (typeof given === 'string' && given.length <= LONGEST_PASSPHRASE) return given;
  throw codedError(
    'INPUT_PASSPHRASE',
    `the passphrase is no text of at most ${LONGEST_PASSPHRASE} characters`,
    { field },
    'Type a shorter passphrase',
  );
}

/** Who did it stands in Node-RED's audit log, which adds user and address. */
function note(RED: NodeAPI, req: Request, action: string): void {
  RED.log.audit({ event: `secure-mqtt.authority.${action}`, ca: req.params.id } as never, req);
}

function tooLarge(size: number) {
  return codedError(
    'STORE_TOO_LARGE',
    `the upload has more than the ${LARGEST_UPLOAD} bytes allowed`,
    { size, limit: LARGEST_UPLOAD },
    'Copy the file to the machine of Node-RED and write its path instead',
  );
}
