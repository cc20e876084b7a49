import assert from 'node:assert/strict';
import { acquireAuthority } from '../../../src/ca/authority-registry';
import { planImport } from '../../../src/ca/import-plan';
import { ExportRegister } from '../../../src/node-red/export-register';
import { readMemory } from '../../../src/node-red/watch-memory';
import { encodePem } from '../../../src/encoding/pem';
import { KnownAuthorities } from '../../../src/store/known-authorities';
import { signalReload } from '../../../src/store/pid-file';
import { StateFile } from '../../../src/store/state-file';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import type { SeededRandom } from '../../support/seeded-random';
import { authorityOptions, deviceRequest, nextProcess } from '../../support/test-authority';
import { changedDer } from '../der-mutations';
import type { Parser } from '../fuzzer';
import { changedJson, changedJsonLines } from '../json-mutations';
import { changedText } from '../text-mutations';

const FOLDER = '/user/pki/ca';
const KNOWN = '/user/.secure-mqtt/authorities.json';
/** Where an import copies from. */
const FOREIGN = '/media/openssl';
const NOTHING = /^none$/;
const STORE = 'STORE_[A-Z_]+';
const READING = 'PEM_[A-Z_]+|DER_[A-Z_]+|CERT_[A-Z_]+|CRL_[A-Z_]+|KEY_[A-Z_]+';

/** One file of a disk with another content. */
interface Damage {
  disk: number;
  path: string;
  content: string | Buffer;
}

interface Disks {
  /** A CA with devices, one revoked; and one that is being replaced by a new key. */
  authorities: MemoryDisk[];
  fingerprints: string[];
  /** A CA folder as `openssl ca` leaves it. */
  foreign: MemoryDisk;
}

const optionsFor = (fs: MemoryDisk) => ({ fs, clock: new MemoryClock(), processes: nextProcess() });

export async function makeDisks(): Promise<Disks> {
  const disks: Disks = { authorities: [], fingerprints: [], foreign: new MemoryDisk() };
  for (const steps of [[], ['introduce']] as const) {
    const disk = new MemoryDisk();
    const { authority, release } = await acquireAuthority(authorityOptions(optionsFor(disk)));
    await authority.issue(['dev01', 'dev02'].map((name) => deviceRequest(name, { storeKey: true })));
    await authority.revoke({ by: 'name', value: 'dev02' });
    for (const step of steps) await authority.takeStep(step);
    await release();
    disks.authorities.push(disk);
    disks.fingerprints.push(authority.fingerprint256);
  }
  for (const [path, content] of (disks.authorities[0] as MemoryDisk).files()) {
    // Without what only this package writes it is a folder of OpenSSL.
    if (!path.startsWith(FOLDER) || /ca\.json|journal|\.der$|lock/.test(path)) continue;
    disks.foreign.put(path.replace(FOLDER, FOREIGN), content);
  }
  return disks;
}

/** Another content in the form that the file has. */
function changedContent(
  path: string,
  content: string,
  others: readonly string[],
  random: SeededRandom,
): string | Buffer {
  if (random.below(20) === 0) return '';
  if (path.endsWith('.jsonl')) return changedJsonLines(content, random);
  if (/\.json$|lock$/.test(path)) return changedJson([content], random);
  if (path.endsWith('.pem') && random.below(2) === 0) {
    const [, label = 'CERTIFICATE', body = ''] = /-----BEGIN ([^-]+)-----([^-]+)-----END/.exec(content) ?? [];
    return encodePem(label, changedDer([Buffer.from(body, 'base64')], random));
  }
  return random.below(10) === 0 ? changedText(others, random) : changedText([content], random);
}

function damaged(disks: readonly MemoryDisk[], wanted: (path: string) => boolean, random: SeededRandom): Damage {
  const disk = random.below(disks.length);
  const files = [...(disks[disk] as MemoryDisk).files()].filter(([path]) => wanted(path));
  const [path, content] = files[random.below(files.length)] as [string, string];
  const others = files.map(([, text]) => text);
  return { disk, path, content: changedContent(path, content, others, random) };
}

function diskOf(disks: readonly MemoryDisk[], { disk, path, content }: Damage): MemoryDisk {
  const copy = (disks[disk] as MemoryDisk).copy();
  copy.put(path, content);
  return copy;
}

/** The readers of whole folders, of which one file is not as we wrote it, and of the files that remember something. */
export function folderParsers({ authorities, fingerprints, foreign }: Disks): Parser[] {
  const parsers = [
    {
      name: 'ca-folder',
      runs: 15,
      make: (random) => damaged(authorities, (path) => path.startsWith(FOLDER), random),
      read: async (input) => {
        const fs = diskOf(authorities, input);
        const options = authorityOptions(optionsFor(fs));
        const { authority, release } = await acquireAuthority(options);
        const { items } = authority.list();
        const { pem } = await authority.crl();
        await release();
        return { fingerprint256: authority.fingerprint256, items, pem, findings: authority.findings };
      },
      codes: new RegExp(`^(CA_[A-Z_]+|${STORE}|${READING})$`),
      // Never a new CA in the place of the old one.
      holds: ({ fingerprint256 }: { fingerprint256: string }, { disk }) =>
        assert.equal(fingerprint256, fingerprints[disk]),
    } satisfies Parser<Damage>,
    {
      name: 'known-authorities',
      runs: 30,
      make: (random) => damaged(authorities, (path) => path === KNOWN, random),
      read: async (input) => {
        const known = new KnownAuthorities(diskOf(authorities, input), '/user');
        const other = { fingerprint256: 'AA', nodeId: 'node1', createdAt: '2026-01-01T00:00:00Z' };
        await known.remember('/elsewhere', other, '/link');
        return [
          await known.get(FOLDER),
          await known.expected(FOLDER, FOLDER),
          await known.folderOf('node1'),
          await known.folders(),
        ];
      },
      codes: /^STORE_[A-Z_]+$/,
    } satisfies Parser<Damage>,
    {
      name: 'imported-folder',
      runs: 8,
      make: (random) => damaged([foreign], () => true, random),
      read: async (input) => {
        const fs = diskOf([foreign], input);
        const options = authorityOptions({ ...optionsFor(fs), importPath: FOREIGN });
        const { certificate, findings } = await planImport({ ...options, fs, clock: new MemoryClock() });
        return [certificate.subjectText, findings];
      },
      codes: new RegExp(`^(CA_[A-Z_]+|INPUT_(AMBIGUOUS|TOO_MANY)|${STORE}|${READING})$`),
    } satisfies Parser<Damage>,
    {
      name: 'imported-file',
      runs: 8,
      make: (random) => damaged([foreign], (path) => path.endsWith('.pem'), random),
      read: async (input) => {
        const fs = diskOf([foreign], input);
        const options = authorityOptions({ ...optionsFor(fs), importPath: input.path });
        const { certificate } = await planImport({ ...options, fs, clock: new MemoryClock() });
        return certificate.subjectText;
      },
      codes: new RegExp(`^(CA_[A-Z_]+|INPUT_(AMBIGUOUS|TOO_MANY)|${STORE}|${READING})$`),
    } satisfies Parser<Damage>,
    {
      name: 'node-state',
      runs: 40,
      make: (random) => changedJson([WATCHED], random),
      read: async (text) => {
        const fs = new MemoryDisk();
        fs.put('/user/.secure-mqtt/state/n1.json', text);
        return readMemory(await new StateFile(fs, '/user', 'n1').read(), 'AB');
      },
      codes: /^STORE_VERSION$/,
    } satisfies Parser<string>,
    {
      name: 'export-register',
      runs: 40,
      make: (random) => changedJson([EXPORTED], random),
      read: async (text) => {
        const fs = new MemoryDisk();
        fs.put('/user/.secure-mqtt/state/exports.json', text);
        const failures: unknown[] = [];
        const register = new ExportRegister(new StateFile(fs, '/user', 'exports'), (error) => failures.push(error));
        const certificate = { serialNumber: '0B', profile: 'device', commonName: 'x' };
        await register.add([certificate as never], '/out', 0);
        return { all: await register.all(), failures };
      },
      codes: NOTHING,
    } satisfies Parser<string>,
    {
      name: 'pid-file',
      runs: 40,
      make: (random) => changedText(['1234\n', '77\r\nmore'], random),
      read: async (text) => {
        const fs = new MemoryDisk();
        fs.put('/run/mosquitto.pid', text);
        let told = 0;
        await signalReload(fs, '/run/mosquitto.pid', (pid) => (told = pid));
        return told;
      },
      codes: /^(INPUT_CONFIG|STORE_TOO_LARGE)$/,
      // 0, -1 and 1 would be everybody's process.
      holds: (pid: number) => assert.ok(Number.isSafeInteger(pid) && pid > 1),
    } satisfies Parser<string>,
  ];
  return parsers as Parser[];
}

const WATCHED = JSON.stringify({
  version: 1,
  state: {
    ca: 'AB',
    mark: { count: 2, revoked: { '0A': 1 } },
    stages: { '0A': ['due', 5] },
    overdue: '',
    authorityExpiring: false,
  },
});
const EXPORTED = JSON.stringify({
  version: 1,
  state: { '["/out","device","x"]': { serialNumber: '0A', folder: '/out', at: '2026-01-01T00:00:00Z' } },
});
