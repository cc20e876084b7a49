import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { acquireAuthority, type AuthorityLease } from '../../../src/ca/authority-registry';
import type { CertificateAuthority } from '../../../src/ca/certificate-authority';
import { LivingMaterial } from '../../../src/node-red/living-material';
import type { MaterialSettings } from '../../../src/node-red/material-settings';
import { secretPrivateKeyPem } from '../../../src/pki/private-key';
import { makeLeaf, makeRoot } from '../../support/certificates';
import { MemoryClock } from '../../support/memory-clock';
import { temporaryFolder } from '../../support/temporary-folder';
import { authorityOptions, serverRequest } from '../../support/test-authority';

describe('LivingMaterial', () => {
  const folder = temporaryFolder();
  let lease: AuthorityLease;
  let authority: CertificateAuthority;
  let clock: MemoryClock;
  let living: LivingMaterial | undefined;
  let told: number;

  before(async () => {
    lease = await acquireAuthority(authorityOptions({ userDir: folder }));
    authority = lease.authority;
  });
  afterEach(() => living?.close());
  after(() => lease.release());

  function start(settings: MaterialSettings): LivingMaterial {
    const caNode = { authority: () => Promise.resolve(authority) };
    const RED = { settings: { userDir: folder }, nodes: { getNode: () => caNode } } as unknown as NodeAPI;
    clock = new MemoryClock(Date.now());
    told = 0;
    living = new LivingMaterial({ RED }, settings, {}, clock, () => {
      told += 1;
      tell();
    });
    return living;
  }
  let tell: () => void = () => undefined;
  const changed = () => new Promise<void>((resolve) => (tell = resolve));
  /** Everything the CA began by an event is done after some turns. */
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 200 && told === 0; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const issue: MaterialSettings = { trust: 'ca', identity: 'issue', ca: 'ca', clientId: 'dev01', security: 'mutual' };

  it('does not take its own request for a change', async () => {
    await start(issue).current();
    await turns();
    assert.equal(told, 0);
    assert.equal(authority.list({ name: 'dev01' }).total, 1);
  });

  it('tells of a renewed certificate, and gives it', async () => {
    const before = (await start(issue).current()).identity?.certificatePem;
    const change = changed();
    await authority.renew({ by: 'name', value: 'dev01' });
    await change;
    assert.equal(told, 1);
    assert.notEqual((await living?.current())?.identity?.certificatePem, before);
  });

  it('passes over the certificates of others', async () => {
    await start(issue).current();
    await authority.issue([{ profile: 'client', subject: { commonName: 'other' } }]);
    await turns();
    assert.equal(told, 0);
  });

  it('tells of a revocation: it may be the server', async () => {
    await start({ ...issue, identity: 'none', security: 'server' }).current();
    const [server] = await authority.issue([serverRequest(['dns:broker.local'])]);
    await authority.revoke({ by: 'serial', value: server!.serialNumber });
    await turns();
    assert.equal(told, 1);
  });

  it('passes over another client that is revoked: the others go on undisturbed', async () => {
    await start(issue).current();
    await authority.revoke({ by: 'name', value: 'other' });
    await turns();
    assert.equal(told, 0);
  });

  for (const trust of ['ca', 'system'] as const) {
    it(`tells when its own certificate is put on hold, and when it is taken back, trusting ${trust}`, async () => {
      await start({ ...issue, trust, clientId: `held ${trust}` }).current();
      for (const reason of ['certificateHold', 'removeFromCRL'] as const) {
        told = 0;
        await authority.revoke({ by: 'name', value: `held ${trust}` }, { reason });
        await turns();
        assert.equal(told, 1, reason);
      }
    });
  }

  it('gives the CRL of the CA with its trust', async () => {
    const { crlPem } = await start(issue).current();
    assert.deepEqual(crlPem, [(await authority.crl()).pem]);
  });

  it('lets go of the CA when it is closed', async () => {
    const count = () => authority.listenerCount('renewed') + authority.listenerCount('revoked');
    const before = count();
    await start(issue).current();
    assert.equal(count(), before + 2);
    living?.close();
    assert.equal(count(), before);
  });

  it('tells of files that are replaced, and gives the new ones', async () => {
    const root = await makeRoot();
    const write = (name: string, text: string) => {
      writeFileSync(join(folder, `${name}.new`), text);
      renameSync(join(folder, `${name}.new`), join(folder, name));
    };
    const pair = async () => {
      const leaf = await makeLeaf(root, { profile: 'client', commonName: 'file', names: [] });
      // One file with both is how a pair changes in one step.
      write('pair.pem', leaf.certificate.pem + secretPrivateKeyPem(leaf.privateKey));
      return leaf.certificate.pem;
    };
    write('ca.pem', root.certificate.pem);
    const first = await pair();
    start({ trust: 'file', identity: 'file', caFile: 'ca.pem', certFile: 'pair.pem', keyFile: '' });
    assert.equal((await living?.current())?.identity?.certificatePem, first);
    await clock.advance(10_000);
    assert.equal(told, 0);
    write('pair.pem', readFileSync(join(folder, 'pair.pem'), 'utf8'));
    await settledAfter(15_000);
    assert.equal(told, 0, 'the same written again is no change');
    const second = await pair();
    const change = changed();
    await settledAfter(15_000);
    await change;
    assert.equal(told, 1);
    assert.equal((await living?.current())?.identity?.certificatePem, second);

    // Real files take real turns of the event loop, which the clock does not know.
    async function settledAfter(milliseconds: number): Promise<void> {
      for (let passed = 0; passed < milliseconds; passed += 5_000) {
        await clock.advance(5_000);
        while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
  });

  it('fails closed when a file has gone, and comes back with it', async () => {
    start({ trust: 'file', identity: 'none', caFile: 'gone.pem', security: 'server' });
    await assert.rejects(living?.current() as Promise<unknown>, { code: 'STORE_NOT_FOUND' });
    writeFileSync(join(folder, 'gone.pem'), (await makeRoot()).certificate.pem);
    assert.equal((await living?.current())?.trust.kind, 'anchors');
  });
});
