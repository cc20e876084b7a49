import assert from 'node:assert/strict';
import { probeMany } from '../../../src/tls/probe-many';
import { parseTarget } from '../../../src/tls/target';
import { handmadeRoot, handmadeServer, trusting } from '../../support/certificates-fixture';
import { closeServers, startTcpServer, startTlsServer } from '../../support/tls-servers';

const root = handmadeRoot();
const server = handmadeServer(root);

describe('probe of many', () => {
  afterEach(closeServers);

  it('keeps the order, and a dead endpoint costs only its own time', async () => {
    const good = await startTlsServer({ identity: server });
    const silent = await startTcpServer(() => undefined);
    const jobs = [silent.port, good.port, silent.port, good.port, good.port].map((port) => ({
      target: parseTarget(`tls://127.0.0.1:${port}`),
      options: { material: trusting(root), timeoutMs: 200 },
    }));
    const progress: number[] = [];
    const reports = await probeMany(jobs, { concurrency: 3, onReport: (_report, index) => progress.push(index) });
    assert.deepEqual(
      reports.map(({ code }) => code),
      ['NET_TIMEOUT', null, 'NET_TIMEOUT', null, null],
    );
    assert.deepEqual(progress.toSorted(), [0, 1, 2, 3, 4]);
  });

  it('never has more open at once than asked for', async () => {
    let open = 0;
    let most = 0;
    const counting = await startTcpServer((socket) => {
      open += 1;
      most = Math.max(most, open);
      socket.once('close', () => (open -= 1));
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    const job = {
      target: parseTarget(`127.0.0.1:${counting.port}`),
      options: { material: trusting(root) },
    };
    const reports = await probeMany(new Array(20).fill(job), { concurrency: 4 });
    assert.equal(reports.length, 20);
    assert.ok(most <= 4, `${most} at once`);
  });

  it('makes Node warn of no leak when more than ten run at once', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    try {
      const good = await startTlsServer({ identity: server });
      const job = { target: parseTarget(`tls://127.0.0.1:${good.port}`), options: { material: trusting(root) } };
      await probeMany(new Array(12).fill(job), { concurrency: 12, signal: new AbortController().signal });
    } finally {
      process.off('warning', note);
    }
    assert.deepEqual(
      warnings.filter(({ name }) => name === 'MaxListenersExceededWarning'),
      [],
    );
  });

  it('takes an empty list and a strange concurrency', async () => {
    assert.deepEqual(await probeMany([], { concurrency: 8 }), []);
    const good = await startTlsServer({ identity: server });
    const job = { target: parseTarget(`tls://127.0.0.1:${good.port}`), options: { material: trusting(root) } };
    for (const concurrency of [0, -3, NaN, 1000]) assert.equal((await probeMany([job], { concurrency })).length, 1);
  });
});
