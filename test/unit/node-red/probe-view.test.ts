import assert from 'node:assert/strict';
import { probeView } from '../../../src/node-red/probe-view';
import { probe } from '../../../src/tls/probe';
import type { ProbeReport } from '../../../src/tls/probe-report';
import { inDays } from '../../support/certificates';
import { handmadeIntermediate, handmadeRoot, handmadeServer, trusting } from '../../support/certificates-fixture';
import { closeServers, mqttConversation, startTlsServer } from '../../support/tls-servers';

const root = handmadeRoot();
const intermediate = handmadeIntermediate(root);

/** A real report of a server that works, to be changed. */
async function report(options: { mqtt?: boolean } = {}): Promise<ProbeReport> {
  const identity = handmadeServer(intermediate);
  const chain = [intermediate, handmadeRoot({ commonName: 'Needless' }), intermediate];
  const { port } = await startTlsServer({ identity, chain, conversation: mqttConversation() });
  return probe(`localhost:${port}`, { material: trusting(root), ...options });
}

const outcomes = (of: ProbeReport) => probeView(of).stages.map(({ outcome }) => outcome);

describe('the view of a probe', () => {
  let fine: ProbeReport;

  before(async () => (fine = await report()));
  afterEach(closeServers);

  it('has the chain from the leaf up, then what was sent in vain, each once', () => {
    assert.deepEqual(
      probeView(fine).chain.map(({ role, sent, trusted }) => [role, sent, trusted]),
      [
        ['leaf', true, false],
        ['intermediate', true, false],
        ['root', false, true],
        ['surplus', true, false],
      ],
    );
  });

  it('says which steps were part of it', async () => {
    assert.deepEqual(outcomes(fine), ['passed', 'passed', 'passed', 'passed', 'passed', 'skipped', 'passed']);
    const { stages, mqtt } = probeView(await report({ mqtt: false }));
    assert.deepEqual([stages.at(-1)?.outcome, mqtt], ['skipped', 'skipped']);
  });

  it('says where it ended', () => {
    const failed = { ...fine, stage: 'identity', code: 'CERT_NAME_MISMATCH' } as const;
    assert.deepEqual(outcomes(failed), ['passed', 'passed', 'passed', 'passed', 'failed', 'unreached', 'unreached']);
    assert.equal(probeView(failed).mqtt, 'unreached');
    assert.equal(probeView({ ...fine, stage: 'mqtt', code: 'MQTT_REFUSED' }).mqtt, 'refused');
  });

  it('has no TLS in a connection without encryption', () => {
    const plain = { ...fine, target: 'mqtt://localhost:1883' };
    assert.deepEqual(outcomes(plain), ['passed', 'passed', 'skipped', 'skipped', 'skipped', 'skipped', 'passed']);
  });

  it('names the issuer at which a chain breaks', () => {
    const broken = { ...fine, code: 'CERT_ISSUER_UNKNOWN', chainBuilt: fine.chainBuilt.slice(0, 2) } as const;
    assert.equal(probeView(broken).brokenAt, 'CN=Root');
    assert.equal(probeView(fine).brokenAt, null);
  });

  it('marks the certificate that a code speaks of', () => {
    const [, second] = fine.chainBuilt;
    const cause = { fingerprint256: second?.fingerprint256 };
    const { chain } = probeView({ ...fine, code: 'CERT_EXPIRED', cause });
    assert.deepEqual(
      chain.map(({ blamed }) => blamed),
      [false, true, false, false],
    );
  });

  it('counts the days from the moment of the probe', () => {
    const [leaf] = probeView({ ...fine, probedAt: inDays(396).toISOString() }).chain;
    assert.equal(leaf?.daysRemaining, 0);
    assert.ok((leaf?.lifetimeUsed ?? 0) > 0.99);
  });
});
