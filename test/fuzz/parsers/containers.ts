import assert from 'node:assert/strict';
import { openSealedMessage } from '../../../src/encoding/sealed-message';
import { readTar, writeTar, type ArchivedFile } from '../../../src/encoding/tar';
import { readPkcs12 } from '../../../src/pki/pkcs12';
import { mutated, type SeededRandom } from '../../support/seeded-random';
import { changedDer } from '../der-mutations';
import type { Parser } from '../fuzzer';
import { PASSPHRASE, type Samples } from '../samples';

/** Enough for every valid sample; what asks for more rounds is refused at once instead of costing seconds. */
const MAX_ROUNDS = 5000;
const FILES = { maxFiles: 10 };

/** The readers of key stores, backups and archives. */
export function containerParsers({ pkcs12, sealed, archives }: Samples): Parser[] {
  const parsers = [
    {
      name: 'pkcs12',
      runs: 80,
      make: (random) => changedDer(pkcs12, random),
      read: (input) => readPkcs12(input, PASSPHRASE, { maxRounds: MAX_ROUNDS }),
      codes:
        /^(P12_MALFORMED|P12_PASSPHRASE_WRONG|P12_UNSUPPORTED|DER_TOO_LARGE|DER_TOO_DEEP|CERT_MALFORMED|KEY_[A-Z_]+)$/,
    } satisfies Parser<Buffer>,
    {
      name: 'backup',
      runs: 30,
      make: (random) => changedDer(sealed, random),
      read: (input) => openSealedMessage(input, PASSPHRASE),
      codes: /^(STORE_CORRUPT|KEY_PASSPHRASE_WRONG|KEY_UNSUPPORTED)$/,
    } satisfies Parser<Buffer>,
    {
      name: 'tar',
      runs: 80,
      make: (random) => changedTar(archives, random),
      read: (input) => readTar(input, FILES),
      codes: /^STORE_CORRUPT$/,
      holds: (files: ArchivedFile[]) => {
        assert.ok(files.length <= FILES.maxFiles);
        for (const { name } of files) assert.doesNotMatch(name, /^\/|\.\.\/|\\|\0/);
        assert.deepEqual(readTar(writeTar(files, new Date(0)), FILES), files);
      },
    } satisfies Parser<Buffer>,
  ];
  return parsers as Parser[];
}

/** Half of the changed headers get their right sum again, so that what stands behind it is read. */
function changedTar(archives: readonly Buffer[], random: SeededRandom): Buffer {
  const changed = mutated(archives[random.below(archives.length)] as Buffer, random);
  if (random.below(2) === 0 || changed.length < 512) return changed;
  const field = ['name', 'size', 'kind', 'link', 'prefix'][random.below(5)] as string;
  const odd = ['../../x', '/etc/passwd', 'a/../b', 'a\0b', '77777777777', '-1', '9', ' ', ''][
    random.below(9)
  ] as string;
  changed.write(odd, { name: 0, size: 124, kind: 156, link: 157, prefix: 345 }[field] ?? 0, 'latin1');
  changed.fill(' ', 148, 156);
  const sum = changed.subarray(0, 512).reduce((total, octet) => total + octet, 0);
  changed.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return changed;
}
