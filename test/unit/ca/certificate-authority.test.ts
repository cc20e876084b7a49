import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { createPublicKey } from 'node:crypto';
import type { AuthorityOptions } from '../../../src/ca/authority-options';
import { acquireAuthority } from '../../../src/ca/authority-registry';
import type { IssueRequest } from '../../../src/ca/certificate-authority';
import { toResult } from '../../../src/ca/certificate-result';
import type { TlsCaConfig } from '../../../src/model/config/tls-ca';
import { codedError, type ErrorCode } from '../../../src/model/errors';
import { formatSubjectAltName, parseSubjectAltNames } from '../../../src/model/subject-alt-name';
import { createCertificateRequest, readCertificateRequest } from '../../../src/pki/certificate-request';
import { generatePrivateKey } from '../../../src/pki/key-generation';
import { keyBelongsTo } from '../../../src/pki/private-key';
import { isFolder } from '../../../src/store/folder';
import { rejects } from '../../support/coded-error';
import { FailingFileSystem } from '../../support/failing-file-system';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { authorityOptions, deviceRequest, nextProcess, serverRequest } from '../../support/test-authority';

const DAY_MS = 86_400_000;

async function testAuthority(given: Partial<AuthorityOptions> & { config?: Partial<TlsCaConfig> } = {}) {
  const disk = new MemoryDisk();
  const clock = new MemoryClock();
  const fs = new FailingFileSystem(disk);
  const options = authorityOptions({ fs, clock, processes: nextProcess(), ...given });
  const { authority, release } = await acquireAuthority(options);
  return { authority, release, disk, clock, fs, options };
}

const byName = (value: string) => ({ by: 'name', value }) as const;
const bySerial = (value: string) => ({ by: 'serial', value }) as const;

describe('issuing', () => {
  const names: {
    name: string;
    request: Partial<IssueRequest>;
    given?: string[];
    commonName?: string;
    names: string[];
  }[] = [
    {
      name: 'its name is a DNS name',
      request: { subject: { commonName: 'mosquitto' } },
      commonName: 'mosquitto',
      names: ['dns:mosquitto'],
    },
    {
      name: 'its name is an address',
      request: { subject: { commonName: '192.168.0.10' } },
      commonName: '192.168.0.10',
      names: ['ip:192.168.0.10'],
    },
    {
      name: 'it has no name but DNS names',
      request: {},
      given: ['ip:10.0.0.1', 'dns:b.local', 'dns:a.local'],
      commonName: 'b.local',
      names: ['ip:10.0.0.1', 'dns:b.local', 'dns:a.local'],
    },
    {
      name: 'it has only addresses',
      request: {},
      given: ['ip:10.0.0.1', 'ip:::1'],
      commonName: '10.0.0.1',
      names: ['ip:10.0.0.1', 'ip:::1'],
    },
    {
      name: 'its name is none of a host',
      request: { subject: { commonName: 'My broker' } },
      given: ['dns:a.local'],
      commonName: 'My broker',
      names: ['dns:a.local'],
    },
    {
      name: 'its name stands among the names already',
      request: { subject: { commonName: 'A.local' } },
      given: ['dns:a.local'],
      commonName: 'A.local',
      names: ['dns:a.local'],
    },
    {
      name: 'devices connect by address',
      request: { ipAsDns: true },
      given: ['ip:10.0.0.1'],
      commonName: '10.0.0.1',
      names: ['ip:10.0.0.1', 'dns:10.0.0.1'],
    },
    {
      name: 'a wildcard is asked for',
      request: { subject: { commonName: 'all' } },
      given: ['dns:*.local'],
      commonName: 'all',
      names: ['dns:all', 'dns:*.local'],
    },
    {
      name: 'every name is too long for a common name',
      request: {},
      given: [`dns:${'a'.repeat(40)}.${'b'.repeat(40)}.local`],
      names: [`dns:${'a'.repeat(40)}.${'b'.repeat(40)}.local`],
    },
  ];
  for (const { name, request, given = [], commonName, names: expected } of names) {
    it(`names a server when ${name}`, async () => {
      const { authority, release } = await testAuthority();
      const [issued] = await authority.issue([serverRequest(given, request)]);
      assert.equal(issued?.certificate.subject.commonName, commonName);
      assert.deepEqual(issued?.certificate.subjectAltNames.map(formatSubjectAltName), expected);
      await release();
    });
  }

  const refused: { name: string; code: ErrorCode; request: unknown; field?: string }[] = [
    { name: 'a server without any name', code: 'INPUT_SUBJECT_ALT_NAME', request: serverRequest([]) },
    {
      name: 'a server whose name is none of a host',
      code: 'INPUT_SUBJECT_ALT_NAME',
      request: serverRequest([], { subject: { commonName: 'My broker' } }),
    },
    { name: 'a server with only a URI', code: 'INPUT_SUBJECT_ALT_NAME', request: serverRequest(['uri:urn:x']) },
    { name: 'a device without name', code: 'INPUT_COMMON_NAME', request: { profile: 'device', subject: {} } },
    { name: 'a device with a name of blanks', code: 'INPUT_COMMON_NAME', request: deviceRequest('  ') },
    { name: 'a name of 65 characters', code: 'INPUT_COMMON_NAME', request: deviceRequest('x'.repeat(65)) },
    {
      name: 'a country of three letters',
      code: 'INPUT_SUBJECT',
      request: { profile: 'device', subject: { commonName: 'a', country: 'GBR' } },
    },
    { name: 'an unknown profile', code: 'INPUT_PROFILE', request: { profile: 'root', subject: { commonName: 'a' } } },
    {
      name: 'an unknown key type',
      code: 'INPUT_KEY_TYPE',
      request: deviceRequest('a', { keyType: 'ed25519' as never }),
    },
    { name: 'no days', code: 'INPUT_VALIDITY', request: deviceRequest('a', { validityDays: 0 }) },
    { name: 'days that are no number', code: 'INPUT_VALIDITY', request: deviceRequest('a', { validityDays: NaN }) },
    {
      name: 'more days than a hundred years',
      code: 'INPUT_VALIDITY',
      request: deviceRequest('a', { validityDays: 1e9 }),
    },
    { name: 'the name of the CA itself', code: 'INPUT_SUBJECT', request: deviceRequest('Test CA') },
  ];
  for (const { name, code, request } of refused) {
    it(`refuses ${name}, in a batch all of it`, async () => {
      const { authority, release, fs } = await testAuthority();
      fs.failAt(Infinity, { kind: 'once', errno: 'EIO' });
      await rejects(() => authority.issue([request as IssueRequest]), code);
      const batch = [deviceRequest('fine'), request as IssueRequest, deviceRequest('fine too')];
      const { cause } = await rejects(() => authority.issue(batch), code, /^item 1: /);
      assert.equal(cause.index, 1);
      assert.equal(fs.calls, 0);
      assert.equal(authority.list().total, 0);
      await release();
    });
  }

  it('refuses more than 10,000 at once', async () => {
    const { authority, release } = await testAuthority();
    const many = new Array<IssueRequest>(10_001).fill(deviceRequest('a'));
    await rejects(() => authority.issue(many), 'INPUT_TOO_MANY', /10001.*10000/);
    await release();
  });

  it('lets names outside the constraints of the CA not through', async () => {
    const { authority, release } = await testAuthority({ config: { nameConstraints: 'permitted:dns:home.arpa' } });
    await authority.issue([serverRequest(['dns:a.home.arpa'])]);
    await rejects(() => authority.issue([serverRequest(['dns:example.com'])]), 'CERT_CONSTRAINT', /example\.com/);
    await rejects(
      () => authority.issue([serverRequest(['dns:a.home.arpa', 'ip:10.0.0.1'], { ipAsDns: true })]),
      'CERT_CONSTRAINT',
    );
    await release();
  });

  const periods: { name: string; request: IssueRequest; days: number }[] = [
    { name: 'a server', request: serverRequest(['dns:a.local']), days: 397 },
    { name: 'a client', request: { profile: 'client', subject: { commonName: 'a' } }, days: 397 },
    {
      name: 'a server that is also a client',
      request: serverRequest(['dns:a.local'], { profile: 'server-client' }),
      days: 397,
    },
    { name: 'a device', request: deviceRequest('a'), days: 1825 },
    { name: 'what asks for 7 days', request: deviceRequest('a', { validityDays: 7 }), days: 7 },
  ];
  for (const { name, request, days } of periods) {
    it(`gives ${name} ${days} days from now, and the day before`, async () => {
      const { authority, release, clock } = await testAuthority();
      clock.jumpTo(clock.now() + 3 * DAY_MS + 123);
      const now = Math.floor(clock.now() / 1000) * 1000;
      const [issued] = await authority.issue([request]);
      assert.equal(issued?.certificate.notAfter.getTime(), now + days * DAY_MS);
      assert.equal(issued?.certificate.notBefore.getTime(), now - DAY_MS);
      assert.deepEqual(
        issued?.warnings.filter(({ code }) => code === 'CERT_VALIDITY_CLAMPED'),
        [],
      );
      await release();
    });
  }

  it('never outlives or predates the CA', async () => {
    const { authority, release } = await testAuthority({ config: { validityDays: 30 } });
    const [issued] = await authority.issue([deviceRequest('a')]);
    assert.deepEqual(issued?.certificate.notAfter, authority.certificate.notAfter);
    assert.deepEqual(issued?.certificate.notBefore, authority.certificate.notBefore);
    const [warning] = issued?.warnings ?? [];
    assert.equal(warning?.code, 'CERT_VALIDITY_CLAMPED');
    assert.equal(warning?.cause.notAfter, authority.certificate.notAfter.toISOString());
    await release();
  });

  it('ends with the CA, to the second, and does not begin before it', async () => {
    const { authority, release, clock } = await testAuthority({ config: { validityDays: 30 } });
    const { notBefore, notAfter } = authority.certificate;
    const moments = [
      [notBefore.getTime() - 1000, 'CERT_NOT_YET_VALID'],
      [notBefore.getTime(), undefined],
      [notAfter.getTime() - 1000, undefined],
      [notAfter.getTime(), 'CA_EXPIRED'],
      [notAfter.getTime() + 1000, 'CA_EXPIRED'],
    ] as const;
    for (const [moment, code] of moments) {
      clock.jumpTo(moment);
      if (code) await rejects(() => authority.issue([deviceRequest('a')]), code);
      else await authority.issue([deviceRequest('a')]);
    }
    await release();
  });

  it('keeps the private key out of the folder when it is only for the message', async () => {
    const { authority, release, disk } = await testAuthority();
    const [kept, handedOut] = await authority.issue([deviceRequest('a'), deviceRequest('b', { storeKey: false })]);
    assert.ok(handedOut?.secretPrivateKey);
    assert.ok(keyBelongsTo(handedOut.secretPrivateKey, handedOut.certificate));
    assert.ok(disk.files().has(`/user/pki/ca/private/${kept?.serialNumber}.key.pem`));
    assert.ok(!disk.files().has(`/user/pki/ca/private/${handedOut.serialNumber}.key.pem`));
    await rejects(() => authority.secretPrivateKey(handedOut.serialNumber), 'KEY_ABSENT');
    assert.equal((await authority.load(handedOut.serialNumber)).secretPrivateKey, undefined);
    assert.equal(authority.find(byName('b')).hasKey, false);
    await release();
  });

  it('tells the result as tls-issue sends it', async () => {
    const { authority, release } = await testAuthority();
    const [issued] = await authority.issue([serverRequest(['dns:a.local', 'ip:::1'], { subject: { country: 'gb' } })]);
    const result = toResult(issued!, authority, { privateKey: true });
    assert.equal(result.subject, 'CN=a.local,C=GB');
    assert.equal(result.issuer, 'CN=Test CA');
    assert.equal(result.keyType, 'ec-p256');
    assert.deepEqual(result.subjectAltNames, ['dns:a.local', 'ip:::1']);
    assert.match(result.fingerprint256, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.match(result.serialNumber, /^[0-7][0-9A-F]{39}$/);
    assert.equal(result.chain, '');
    assert.equal(result.fullChain, result.certificate);
    assert.equal(result.trustAnchors, authority.certificate.pem);
    assert.match(result.privateKeyPem ?? '', /^-----BEGIN PRIVATE KEY-----/);
    assert.ok(!('privateKeyPem' in toResult(issued!, authority, { privateKey: false })));
    await release();
  });
});

describe('a batch', () => {
  it('keeps its order, is durable in groups and tells how far it is', async () => {
    const { authority, release, disk } = await testAuthority();
    const progress: [number, number][] = [];
    const requests = Array.from({ length: 140 }, (_, index) => deviceRequest(`dev${index}`));
    const issued = await authority.issue(requests, {
      onProgress: (done, total) => {
        progress.push([done, total]);
        const lines = disk.afterPowerCut().files().get('/user/pki/ca/index.txt')?.split('\n').length ?? 0;
        assert.ok(lines - 1 >= done);
      },
    });
    assert.deepEqual(
      issued.map(({ commonName }) => commonName),
      requests.map(({ subject }) => subject.commonName),
    );
    assert.deepEqual(progress.at(-1), [140, 140]);
    assert.ok(progress.length >= 2);
    assert.equal(new Set(issued.map(({ serialNumber }) => serialNumber)).size, 140);
    await release();
  });

  it('gives the event loop many turns', async () => {
    const { authority, release } = await testAuthority();
    let turns = 0;
    let running = true;
    const count = () => {
      turns += 1;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    await authority.issue(Array.from({ length: 300 }, (_, index) => deviceRequest(`dev${index}`)));
    running = false;
    assert.ok(turns >= 300 / 16, `${turns} turns`);
    await release();
  });

  it('costs four syncs a group beside one for each file', async () => {
    const { authority, release, fs } = await testAuthority();
    fs.failAt(Infinity, { kind: 'once', errno: 'EIO' });
    await authority.issue(Array.from({ length: 112 }, (_, index) => deviceRequest(`dev${index}`)));
    assert.equal(fs.log.filter((call) => call.startsWith('sync')).length, 112 * 2 + 4);
    await release();
  });

  it('that fails on the way tells what is durable nevertheless', async () => {
    const { authority, release, fs } = await testAuthority();
    const requests = Array.from({ length: 300 }, (_, index) => deviceRequest(`dev${index}`));
    const { cause } = await rejects(
      () =>
        authority.issue(requests, {
          onProgress: (done) => {
            if (done < 200) fs.failAt(1, { kind: 'always', errno: 'ENOSPC' });
          },
        }),
      'STORE_FULL',
    );
    fs.heal();
    const issued = cause.issued as string[];
    assert.ok(issued.length >= 100 && issued.length < 300, String(issued.length));
    assert.deepEqual(
      authority.list().items.map(({ serialNumber }) => serialNumber),
      issued,
    );
    await authority.issue([deviceRequest('again')]);
    await release();
  });

  it('that fails leaves no file of it in the folder', async () => {
    const { authority, release, fs, disk } = await testAuthority();
    const before = [...disk.files().keys()];
    for (const at of [3, 20, 40]) {
      fs.failAt(at, { kind: 'once', errno: 'ENOSPC' });
      const batch = Array.from({ length: 8 }, (_, index) => deviceRequest(`dev${index}`));
      await rejects(() => authority.issue(batch), 'STORE_FULL');
      assert.deepEqual([...disk.files().keys()], before);
    }
    await release();
  });

  it('stands in the index in the order it was asked for, although keys are not made in that order', async () => {
    const { authority, release, disk } = await testAuthority();
    const issued = await authority.issue(Array.from({ length: 100 }, (_, index) => deviceRequest(`dev${index}`)));
    const rows = disk.files().get(`${authority.folder}/index.txt`)?.trim().split('\n') ?? [];
    const asked = issued.map(({ serialNumber }) => serialNumber);
    assert.deepEqual(
      rows.map((row) => row.split('\t')[3]),
      asked,
    );
    assert.deepEqual(
      issued.map(({ commonName }) => commonName),
      asked.map((_, index) => `dev${index}`),
    );
    await release();
  });

  it('takes turns with another one by groups', async () => {
    const { authority, release } = await testAuthority();
    const batch = (name: string) => Array.from({ length: 300 }, (_, index) => deviceRequest(`${name}${index}`));
    const order: string[] = [];
    const run = (name: string) => authority.issue(batch(name), { onProgress: () => order.push(name) });
    const [a, b] = await Promise.all([run('a'), run('b')]);
    assert.equal(new Set([...a, ...b].map(({ serialNumber }) => serialNumber)).size, 600);
    assert.equal(authority.list().total, 600);
    assert.notEqual(order.join(''), [...order].sort().join(''), order.join(''));
    await release();
  });

  it('never uses a serial number twice, even when the random source repeats itself', async () => {
    let calls = 0;
    const random = (size: number) => Buffer.alloc(size, Math.floor(calls++ / 3));
    const { authority, release } = await testAuthority({ random });
    const issued = await authority.issue(Array.from({ length: 20 }, (_, index) => deviceRequest(`dev${index}`)));
    assert.equal(new Set(issued.map(({ serialNumber }) => serialNumber)).size, 20);
    await release();
  });

  it('is refused by a random source that does not vary', async () => {
    const { authority, release } = await testAuthority({ random: (size) => Buffer.alloc(size, 7) });
    await authority.issue([deviceRequest('a')]);
    await rejects(() => authority.issue([deviceRequest('b')]), 'CERT_SERIAL_DUPLICATE');
    await release();
  });

  it('stops when another process has taken the folder over', async () => {
    const { authority, release, disk } = await testAuthority();
    disk.put('/user/pki/ca/lock', '{}');
    const before = [...disk.files()];
    await rejects(() => authority.issue([deviceRequest('a')]), 'CA_LOCKED');
    assert.deepEqual([...disk.files()], before);
    await release();
  });
});

describe('renewing', () => {
  it('makes a new key and keeps names, profile and the old certificate', async () => {
    const { authority, release, clock } = await testAuthority();
    const [old] = await authority.issue([
      serverRequest(['dns:a.local', 'ip:10.0.0.1'], {
        ipAsDns: true,
        keyType: 'ec-p384',
        subject: { organization: 'Home' },
      }),
    ]);
    clock.jumpTo(clock.now() + DAY_MS);
    const events: string[] = [];
    authority.on('renewed', ({ serialNumber }) => events.push(serialNumber));
    const renewed = await authority.renew(byName('a.local'));
    assert.equal(renewed.profile, 'server');
    assert.equal(renewed.certificate.subjectText, old?.certificate.subjectText);
    assert.deepEqual(renewed.certificate.subjectAltNames, old?.certificate.subjectAltNames);
    assert.equal(renewed.certificate.keyDescription, 'ec-p384');
    assert.notDeepEqual(renewed.certificate.spki, old?.certificate.spki);
    assert.equal(authority.statusOf(old!.serialNumber), 'valid');
    assert.equal(authority.find(byName('a.local')).serialNumber, renewed.serialNumber);
    assert.deepEqual(events, [renewed.serialNumber]);
    await release();
  });

  it('with the same key copies it', async () => {
    const { authority, release } = await testAuthority({ passphrase: 'correct horse' });
    const [old] = await authority.issue([deviceRequest('a')]);
    const renewed = await authority.renew(bySerial(old!.serialNumber), { rekey: false, validityDays: 5 });
    assert.deepEqual(renewed.certificate.spki, old?.certificate.spki);
    assert.ok(keyBelongsTo(await authority.secretPrivateKey(renewed.serialNumber), renewed.certificate));
    await release();
  });

  it('is refused for what was revoked or is not there', async () => {
    const { authority, release } = await testAuthority();
    const [issued] = await authority.issue([deviceRequest('a')]);
    await authority.revoke(byName('a'));
    await rejects(() => authority.renew(bySerial(issued!.serialNumber)), 'CERT_STATUS', /revoked/);
    await rejects(() => authority.renew(byName('a')), 'CERT_NOT_FOUND', /revoked/);
    await rejects(() => authority.renew(byName('b')), 'CERT_NOT_FOUND');
    await release();
  });
});

describe('the keys of a batch', () => {
  it('are encrypted after one derivation, and each opens with the passphrase', async () => {
    const { authority, release } = await testAuthority({ passphrase: 'correct horse' });
    const requests: string[] = [];
    const hook = createHook({ init: (_, type) => requests.push(type) }).enable();
    const issued = await authority.issue(Array.from({ length: 40 }, (_, index) => deviceRequest(`dev${index}`)));
    hook.disable();
    assert.equal(requests.filter((type) => type === 'PBKDF2REQUEST').length, 1);
    for (const { serialNumber, certificate } of issued) {
      assert.ok(keyBelongsTo(await authority.secretPrivateKey(serialNumber), certificate));
    }
    await release();
  });

  it('are in clear from where the passphrase is removed on, on the disk too', async () => {
    const { authority, release, disk } = await testAuthority({ passphrase: 'correct horse' });
    let removed: Promise<unknown> | undefined;
    authority.on('issued', () => (removed ??= authority.changePassphrase('correct horse', '')));
    const issued = await authority.issue(Array.from({ length: 140 }, (_, index) => deviceRequest(`dev${index}`)));
    await removed;
    for (const { serialNumber, certificate } of issued) {
      const pem = disk.files().get(`${authority.folder}/private/${serialNumber}.key.pem`);
      assert.match(String(pem), /BEGIN PRIVATE KEY/);
      assert.ok(keyBelongsTo(await authority.secretPrivateKey(serialNumber), certificate));
    }
    await release();
  });
});

describe('signing a certificate request', () => {
  async function request(subject: object, names: string[] = []) {
    const privateKey = await generatePrivateKey('ec-p256');
    const { pem } = await createCertificateRequest({
      subject,
      subjectAltNames: parseSubjectAltNames(names),
      privateKey,
    });
    return { request: readCertificateRequest(pem), privateKey };
  }

  it('is warned of when its key has another valid name, also within one batch and after a restart', async () => {
    const { authority, release, options } = await testAuthority();
    const privateKey = await generatePrivateKey('ec-p256');
    const named = async (commonName: string) => {
      const { pem } = await createCertificateRequest({ subject: { commonName }, subjectAltNames: [], privateKey });
      return readCertificateRequest(pem);
    };
    const codes = ({ warnings }: { warnings: readonly { code: string }[] }) => warnings.map(({ code }) => code);
    const sign = async (commonName: string) => authority.sign(await named(commonName), { profile: 'device' });
    assert.deepEqual(codes(await sign('dev01')), []);
    assert.deepEqual(codes(await sign('dev01')), [], 'the same name again is a renewal');
    const second = await sign('dev02');
    assert.deepEqual(second.warnings, [
      {
        code: 'KEY_SHARED',
        message: 'the key of "dev02" is certified for "dev01", too',
        cause: { commonName: 'dev02', names: ['dev01'], count: 1 },
        hint: second.warnings[0]?.hint,
      },
    ]);
    const order = async (commonName: string) =>
      ({ action: 'sign', request: await named(commonName), options: { profile: 'device' } }) as const;
    await authority.revokeAll([{ selector: byName('dev01'), all: true }, { selector: byName('dev02') }]);
    const batch = await authority.fulfil([await order('dev03'), await order('dev04')]);
    assert.deepEqual(batch.map(codes), [['KEY_SHARED'], ['KEY_SHARED']]);
    const { items: issued } = authority.list();
    assert.deepEqual(
      issued.map(({ sharesKeyWith }) => sharesKeyWith?.join()),
      ['dev03,dev04', 'dev03,dev04', 'dev03,dev04', 'dev04', 'dev03'],
    );
    const renewed = await authority.renew(byName('dev03'), { rekey: false });
    assert.deepEqual(codes(renewed), ['KEY_SHARED']);
    assert.deepEqual(codes(await authority.renew(byName('dev03'))), []);
    await release();
    const again = await acquireAuthority(options);
    assert.deepEqual(again.authority.find(byName('dev04')).sharesKeyWith, ['dev03']);
    await again.release();
  });

  it('certifies its key and names, and holds no private key', async () => {
    const { authority, release } = await testAuthority();
    const { request: csr, privateKey } = await request({ commonName: 'a.local' }, ['dns:a.local']);
    const signed = await authority.sign(csr, { profile: 'server' });
    assert.ok(keyBelongsTo(privateKey, signed.certificate));
    assert.deepEqual(signed.warnings, []);
    assert.equal(signed.secretPrivateKey, undefined);
    assert.equal(authority.find(byName('a.local')).hasKey, false);
    await release();
  });

  it('tells what was added and dropped', async () => {
    const { authority, release } = await testAuthority();
    const { request: csr } = await request({ commonName: 'a.local' }, ['dns:b.local']);
    const added = await authority.sign(csr, { profile: 'server' });
    assert.deepEqual(
      added.warnings.map(({ code, cause }) => [code, cause]),
      [['CSR_EXTENSION_DROPPED', { added: 'dns:a.local' }]],
    );
    const replaced = await authority.sign(csr, { profile: 'client', subjectAltNames: [] });
    assert.deepEqual(
      replaced.warnings.map(({ cause }) => cause),
      [{ name: 'dns:b.local' }],
    );
    await release();
  });
});

describe('revoking', () => {
  it('enters the CRL at once and for ever', async () => {
    const { authority, release, options } = await testAuthority();
    const [issued] = await authority.issue([deviceRequest('a'), deviceRequest('b')]);
    const events: string[] = [];
    for (const name of ['revoked', 'crl-refreshed'] as const) authority.on(name, ({ event }) => events.push(event));
    const before = await authority.crl();
    const { revoked, crlNumber, crlPem } = await authority.revoke(byName('a'), { reason: 'keyCompromise' });
    assert.deepEqual(revoked, [
      {
        serialNumber: issued!.serialNumber,
        commonName: 'a',
        revokedAt: '2030-01-15T12:00:00.000Z',
        reason: 'keyCompromise',
      },
    ]);
    assert.equal(Number(crlNumber), Number(before.number) + 1);
    assert.equal((await authority.crl()).pem, crlPem);
    assert.deepEqual(events, ['revoked', 'crl-refreshed']);
    assert.equal(authority.statusOf(issued!.serialNumber), 'revoked');
    assert.equal(authority.statusOf(issued!.serialNumber.toLowerCase()), 'revoked');
    await release();
    const again = await acquireAuthority(options);
    assert.equal(again.authority.statusOf(issued!.serialNumber), 'revoked');
    assert.equal((await again.authority.crl()).pem, crlPem);
    await again.release();
  });

  it('asks which one when several of a name are valid', async () => {
    const { authority, release } = await testAuthority();
    const issued = await authority.issue([deviceRequest('a'), deviceRequest('a'), deviceRequest('a')]);
    const serialNumbers = issued.map(({ serialNumber }) => serialNumber);
    const { cause } = await rejects(() => authority.revoke(byName('a')), 'INPUT_AMBIGUOUS');
    assert.deepEqual(cause.serialNumbers, serialNumbers);
    await authority.revoke(bySerial(serialNumbers[0]!));
    const { revoked } = await authority.revoke(byName('a'), { all: true });
    assert.deepEqual(
      revoked.map(({ serialNumber }) => serialNumber),
      serialNumbers.slice(1),
    );
    await release();
  });

  it('allows only what the status allows', async () => {
    const { authority, release } = await testAuthority();
    await authority.issue([deviceRequest('a'), deviceRequest('held')]);
    await rejects(() => authority.revoke(byName('nobody')), 'CERT_NOT_FOUND');
    await rejects(() => authority.revoke(bySerial('01')), 'CERT_NOT_FOUND');
    await rejects(() => authority.revoke(byName('a'), { reason: 'boredom' as never }), 'INPUT_REASON', /keyCompromise/);
    await rejects(() => authority.revoke(byName('a'), { reason: 'removeFromCRL' }), 'CERT_STATUS', /not on hold/);
    await authority.revoke(byName('a'));
    await rejects(() => authority.revoke(byName('a')), 'CERT_STATUS', /was revoked/);

    await authority.revoke(byName('held'), { reason: 'certificateHold' });
    await rejects(() => authority.revoke(byName('held'), { reason: 'certificateHold' }), 'CERT_STATUS');
    await authority.revoke(byName('held'), { reason: 'removeFromCRL' });
    assert.equal(authority.find(byName('held')).status, 'valid');
    await authority.revoke(byName('held'), { reason: 'certificateHold' });
    await authority.revoke(byName('held'), { reason: 'superseded' });
    assert.equal(authority.list({ status: 'revoked' }).items[1]?.reason, 'superseded');
    await release();
  });

  it('stands when the CRL cannot be written, which is made later', async () => {
    const { authority, release, fs } = await testAuthority();
    await authority.issue([deviceRequest('a')]);
    const before = await authority.crl();
    // Beyond the six calls that replace the index and note it in the journal.
    fs.failAt(12, { kind: 'always', errno: 'ENOSPC' });
    const { cause } = await rejects(() => authority.revoke(byName('a')), 'STORE_FULL', /^revoked, but no new CRL/);
    assert.equal((cause.revoked as unknown[]).length, 1);
    await rejects(() => authority.crl(), 'STORE_FULL');
    fs.heal();
    assert.ok(Number((await authority.crl()).number) > Number(before.number));
    await release();
  });
});

describe('ensuring', () => {
  it('issues once and renews when due', async () => {
    const { authority, release, clock } = await testAuthority();
    const request = serverRequest(['dns:a.local', 'ip:10.0.0.1'], { ipAsDns: true });
    const first = await authority.ensure(request);
    const again = await authority.ensure(request);
    assert.equal(again.serialNumber, first.serialNumber);
    assert.ok(again.secretPrivateKey);
    clock.jumpTo(first.certificate.notAfter.getTime() - 0.32 * 398 * DAY_MS);
    const renewed = await authority.ensure(request);
    assert.notEqual(renewed.serialNumber, first.serialNumber);
    assert.equal((await authority.ensure(request)).serialNumber, renewed.serialNumber);
    await release();
  });

  it('shares one certificate between calls at the same time', async () => {
    const { authority, release } = await testAuthority();
    const calls = await Promise.all([1, 2, 3].map(() => authority.ensure(deviceRequest('a'))));
    assert.equal(new Set(calls.map(({ serialNumber }) => serialNumber)).size, 1);
    await release();
  });

  it('counts what a server has, although a newer one has its names and more, until it is renewed', async () => {
    const { authority, release, clock } = await testAuthority();
    const own = await authority.ensure(serverRequest(['dns:localhost']));
    await clock.advance(1000);
    const more = await authority.ensure(serverRequest(['dns:localhost', 'dns:mosquitto']));
    const replaced = () => authority.list({ replaced: true }).items.map(({ serialNumber }) => serialNumber);
    assert.deepEqual(replaced(), []);
    clock.jumpTo(own.certificate.notAfter.getTime() - 5 * DAY_MS);
    const due = async () => (await authority.outlook(new Set())).reached.map(({ serialNumber }) => serialNumber);
    assert.deepEqual(await due(), [own.serialNumber, more.serialNumber]);
    const renewed = await authority.ensure(serverRequest(['dns:localhost']));
    assert.notEqual(renewed.serialNumber, own.serialNumber);
    assert.deepEqual(replaced(), [own.serialNumber]);
    assert.deepEqual(await due(), [more.serialNumber]);
    await release();
  });

  it('does not take a certificate that is something else, revoked or without its key', async () => {
    const { authority, release } = await testAuthority();
    const [otherProfile, noKey, revoked] = await authority.issue([
      { profile: 'client', subject: { commonName: 'a' } },
      deviceRequest('a', { storeKey: false }),
      deviceRequest('a'),
    ]);
    await authority.revoke(bySerial(revoked!.serialNumber));
    const ensured = await authority.ensure(deviceRequest('a'));
    assert.ok(![otherProfile, noKey, revoked].some((other) => other?.serialNumber === ensured.serialNumber));
    const otherKey = await authority.ensure(deviceRequest('a', { keyType: 'ec-p384' }));
    assert.equal(otherKey.certificate.keyDescription, 'ec-p384');
    const otherNames = await authority.ensure(
      deviceRequest('a', { subjectAltNames: parseSubjectAltNames(['dns:a.local']) }),
    );
    assert.deepEqual(otherNames.certificate.subjectAltNames.map(formatSubjectAltName), ['dns:a.local']);
    await release();
  });

  it('does not go round a hold, and goes on with the same certificate afterwards', async () => {
    const { authority, release } = await testAuthority();
    const { serialNumber } = await authority.ensure(deviceRequest('a'));
    await authority.revoke(bySerial(serialNumber), { reason: 'certificateHold' });
    const { cause } = await rejects(() => authority.ensure(deviceRequest('a')), 'CERT_REVOKED');
    assert.deepEqual(cause, { serialNumber, commonName: 'a', reason: 'certificateHold' });
    await authority.revoke(bySerial(serialNumber), { reason: 'removeFromCRL' });
    assert.equal((await authority.ensure(deviceRequest('a'))).serialNumber, serialNumber);
    await release();
  });

  it('gives a new certificate when a hold has become final', async () => {
    const { authority, release } = await testAuthority();
    const held = await authority.ensure(deviceRequest('a'));
    await authority.revoke(bySerial(held.serialNumber), { reason: 'certificateHold' });
    await authority.revoke(bySerial(held.serialNumber), { reason: 'keyCompromise' });
    assert.notEqual((await authority.ensure(deviceRequest('a'))).serialNumber, held.serialNumber);
    await release();
  });
});

describe('an intermediate CA', () => {
  it('stands below its issuer, with chain and trust anchors', async () => {
    const root = await testAuthority();
    const options = authorityOptions({
      folder: '/user/pki/below',
      fs: root.options.fs!,
      clock: root.clock,
      config: { name: 'Below', validityDays: 9999 },
      issuer: root.authority,
    });
    const { authority, release } = await acquireAuthority(options);
    assert.ok(authority.certificate.isSignedBy(root.authority.certificate));
    assert.deepEqual(authority.certificate.notAfter, root.authority.certificate.notAfter);
    assert.deepEqual(authority.certificate.basicConstraints, { ca: true, pathLength: 0, critical: true });
    assert.equal(authority.chainPem, authority.certificate.pem);
    assert.equal(authority.trustAnchorsPem, root.authority.certificate.pem);
    const entry = root.authority.find(byName('Below'));
    assert.equal(entry.profile, 'intermediate');
    assert.equal(entry.hasKey, false);

    const [issued] = await authority.issue([serverRequest(['dns:a.local'])]);
    const result = toResult(issued!, authority, { privateKey: false });
    assert.equal(result.fullChain, issued!.certificate.pem + authority.certificate.pem);
    await rejects(
      () => acquireAuthority({ ...options, folder: '/user/pki/third', issuer: authority }),
      'CERT_CONSTRAINT',
      /path length/,
    );
    assert.ok(!(await isFolder(root.disk, '/user/pki/third')), 'refused before anything is made');
    await rejects(() => root.authority.renew(byName('Below')), 'CERT_STATUS', /is a CA/);
    await release();

    const alone = await acquireAuthority({ ...options, issuer: undefined });
    assert.equal(alone.authority.chainPem, authority.chainPem);
    await alone.release();
    const stranger = await testAuthority();
    await rejects(() => acquireAuthority({ ...options, issuer: stranger.authority }), 'CA_MISMATCH');
    await stranger.release();
    await root.release();
  });
});

describe('what a CA tells of a certificate', () => {
  it('is unknown for serial numbers it never gave', async () => {
    const { authority, release } = await testAuthority();
    for (const serialNumber of ['01', '', '-01', 'rubbish']) assert.equal(authority.statusOf(serialNumber), 'unknown');
    await rejects(() => authority.load('01'), 'CERT_NOT_FOUND');
    await rejects(() => authority.load('rubbish'), 'INPUT_SELECTOR');
    await release();
  });

  it('is expired from the second of notAfter on', async () => {
    const { authority, release, clock } = await testAuthority();
    const [issued] = await authority.issue([deviceRequest('a', { validityDays: 1 })]);
    const end = issued!.certificate.notAfter.getTime();
    for (const [moment, status] of [
      [end - 1000, 'valid'],
      [end, 'expired'],
      [end + 1000, 'expired'],
    ] as const) {
      clock.jumpTo(moment);
      assert.equal(authority.statusOf(issued!.serialNumber), status);
    }
    const loaded = await authority.load(issued!.serialNumber);
    assert.deepEqual(
      loaded.warnings.map(({ code }) => code),
      ['CERT_EXPIRED'],
    );
    await release();
  });

  it('is an error when the file is gone or is another one', async () => {
    const { authority, release, disk } = await testAuthority();
    const [a, b] = await authority.issue([deviceRequest('a'), deviceRequest('b')]);
    const path = (serialNumber: string) => `/user/pki/ca/certs/${serialNumber}.pem`;
    disk.put(path(b!.serialNumber), a!.certificate.pem);
    await rejects(() => authority.load(b!.serialNumber), 'STORE_CORRUPT');
    await disk.unlink(path(a!.serialNumber));
    await rejects(() => authority.load(a!.serialNumber), 'CERT_NOT_FOUND', /file is gone/);
    await release();
  });

  it('survives a listener that throws', async () => {
    const { authority, release } = await testAuthority();
    authority.on('issued', () => {
      throw codedError('INPUT_CONFIG', 'a fault of a listener');
    });
    const warned = new Promise((resolve) => process.once('warning', resolve));
    assert.equal((await authority.issue([deviceRequest('a')])).length, 1);
    assert.match(String(await warned), /fault of a listener/);
    await release();
  });

  it('includes the key of the CA only when asked', async () => {
    const { authority, release } = await testAuthority({ passphrase: 'correct horse' });
    const key = await authority.secretAuthorityKey();
    assert.ok(keyBelongsTo(key, authority.certificate));
    assert.ok(createPublicKey(key).equals(authority.certificate.publicKey));
    await release();
  });
});
