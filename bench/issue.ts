/**
 * How fast a CA issues, and how long it holds up everything else in Node-RED meanwhile. All figures of one run, as
 * ratios to what the machine can do at best right now: absolute ones depend on the machine and on who else uses it.
 */
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { acquireAuthority, authoritySettings } from '../src/ca/authority-registry';
import { TLS_CA_DEFAULTS } from '../src/model/config/tls-ca';
import type { KeyType } from '../src/model/key-type';
import { buildCertificate } from '../src/pki/certificate-builder';
import { generatePrivateKey } from '../src/pki/key-generation';
import { newSerialNumber } from '../src/pki/serial-number-source';
import { writeNewFile } from '../src/store/atomic-file';
import { nodeFileSystem } from '../src/store/file-system';
import { inParallel } from '../src/store/parallel';

const SAMPLE = 300;
const BATCHES: { keyType: KeyType; count: number; passphrase?: string }[] = [
  { keyType: 'ec-p256', count: 1000 },
  { keyType: 'ec-p256', count: 1000, passphrase: 'correct horse battery staple' },
  { keyType: 'rsa-2048', count: 40 },
];

async function perSecond(count: number, run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return (count * 1000) / (performance.now() - start);
}

/** Key and signature alone, nothing written. */
async function signingRate(keyType: KeyType, count: number): Promise<number> {
  const issuerKey = await generatePrivateKey('ec-p256');
  const now = Date.now();
  const common = { subjectAltNames: [], notBefore: new Date(now - 1000), notAfter: new Date(now + 86_400_000) };
  const certificate = await buildCertificate({
    ...common,
    profile: 'root',
    serialNumber: newSerialNumber(),
    subject: { commonName: 'Bench' },
    publicKey: createPublicKey(issuerKey),
    issuer: { selfSignedWith: issuerKey },
  });
  const sign = async (commonName: string) => {
    const key = await generatePrivateKey(keyType);
    await buildCertificate({
      ...common,
      profile: 'device',
      serialNumber: newSerialNumber(),
      subject: { commonName },
      publicKey: createPublicKey(key),
      issuer: { certificate, privateKey: issuerKey },
    });
  };
  const names = Array.from({ length: count }, (_, index) => `dev${index}`);
  return perSecond(count, () => inParallel(names, 3, sign));
}

/** Small durable files, two for each certificate. */
async function writingRate(folder: string): Promise<number> {
  const paths = Array.from({ length: 2 * SAMPLE }, (_, index) => join(folder, `file${index}`));
  const content = 'x'.repeat(700);
  return perSecond(SAMPLE, () =>
    inParallel(paths, 3, (path) => writeNewFile(nodeFileSystem, path, content, { mode: 0o600 })),
  );
}

async function benchBatch(userDir: string, { keyType, count, passphrase }: (typeof BATCHES)[number]) {
  const lease = await acquireAuthority({
    folder: join(userDir, `ca-${keyType}-${passphrase ? 'encrypted' : 'clear'}`),
    userDir,
    nodeId: 'bench',
    settings: authoritySettings({ ...TLS_CA_DEFAULTS, name: 'Bench' }),
    ...(passphrase && { passphrase }),
  });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const requests = Array.from({ length: count }, (_, index) => ({
    profile: 'device' as const,
    subject: { commonName: `dev${index}` },
    keyType,
  }));
  const cpu = process.cpuUsage();
  const rate = await perSecond(count, () => lease.authority.issue(requests));
  const { user, system } = process.cpuUsage(cpu);
  delay.disable();
  await lease.release();
  return {
    rate,
    cpuMs: (user + system) / 1000 / count,
    longestStallMs: delay.max / 1e6,
    p99StallMs: delay.percentile(99) / 1e6,
  };
}

async function run(): Promise<void> {
  const userDir = mkdtempSync(join(tmpdir(), 'secure-mqtt-bench-'));
  try {
    const writing = await writingRate(userDir);
    process.stdout.write(`durable files alone, for ${writing.toFixed(0)} certificates/s\n`);
    for (const batch of BATCHES) {
      const signing = await signingRate(batch.keyType, Math.min(SAMPLE, batch.count));
      const { rate, cpuMs, longestStallMs, p99StallMs } = await benchBatch(userDir, batch);
      const bound = 1 / (1 / signing + 1 / writing);
      process.stdout.write(
        `${batch.count} ${batch.keyType}${batch.passphrase ? ', keys encrypted' : ''}: ${rate.toFixed(0)}/s durable = ` +
          `${(rate / signing).toFixed(2)} of signing alone (${signing.toFixed(0)}/s), ` +
          `${(rate / bound).toFixed(2)} of signing and writing one after the other; ${cpuMs.toFixed(2)} ms CPU each; ` +
          `event loop held up at most ${longestStallMs.toFixed(1)} ms, p99 ${p99StallMs.toFixed(1)} ms\n`,
      );
    }
  } finally {
    rmSync(userDir, { recursive: true, force: true });
  }
}

void run();
