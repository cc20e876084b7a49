import assert from 'node:assert/strict';
import { createPublicKey, randomBytes } from 'node:crypto';
import type { AuthorityOptions } from '../../../src/ca/authority-options';
import { acquireAuthority } from '../../../src/ca/authority-registry';
import type { CertificateAuthority } from '../../../src/ca/certificate-authority';
import type { RolloverStep } from '../../../src/ca/rollover';
import type { TlsCaConfig } from '../../../src/model/config/tls-ca';
import { isCodedError } from '../../../src/model/errors';
import { generatePrivateKey } from '../../../src/pki/key-generation';
import { secretPrivateKeyPem } from '../../../src/pki/private-key';
import { readAllRevocationLists } from '../../../src/pki/revocation-list';
import { writeAtomically } from '../../../src/store/atomic-file';
import { rejects } from '../../support/coded-error';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { judge } from '../../support/openssl';
import { authorityOptions, deviceRequest, nextProcess, serverRequest } from '../../support/test-authority';

const FOLDER = '/user/pki/ca';
/** Drawn by a new CA: its own serial number, and the one that stands in the file `serial`. */
const OWN_NUMBERS = 2;
const byName = (value: string) => ({ by: 'name', value }) as const;

async function testAuthority(given: Partial<AuthorityOptions> & { config?: Partial<TlsCaConfig> } = {}) {
  const fs = (given.fs as MemoryDisk | undefined) ?? new MemoryDisk();
  const clock = new MemoryClock(Date.now());
  const open = () => acquireAuthority(authorityOptions({ clock, processes: nextProcess(), ...given, fs }));
  return { fs, clock, open, ...(await open()) };
}

async function issueDevice(authority: CertificateAuthority, name: string) {
  const [issued] = await authority.issue([deviceRequest(name)]);
  assert.ok(issued);
  return issued;
}

/** openssl verify -x509_strict, with the CRLs of the CA. */
function verify(leafPem: string, { roots, chain = '', crl }: { roots: string; chain?: string; crl?: string }) {
  const files = { 'leaf.pem': leafPem, 'roots.pem': roots, 'chain.pem': chain, 'crl.pem': crl ?? '' };
  const args = ['verify', '-x509_strict'];
  if (crl) args.push('-crl_check', '-CRLfile', 'crl.pem');
  if (chain) args.push('-untrusted', 'chain.pem');
  return judge('openssl', [...args, '-CAfile', 'roots.pem', 'leaf.pem'], files);
}

function accepted(...[leaf, trust]: Parameters<typeof verify>): void {
  const { status, output } = verify(leaf, trust);
  assert.equal(status, 0, output);
}

const pemOf = (certificates: readonly { pem: string }[]) => certificates.map(({ pem }) => pem).join('');

describe('renewing a CA with its key', () => {
  for (const keyType of ['ec-p256', 'rsa-2048'] as const) {
    it(`${keyType}: old leaves fit the new root and new leaves the old root, for strict openssl`, async () => {
      const { authority, clock, fs, release } = await testAuthority({ config: { keyType } });
      const before = authority.certificate;
      const old = await issueDevice(authority, 'old');
      await clock.advance(3_600_000);
      const state = await authority.takeStep('renew');
      assert.equal(state.step, 'stable');
      assert.notEqual(authority.fingerprint256, before.fingerprint256);
      assert.equal(authority.certificate.subjectText, before.subjectText);
      const young = await issueDevice(authority, 'new');
      for (const root of [before, authority.certificate]) {
        for (const leaf of [old, young]) {
          assert.deepEqual(leaf.chain, []);
          accepted(leaf.certificate.pem, { roots: root.pem, crl: (await authority.crl()).pem });
        }
      }
      assert.equal(fs.files().get(`${FOLDER}/ca.pem`), authority.certificate.pem);
      assert.equal(fs.files().get(`${FOLDER}/trust.pem`), authority.certificate.pem);
      assert.match(fs.files().get('/user/.secure-mqtt/authorities.json') ?? '', new RegExp(authority.fingerprint256));
      await release();
    });
  }

  it('is known again by the fingerprint that a flow had written down before', async () => {
    const { authority, release, fs, clock } = await testAuthority();
    const expectedFingerprint256 = authority.fingerprint256;
    await authority.takeStep('renew');
    const renewed = authority.fingerprint256;
    await release();
    const again = await testAuthority({ fs, clock, expectedFingerprint256 });
    assert.equal(again.authority.fingerprint256, renewed);
    await again.release();
    const other = () =>
      testAuthority({ fs, clock, expectedFingerprint256: expectedFingerprint256.replace(/^../, 'ZZ') });
    await rejects(other, 'CA_MISMATCH');
  });

  it('keeps the keys encrypted', async () => {
    const { authority, release, fs, open } = await testAuthority({ passphrase: 'correct horse battery' });
    await authority.takeStep('renew');
    await authority.takeStep('introduce');
    for (const [path, content] of fs.files()) {
      if (/\/private\/ca/.test(path)) assert.match(content, /^-----BEGIN ENCRYPTED PRIVATE KEY/, path);
    }
    await release();
    const again = await open();
    assert.equal(again.authority.keysEncrypted, true);
    await again.release();
    await rejects(() => testAuthority({ fs, passphrase: 'wrong' }), 'KEY_PASSPHRASE_WRONG');
  });
});

describe('replacing the key of a CA', () => {
  it('is trusted before it issues, and every combination of old and new is accepted until the old one is retired', async () => {
    const { authority, release, fs, open } = await testAuthority();
    const oldRoot = authority.certificate;
    const old = await issueDevice(authority, 'one');

    await authority.takeStep('introduce');
    assert.equal(authority.certificate, oldRoot);
    assert.equal(authority.trustAnchors.length, 2);
    assert.equal(readAllRevocationLists((await authority.crl()).pem).length, 2);
    const between = await issueDevice(authority, 'two');
    assert.ok(between.certificate.isSignedBy(oldRoot));

    const state = await authority.takeStep('switch');
    assert.equal(state.former?.valid, 2);
    assert.equal(state.former?.waiting, 2);
    const newRoot = authority.certificate;
    assert.equal(newRoot.subject.commonName, 'Test CA G2');
    const young = await issueDevice(authority, 'three');
    const { pem: crl } = await authority.crl();
    const both = authority.trustAnchorsPem;
    assert.equal(both, newRoot.pem + oldRoot.pem);
    for (const { certificate, chain } of [old, between, young]) {
      accepted(certificate.pem, { roots: both, chain: pemOf(chain), crl });
    }
    // Who has only the old root: the chain that goes with the certificate is enough.
    accepted(young.certificate.pem, { roots: oldRoot.pem, chain: pemOf(young.chain), crl });
    assert.notEqual(verify(young.certificate.pem, { roots: oldRoot.pem }).status, 0);
    accepted(young.certificate.pem, { roots: newRoot.pem, chain: pemOf(young.chain), crl });
    assert.equal(fs.files().get(`${FOLDER}/trust.pem`), both);
    assert.equal(fs.files().get(`${FOLDER}/chain.pem`), pemOf(young.chain));

    // Judged by GnuTLS, too.
    const files = { 'chain.pem': young.certificate.pem + pemOf(young.chain), 'old.pem': oldRoot.pem };
    const certtool = judge(
      'certtool',
      ['--verify', '--load-ca-certificate', 'old.pem', '--infile', 'chain.pem'],
      files,
    );
    assert.equal(certtool.status, 0, certtool.output);

    await release();
    const again = await open();
    assert.equal(again.authority.fingerprint256, newRoot.fingerprint256);
    assert.equal(again.authority.rollover.former?.valid, 2);
    assert.deepEqual((await again.authority.load(old.serialNumber)).chain, []);
    await rejects(() => again.authority.takeStep('retire'), 'CA_IN_USE');
    const renewed = await again.authority.ensure(deviceRequest('one'));
    assert.ok(renewed.certificate.isSignedBy(newRoot));
    await again.authority.renew(byName('two'));
    await rejects(() => again.authority.takeStep('retire', { inUse: new Set([old.serialNumber]) }), 'CA_IN_USE');
    await again.authority.takeStep('retire');
    assert.equal(again.authority.trustAnchorsPem, newRoot.pem);
    assert.equal(again.authority.chainPem, '');
    assert.equal(again.authority.hasIssued(old.certificate), false);
    assert.equal(again.authority.statusOf(old.serialNumber), 'revoked');
    assert.equal(readAllRevocationLists((await again.authority.crl()).pem).length, 1);
    assert.equal([...fs.files().keys()].filter((path) => /\/private\/ca-/.test(path)).length, 1);
    await again.release();
    const last = await open();
    assert.equal(last.authority.rollover.step, 'stable');
    await last.release();
  });

  it('revokes under either key, each in the list of the key that signed', async () => {
    const { authority, release, open } = await testAuthority();
    const old = await issueDevice(authority, 'one');
    await authority.takeStep('introduce');
    await authority.takeStep('switch');
    const young = await issueDevice(authority, 'two');
    const { crlPem } = await authority.revokeAll([{ selector: byName('one') }, { selector: byName('two') }]);
    const lists = readAllRevocationLists(crlPem);
    assert.deepEqual(
      lists.map((list) => list.revoked().map(({ serialNumber }) => serialNumber)),
      [[young.serialNumber], [old.serialNumber]],
    );
    for (const { certificate, chain } of [old, young]) {
      const { output } = verify(certificate.pem, {
        roots: authority.trustAnchorsPem,
        chain: pemOf(chain),
        crl: crlPem,
      });
      assert.match(output, /certificate revoked/);
    }
    await release();
    const again = await open();
    assert.equal((await again.authority.crl()).pem, crlPem);
    await again.release();
  });

  it('can be cancelled before the new key issues', async () => {
    const { authority, release, fs } = await testAuthority();
    const { fingerprint256 } = authority;
    await authority.takeStep('introduce');
    await authority.takeStep('cancel');
    assert.equal(authority.fingerprint256, fingerprint256);
    assert.equal(authority.trustAnchorsPem, authority.certificate.pem);
    assert.equal(fs.files().get(`${FOLDER}/trust.pem`), authority.certificate.pem);
    await release();
  });

  it('takes the old root away at once when forced, for a key that leaked', async () => {
    const { authority, release } = await testAuthority();
    const old = await issueDevice(authority, 'one');
    await authority.takeStep('introduce', { keyType: 'ec-p384' });
    await authority.takeStep('switch');
    const state = await authority.takeStep('retire', { force: true });
    assert.equal(state.current.keyType, 'ec-p384');
    assert.equal(authority.statusOf(old.serialNumber), 'revoked');
    await release();
  });

  it('tells who waits, by name, and whether who has only the old root will accept the new key', async () => {
    const { authority, release } = await testAuthority();
    const one = await issueDevice(authority, 'one');
    const [again, two] = [await issueDevice(authority, 'one'), await issueDevice(authority, 'two')];
    assert.equal((await authority.takeStep('introduce')).next?.bridged, true);
    const { former } = await authority.takeStep('switch', { inUse: new Set([one.serialNumber]) });
    assert.deepEqual([former?.valid, former?.shown, former?.waiting, former?.names], [3, 1, 3, ['one', 'two']]);
    await authority.renew(byName('one'));
    await authority.renew(byName('two'));
    const facts = authority.rolloverFor(new Set([two.serialNumber])).former;
    assert.deepEqual([facts?.valid, facts?.shown, facts?.waiting, facts?.names], [3, 1, 1, ['two']]);
    assert.deepEqual(
      [again, one].map(({ serialNumber }) => authority.hasOldKey(serialNumber)),
      [true, true],
    );
    assert.equal(authority.hasOldKey('00'), false);
    await release();
  });

  it('says that nothing leads from a root that allows no CA below it to the new key', async () => {
    const { authority, release } = await testAuthority({ config: { pathLength: '0' } });
    const { certificate: old } = await issueDevice(authority, 'one');
    assert.equal((await authority.takeStep('introduce')).next?.bridged, false);
    const roots = authority.trustAnchors[0]!.pem;
    await authority.takeStep('switch');
    const young = await issueDevice(authority, 'two');
    accepted(old.pem, { roots });
    assert.notEqual(verify(young.certificate.pem, { roots, chain: pemOf(young.chain) }).status, 0);
    accepted(young.certificate.pem, { roots: authority.trustAnchorsPem });
    await release();
  });

  const wrong: [name: string, before: RolloverStep[], step: RolloverStep][] = [
    ['switch without a new key', [], 'switch'],
    ['retire without a new key', [], 'retire'],
    ['cancel without a new key', [], 'cancel'],
    ['introduce twice', ['introduce'], 'introduce'],
    ['renew in between', ['introduce'], 'renew'],
    ['retire before the switch', ['introduce'], 'retire'],
    ['cancel after the switch', ['introduce', 'switch'], 'cancel'],
  ];
  for (const [name, before, step] of wrong) {
    it(`refuses to ${name}`, async () => {
      const { authority, release } = await testAuthority();
      for (const one of before) await authority.takeStep(one);
      const { fingerprint256, trustAnchorsPem } = authority;
      await rejects(() => authority.takeStep(step), 'CA_ROLLOVER');
      assert.deepEqual([authority.fingerprint256, authority.trustAnchorsPem], [fingerprint256, trustAnchorsPem]);
      await release();
    });
  }

  it('never hands out a certificate whose key was retired while it was made: nobody trusts it any more', async () => {
    let drawn = 0;
    let fourth = (): void => undefined;
    const firstOnesSigned = new Promise<void>((resolve) => (fourth = resolve));
    const random = (size: number): Buffer => {
      drawn += 1;
      if (drawn === OWN_NUMBERS + 4) fourth();
      return randomBytes(size);
    };
    const { authority, release } = await testAuthority({ random });
    const keyTypes = ['ec-p256', 'rsa-2048', 'ec-p256', 'ec-p256', 'ec-p256'] as const;
    // Three at a time: before the fourth number is drawn, the first ones are signed, and wait for the RSA key.
    const batch = authority
      .issue(keyTypes.map((keyType, index) => deviceRequest(`dev${index}`, { keyType })))
      .then(undefined, (error: unknown) => error);
    await firstOnesSigned;
    for (const step of ['introduce', 'switch', 'retire'] as const) await authority.takeStep(step, { force: true });
    const outcome = await batch;
    if (isCodedError(outcome)) assert.equal(outcome.code, 'CA_NOT_READY');
    const trusted = authority.list({}).items.filter(({ status }) => status === 'valid');
    for (const { serialNumber } of trusted) {
      const { certificate } = await authority.load(serialNumber);
      assert.ok(certificate.isSignedBy(authority.certificate), serialNumber);
    }
    await release();
  });

  it('counts the generations of names: G2, G3', async () => {
    const { authority, release } = await testAuthority({ config: { commonName: 'x'.repeat(64) } });
    const names: (string | undefined)[] = [];
    for (let round = 0; round < 2; round += 1) {
      for (const step of ['introduce', 'switch', 'retire'] as const) await authority.takeStep(step);
      names.push(authority.certificate.subject.commonName);
    }
    assert.deepEqual(names, [`${'x'.repeat(61)} G2`, `${'x'.repeat(61)} G3`]);
    await release();
  });
});

describe('replacing the key of an intermediate', () => {
  it('that may have any CAs below it keeps it so, and one that may have none, too', async () => {
    for (const pathLength of ['any', 0] as const) {
      const { authority: root, release, fs, clock } = await testAuthority();
      const secretKey = await generatePrivateKey('ec-p256');
      const wanted = { subject: { commonName: 'Line CA' }, publicKey: secretKey, validityDays: 900, pathLength };
      const { certificate } = await root.issueIntermediate({ ...wanted, publicKey: createPublicKey(secretKey) });
      const expected = pathLength === 'any' ? undefined : pathLength;
      assert.equal(certificate.basicConstraints?.pathLength, expected);
      await writeAtomically(fs, '/user/line.pem', secretPrivateKeyPem(secretKey) + certificate.pem, { mode: 0o600 });
      const line = await acquireAuthority(
        authorityOptions({
          ...{ fs, clock, processes: nextProcess(), folder: '/user/pki/line', nodeId: 'node2', issuer: root },
          ...{ importPath: '/user/line.pem', config: { name: 'Line', source: 'import' } },
        }),
      );
      for (const step of ['renew', 'introduce', 'switch'] as const) {
        await line.authority.takeStep(step);
        assert.equal(line.authority.certificate.basicConstraints?.pathLength, expected, step);
      }
      await line.release();
      await release();
    }
  });
});

describe('replacing a root that has CAs below it', () => {
  it('keeps them trusted, gives them the new root at once, and lets them renew under it', async () => {
    const { authority: root, release, fs, clock } = await testAuthority();
    const below = await acquireAuthority(
      authorityOptions({
        fs,
        clock,
        processes: nextProcess(),
        folder: '/user/pki/below',
        nodeId: 'node2',
        issuer: root,
        config: { name: 'Below' },
      }),
    );
    const oldRoot = root.certificate;
    const [server] = await below.authority.issue([serverRequest(['dns:broker.local'])]);
    assert.ok(server);
    await root.takeStep('introduce');
    assert.equal(below.authority.trustAnchorsPem, root.trustAnchorsPem);
    await root.takeStep('switch');
    accepted(server.certificate.pem, { roots: oldRoot.pem, chain: pemOf(server.chain) });
    accepted(server.certificate.pem, { roots: root.trustAnchorsPem, chain: pemOf(server.chain) });
    await rejects(() => root.takeStep('retire'), 'CA_IN_USE');

    await below.authority.takeStep('renew');
    assert.ok(below.authority.certificate.isSignedBy(root.certificate));
    const [young] = await below.authority.issue([serverRequest(['dns:other.local'])]);
    assert.ok(young);
    for (const roots of [oldRoot.pem, root.certificate.pem]) {
      for (const { certificate } of [server, young]) {
        accepted(certificate.pem, { roots, chain: pemOf(below.authority.chainFor(certificate)) });
      }
    }
    await root.takeStep('retire');
    assert.equal(below.authority.trustAnchorsPem, root.certificate.pem);
    accepted(server.certificate.pem, { roots: root.certificate.pem, chain: below.authority.chainPem });

    // A new key for the one below: the root stays, each leaf has the chain of its key.
    await below.authority.takeStep('introduce');
    await below.authority.takeStep('switch');
    const [last] = await below.authority.issue([serverRequest(['dns:last.local'])]);
    assert.ok(last);
    for (const { certificate } of [server, last]) {
      accepted(certificate.pem, { roots: root.certificate.pem, chain: pemOf(below.authority.chainFor(certificate)) });
    }
    assert.notEqual(pemOf(below.authority.chainFor(server.certificate)), pemOf(last.chain));
    await below.release();
    await release();
  });
});
