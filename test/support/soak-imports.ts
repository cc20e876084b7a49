import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { acquireAuthority } from '../../src/ca/authority-registry';
import type { NodeRedProcess } from './node-red-process';
import { judge } from './openssl';
import type { ListedCertificate } from './soak-ledger';
import { askFlow } from './soak-request';
import type { SoakImport } from './soak-site-flow';
import { temporaryFolder } from './temporary-folder';
import { authorityOptions, deviceRequest } from './test-authority';

/** Of the CAs that are imported, here and where they come from. */
export const IMPORT_PASSPHRASE = 'a passphrase from elsewhere';
const DEVICES = ['pump', 'valve', 'gauge'];

/** CAs of another Node-RED, one after the other: as a folder, and as a sealed backup. Each is imported until that has succeeded. */
export class SoakImports {
  #number = 0;
  /** Done and checked. */
  count = 0;
  #present: (SoakImport & { listed: string[] }) | undefined;

  constructor(private readonly userDir: string) {}

  /** What the next start imports, or goes on importing. */
  async next(): Promise<SoakImport> {
    this.#present ??= await this.#make();
    const { importPath, folder } = this.#present;
    return { importPath, folder };
  }

  /** It is all there; from the next start on there is another one. */
  async check(nodeRed: NodeRedProcess, where: string): Promise<void> {
    if (!this.#present) return;
    const { folder, listed } = this.#present;
    const found = (await askFlow(nodeRed, 'import-inventory', { limit: 100 })) as ListedCertificate[];
    const rows = found.map((one) => `${one.serialNumber} ${one.commonName} ${one.status}`).sort();
    assert.deepEqual(rows, listed, `${where}: imported`);
    const at = (...parts: string[]) => join(this.userDir, folder, ...parts);
    const paths = found.map(({ serialNumber }) => at('certs', `${serialNumber}.pem`));
    const verified = judge('openssl', ['verify', '-x509_strict', '-CAfile', at('trust.pem'), ...paths]);
    assert.equal(verified.status, 0, `${where}: ${verified.output}`);
    for (const { serialNumber } of found) {
      const key = ['-in', at('private', `${serialNumber}.key.pem`), '-passin', `pass:${IMPORT_PASSPHRASE}`, '-noout'];
      assert.equal(judge('openssl', ['pkey', ...key]).status, 0, `${where}: imported key of ${serialNumber}`);
    }
    this.#present = undefined;
    this.count += 1;
  }

  async #make(): Promise<SoakImport & { listed: string[] }> {
    this.#number += 1;
    const userDir = temporaryFolder();
    const config = { name: `CA ${this.#number} from elsewhere` };
    const lease = await acquireAuthority(authorityOptions({ userDir, passphrase: IMPORT_PASSPHRASE, config }));
    const { authority } = lease;
    await authority.issue(DEVICES.map((name) => deviceRequest(name)));
    await authority.revoke({ by: 'name', value: 'valve' }, { reason: 'keyCompromise' });
    const { items } = authority.list();
    const listed = items.map((one) => `${one.serialNumber} ${one.commonName} ${one.status}`).sort();
    const backup = join(userDir, 'ca-backup.p7m');
    writeFileSync(backup, await authority.sealedBackup(IMPORT_PASSPHRASE));
    await lease.release();
    const importPath = this.#number % 2 ? backup : join(userDir, 'pki', 'ca');
    return { importPath, folder: `pki/import-${this.#number}`, listed };
  }
}
