import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/packed-package';
import { CHECKOUT } from '../support/runtimes';

/** Run `npm start -- --check`, which ends by itself. */
async function startAndCheck(userDir: string, nodeRed: string): Promise<{ code: number | null; output: string }> {
  const args = ['scripts/start.mjs', '--check', '--no-build', '--user-dir', userDir, '--node-red', nodeRed];
  const child = spawn(process.execPath, args, { cwd: CHECKOUT, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, output: Buffer.concat(chunks).toString() };
}

describe('npm start', function () {
  // Three RSA keys, two brokers, four clients, twice, beside another suite.
  this.timeout(300_000);

  for (const nodeRed of ['4.1', '5']) {
    describe(`with Node-RED ${nodeRed}`, () => {
      let userDir: string;
      const root = () => new X509Certificate(readFileSync(join(userDir, 'pki', 'workshop', 'ca.pem'))).fingerprint256;
      let firstRoot: string;

      before(() => (userDir = temporaryFolder('start')));
      after(() => rmSync(userDir, { recursive: true, force: true }));

      it('has green examples at the first start', async () => {
        const { code, output } = await startAndCheck(userDir, nodeRed);
        assert.equal(code, 0, output);
        assert.match(output, new RegExp(`Node-RED ${nodeRed}: http://127\\.0\\.0\\.1:\\d+\\n`));
        assert.ok(output.includes(join(userDir, 'pki', 'workshop')), 'says where the CA is');
        assert.ok(output.includes(join(userDir, 'workshop-certificates')), 'says where the files are');
        firstRoot = root();
      });

      it('keeps the secret that opens credentials to its owner', () => {
        assert.equal(statSync(join(userDir, 'credential-secret')).mode & 0o777, 0o600);
      });

      it('has green examples at the second start, with the CA of the first', async () => {
        const { code, output } = await startAndCheck(userDir, nodeRed);
        assert.equal(code, 0, output);
        assert.ok(!output.includes('installing the package'), 'the package was there already');
        assert.equal(root(), firstRoot);
      });
    });
  }
});
