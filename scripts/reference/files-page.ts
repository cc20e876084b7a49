import { CA_FILES, CA_SUBFOLDERS } from '../../src/store/ca-folder';
import { REPLACEMENT_JOURNAL } from '../../src/store/file-replacement';
import { STATE_FOLDER } from '../../src/store/known-authorities';
import { PUBLIC_FILE_MODE, SECRET_FILE_MODE } from '../../src/store/atomic-file';
import { code, sentence, table } from './markdown';

/** What lies in the folders of a CA. */
const SUBFOLDERS: Readonly<Record<(typeof CA_SUBFOLDERS)[number], string>> = {
  private:
    'private keys: `ca.key.pem` of the CA, `ca-….key.pem` of its other keys during a replacement, `<serial>.key.pem`',
  certs: 'issued certificates, `<serial>.pem`',
  imported: 'certificates of an imported CA whose serial number another one has',
};

/** Files with many names, and those outside the CA folder. */
const OTHERS: readonly (readonly [path: string, what: string, mode: number])[] = [
  [
    '<folder>/private/<serial>.key.pem',
    'the private key of an issued certificate, PKCS#8, encrypted with the passphrase of the CA if it has one',
    SECRET_FILE_MODE,
  ],
  ['<folder>/certs/<serial>.pem', 'an issued certificate', PUBLIC_FILE_MODE],
  ['<folder>/lock', 'who has the CA open: host, boot, process; no part of a backup', SECRET_FILE_MODE],
  [
    `<userDir>/${STATE_FOLDER}/authorities.json`,
    'which CA lives in which folder, so that one that is gone is missed and not made anew',
    SECRET_FILE_MODE,
  ],
  [`<userDir>/${STATE_FOLDER}/state/<node id>.json`, 'what a tls watch has told already', SECRET_FILE_MODE],
  [
    `<export folder>/${REPLACEMENT_JOURNAL}`,
    'only while the files of a running broker are replaced: the way back after a crash',
    PUBLIC_FILE_MODE,
  ],
];

/** `docs/reference/files.md`: the files of a CA folder and what else is kept. */
export function filesPage(): string {
  const fixed = Object.entries(CA_FILES).map(([name, { what, mode, limit }]) => [
    code(name),
    sentence(what),
    octal(mode),
    size(limit),
  ]);
  const folders = CA_SUBFOLDERS.map((name) => [code(`${name}/`), sentence(SUBFOLDERS[name])]);
  const others = OTHERS.map(([path, what, mode]) => [code(path), sentence(what), octal(mode)]);
  return [
    INTRODUCTION,
    table(['file', 'what it is', 'mode', 'read up to'], fixed),
    table(['folder', 'what lies in it'], folders),
    OTHER_FILES,
    table(['file', 'what it is', 'mode'], others),
    TOOLS,
  ].join('\n');
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function size(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MB` : `${bytes / 1024} kB`;
}

const INTRODUCTION = `# Files

A CA is a folder (\`pki/<name>\` in the user directory of Node-RED unless another one was chosen), mode 0700. Nothing in it is a form of
our own that other tools cannot read: PEM, DER, JSON, and the database of \`openssl ca\`. Private keys are 0600. On Windows modes say
nothing: there the permissions of the user directory count.
`;

const OTHER_FILES = `## Files with many names, and files elsewhere
`;

const TOOLS = `## With other tools

While Node-RED is stopped \`openssl ca -config openssl.cnf -gencrl -out crl.pem\` and \`openssl ocsp -index index.txt\` work in the folder. While it runs only
read. A copy of the whole folder, made while Node-RED is stopped, is a backup; *Backup* in the dialog of the CA makes one while it runs.
Restore it whole: an old \`index.txt\` beside newer certificates forgets what was revoked.
`;
