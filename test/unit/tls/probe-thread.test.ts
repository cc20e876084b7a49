import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ProbeJob } from '../../../src/tls/probe-many';
import { probeMany } from '../../../src/tls/probe-many';
import type { ProbeReport } from '../../../src/tls/probe-report';
import { MOST_IN_MAIN_THREAD, probeAll, probeInThread } from '../../../src/tls/probe-thread';
import { parsePins } from '../../../src/tls/pin';
import { parseTarget } from '../../../src/tls/target';
import {
  handmadeClient,
  handmadeIntermediate,
  handmadeRoot,
  handmadeServer,
  identityOf,
  trusting,
} from '../../support/certificates-fixture';
import { rejects } from '../../support/coded-error';
import { MemoryClock } from '../../support/memory-clock';
import { closeServers, startTcpServer, startTlsServer } from '../../support/tls-servers';

const root = handmadeRoot();
const server = handmadeServer(root);

const job = (port: number, options: Partial<ProbeJob['options']> = {}): ProbeJob => ({
  target: parseTarget(`tls://127.0.0.1:${port}`),
  options: { material: trusting(root), ...options },
});

/** Times differ from run to run. */
const withoutTimes = (report: ProbeReport) => ({
  ...report,
  timings: undefined,
  probedAt: undefined,
  leaf: report.leaf && { ...report.leaf, lifetimeUsed: 0 },
});

describe('probes in a thread of their own', function () {
  let folder: string;
  before(() => (folder = mkdtempSync(path.join(tmpdir(), 'secure-mqtt-thread-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(closeServers);

  const threadThat = (name: string, code: string): string => {
    const file = path.join(folder, `${name}.js`);
    writeFileSync(file, `const { parentPort } = require('node:worker_threads');\n${code}\n`);
    return file;
  };

  it('say the same as in the main thread, in the order of the list', async () => {
    const intermediate = handmadeIntermediate(root);
    const below = handmadeServer(intermediate);
    const good = await startTlsServer({ identity: server, requestCert: true, ca: root.pem });
    const incomplete = await startTlsServer({ identity: below });
    const silent = await startTcpServer(() => undefined);
    const pins = parsePins(`spki:${'A'.repeat(43)}=`);
    const jobs = [
      job(silent.port, { timeoutMs: 300 }),
      job(good.port, { material: { ...trusting(root), identity: identityOf(handmadeClient(root)) } }),
      job(incomplete.port, { knownIntermediates: [intermediate.certificate] }),
      job(good.port, { material: { ...trusting(root), pins } }),
      job(good.port, { warnBefore: '9999d' }),
    ];
    const heard: number[] = [];
    const reports = await probeInThread(jobs, { concurrency: 5, onReport: (_report, index) => heard.push(index) });
    assert.deepEqual(
      reports.map(({ code }) => code),
      ['NET_TIMEOUT', null, 'CERT_CHAIN_INCOMPLETE', 'CERT_PIN_MISMATCH', 'TLS_CLIENT_CERT_REQUIRED'],
    );
    assert.deepEqual(heard.toSorted(), [0, 1, 2, 3, 4]);
    const here = await probeMany(jobs, { concurrency: 5 });
    assert.deepEqual(reports.map(withoutTimes), here.map(withoutTimes));
  });

  it('are used for more targets than the main thread should bear', async () => {
    const { port } = await startTlsServer({ identity: server });
    const jobs = Array.from({ length: MOST_IN_MAIN_THREAD + 1 }, () => job(port));
    // A resolver cannot travel: called at all, it was the main thread.
    const resolve = () => assert.fail('probed in the main thread');
    const named = jobs.map(({ options }) => ({
      target: parseTarget(`tls://localhost:${port}`),
      options: { ...options, family: 4 as const, resolve },
    }));
    const reports = await probeAll(named, { concurrency: 8 });
    assert.deepEqual(new Set(reports.map(({ code }) => code)), new Set([null]));
    assert.equal(reports.length, MOST_IN_MAIN_THREAD + 1);
  });

  it('an error about the material comes back with its code, facts and hint', async () => {
    const { port } = await startTlsServer({ identity: server });
    const crlPem = ['-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n'];
    const jobs = [job(port, { material: { ...trusting(root), crlPem } })];
    const here = await probeMany(jobs, { concurrency: 1 }).catch((error: unknown) => error as Error);
    const there = await probeInThread(jobs, { concurrency: 1 }).catch((error: unknown) => error as Error);
    assert.ok(here instanceof Error && there instanceof Error);
    const facts = ({ message, ...rest }: Error) => ({ message, ...rest });
    assert.deepEqual(facts(there), facts(here));
  });

  const dying: [name: string, code: string, reason: RegExp][] = [
    ['throws', `throw new Error('out of luck');`, /0 of 1 targets: out of luck/],
    ['rejects', `Promise.reject(new Error('nobody caught it'));`, /nobody caught it/],
    ['leaves', `process.exit(3);`, /exit code 3/],
    ['says nothing and ends', ``, /exit code 0/],
    ['fills its memory', `const all = []; for (;;) all.push(new Array(1e5).fill(all.length));`, /memory/],
  ];
  for (const [name, code, reason] of dying) {
    it(`a thread that ${name} is an error, not a hang`, async () => {
      const error = await rejects(
        () => probeInThread([job(1)], { concurrency: 1, file: threadThat(name, code) }),
        'NET_PROBE_ENDED',
      );
      assert.match(error.message, reason);
    });
  }

  it('a thread that hangs is ended when its time is over', async () => {
    const clock = new MemoryClock();
    const file = threadThat('hangs', `parentPort.on('message', () => { for (;;); });`);
    const probing = probeInThread([job(1, { timeoutMs: 1000 })], { concurrency: 1, file, clock });
    const failed = rejects(() => probing, 'NET_PROBE_ENDED');
    await clock.advance(31_001);
    assert.match((await failed).message, /said nothing for 31000 ms/);
  });

  for (const [where, run] of [
    ['in the thread', probeInThread],
    ['in the main thread', probeMany],
  ] as const) {
    it(`called off ${where} it ends at once, with all connections closed`, async () => {
      const off = new AbortController();
      let open = 0;
      const silent = await startTcpServer((socket) => {
        open += 1;
        socket.once('close', () => (open -= 1));
        if (open === 3) off.abort();
      });
      const jobs = Array.from({ length: 9 }, () => job(silent.port, { timeoutMs: 600_000 }));
      await assert.rejects(run(jobs, { concurrency: 3, signal: off.signal }), { name: 'AbortError' });
      while (open > 0) await new Promise((resolve) => setImmediate(resolve));
    });
  }
});
