import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import tlsCa = require('../../nodes/tls-ca');
import tlsInventory = require('../../nodes/tls-inventory');
import tlsIssue = require('../../nodes/tls-issue');
import type { RevocationReason } from '../../src/model/revocation-reason';
import type { TlsCaNode } from '../../src/node-red/authority-node';
import { exampleFlow } from '../support/example-flow';
import { Flows, type NodeModule } from '../support/flows';
import { temporaryFolder } from '../support/temporary-folder';
import { deviceRequest } from '../support/test-authority';

const load = createRequire(require.resolve('node-red'));
const CORE = ['function/10-switch', 'function/15-change', 'function/89-delay', 'common/25-catch'];
const MODULES = [tlsCa, tlsIssue, tlsInventory, ...CORE.map((name) => load(`@node-red/nodes/core/${name}`) as unknown)];

interface Answer {
  topic: string;
  payload: string;
}

/**
 * The enroller of example 09 alone: what comes from the broker is put in by hand, so it may be a broker that lets a revoked
 * client stay until it connects anew, as Mosquitto does (FACTS §4).
 */
describe('the enroller of example 09', () => {
  const folder = temporaryFolder();
  let flows: Flows;
  let ids: Record<'requests' | 'answer' | 'ca', string>;
  const answers: Answer[] = [];
  const waiting: (() => void)[] = [];

  before(async () => {
    const nodes = exampleFlow('09');
    const group = nodes.find(({ type, name }) => type === 'group' && String(name).startsWith('2'))?.id;
    const ca = nodes.find(({ type, name }) => type === 'tls-ca' && name === 'Enrolment CA');
    const own = nodes.filter(({ g, type }) => g === group && type !== 'comment' && type !== 'debug');
    const idOf = (type: string) => own.find((node) => node.type === type)?.id ?? '';
    ids = { requests: idOf('secure-mqtt-in'), answer: idOf('secure-mqtt-out'), ca: ca?.id ?? '' };
    const played = own.map((node) => {
      if (node.type.startsWith('secure-mqtt')) return { ...node, type: 'helper' };
      // Twenty times as fast as people need it.
      return node.type === 'delay' ? { ...node, rate: '20' } : node;
    });
    flows = await Flows.start(MODULES as NodeModule[], [{ id: ca?.z ?? 'tab', type: 'tab' }, { ...ca, id: ids.ca, type: 'tls-ca' }, ...played]); // prettier-ignore
    flows.node(ids.answer).on('input', ((msg: Answer) => {
      answers.push(msg);
      for (const look of waiting.splice(0)) look();
    }) as never);
    await issue('device07', 'device08', 'held', 'stolen');
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'key.pem');
    request('plain', '-key', 'key.pem', '-subj', '/CN=device07');
    request('weak', '-newkey', 'rsa:1024', '-nodes', '-keyout', 'weak.pem', '-subj', '/CN=x');
    const [, ...lines] = csr('plain').split('\n');
    // One bit of the signature, in the last line of base64.
    const der = Buffer.from(lines.slice(0, -2).join(''), 'base64');
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
    writeFileSync(
      path.join(folder, 'forged.csr'),
      `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE REQUEST-----\n`,
    );
  });
  after(() => flows.stop());

  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  const request = (name: string, ...args: string[]) => openssl('req', '-new', '-out', `${name}.csr`, ...args);
  const csr = (name: string) => readFileSync(path.join(folder, `${name}.csr`), 'utf8');
  const authority = () => flows.node<TlsCaNode>(ids.ca).authority();
  const issue = async (...names: string[]) => (await authority()).issue(names.map((name) => deviceRequest(name)));
  const revoke = async (value: string, reason: RevocationReason) =>
    (await authority()).revoke({ by: 'name', value }, { reason });
  const issued = async () => (await authority()).list().total;

  function send(device: string, payload: unknown, more: object = {}): void {
    flows.node(ids.requests).send({ topic: `enrol/${device}/csr`, payload, retain: false, ...more } as never);
  }

  /** What the broker is given for a device. */
  async function ask(device: string, payload: unknown): Promise<Answer> {
    const isHis = ({ topic }: Answer) => topic.startsWith(`enrol/${device}/`);
    const count = answers.filter(isHis).length;
    send(device, payload);
    for (;;) {
      const found = answers.filter(isHis)[count];
      if (found) return found;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  }

  it('gives a client certificate for the name the broker attests, whatever a request would like to be', async () => {
    const extensions = ['subjectAltName=DNS:broker.local', 'basicConstraints=critical,CA:TRUE', 'extendedKeyUsage=serverAuth', 'keyUsage=keyCertSign']; // prettier-ignore
    request('greedy', '-key', 'key.pem', '-subj', '/CN=enroller/O=Thief', ...extensions.flatMap((one) => ['-addext', one])); // prettier-ignore
    const { topic, payload } = await ask('device07', csr('greedy'));
    assert.equal(topic, 'enrol/device07/certificate');
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], { input: payload, encoding: 'utf8' });
    assert.match(text, /Subject: CN ?= ?device07\n/);
    assert.match(text, /CA:FALSE/);
    assert.match(text, /TLS Web Client Authentication\n/);
    assert.doesNotMatch(text, /Thief|DNS:|Certificate Sign/);
  });

  it('the request of one device on the topic of another is for the other', async () => {
    const { topic, payload } = await ask('device08', csr('plain'));
    assert.equal(topic, 'enrol/device08/certificate');
    assert.match(execFileSync('openssl', ['x509', '-noout', '-subject'], { input: payload, encoding: 'utf8' }), /device08/); // prettier-ignore
  });

  for (const [what, payload, code] of [
    ['text', 'this is no request', 'PEM_NO_BLOCK'],
    ['nothing', '', /^(CSR|PEM|INPUT)_/],
    ['JSON', '{"commonName":"admin","action":"issue"}', 'PEM_NO_BLOCK'],
    ['ten megabytes', () => csr('plain').repeat(30_000), /^(CSR|PEM|INPUT)_/],
    ['a weak key', () => csr('weak'), /^(KEY|CSR)_/],
    ['another signature', () => csr('forged'), /^(CSR|PEM|DER)_/],
  ] as [string, string | (() => string), string | RegExp][]) {
    it(`${what}: refused with a code, and nothing is issued`, async () => {
      const before = await issued();
      const answer = await ask('device07', typeof payload === 'string' ? payload : payload());
      assert.equal(answer.topic, 'enrol/device07/refused');
      if (typeof code === 'string') assert.equal(answer.payload, code);
      else assert.match(answer.payload, code);
      assert.equal(await issued(), before);
    });
  }

  it('a device that was revoked, or is on hold, and is still connected gets nothing', async () => {
    await revoke('stolen', 'keyCompromise');
    await revoke('held', 'certificateHold');
    const before = await issued();
    for (const device of ['stolen', 'held', 'never seen', '*', 'device0?']) {
      const { topic, payload } = await ask(device, csr('plain'));
      assert.deepEqual([topic, payload], [`enrol/${device}/refused`, 'CERT_NOT_FOUND']);
    }
    assert.equal(await issued(), before);
  });

  it('a retained request is passed over, and a flood is one request', async () => {
    const before = await issued();
    send('device07', csr('plain'), { retain: true });
    for (let count = 0; count < 300; count += 1) send('device07', csr('plain'));
    await ask('device08', csr('plain'));
    // Of each look at the queue the newest one.
    assert.ok((await issued()) - before < 30, `${(await issued()) - before} of 300`);
  });
});
