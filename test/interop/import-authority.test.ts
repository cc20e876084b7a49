import assert from 'node:assert/strict';
import { readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireAuthority, type AuthorityLease } from '../../src/ca/authority-registry';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import { rejects } from '../support/coded-error';
import {
  databaseFolder,
  easyRsaFolder,
  EASY_RSA_LAYOUT,
  ForeignAuthority,
  OPENSSL_LAYOUT,
  stepFolder,
  thinEdgeFolder,
  workshopFolder,
} from '../support/foreign-authority';
import { judge } from '../support/openssl';
import { deviceRequest, testSettings } from '../support/test-authority';

/** `openssl verify` of a certificate below what the CA hands out, with its revocation list. */
function verify(authority: AuthorityLease['authority'], leaf: string, list: string, ...options: string[]) {
  return judge(
    'openssl',
    ['verify', ...options, '-crl_check', '-CRLfile', 'crl.pem', '-CAfile', 'ca.pem', 'leaf.pem'],
    {
      'ca.pem': authority.trustAnchorsPem + authority.chainPem,
      'leaf.pem': leaf,
      'crl.pem': list,
    },
  );
}

describe('a CA that somebody else made', function () {
  let home: string;
  let lease: AuthorityLease | undefined;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'secure-mqtt-import-'));
  });
  afterEach(async () => {
    await lease?.release();
    lease = undefined;
    await rm(home, { recursive: true, force: true });
  });

  const options = (importPath: string, passphrase?: string) => ({
    ...{ folder: join(home, 'pki/ca'), userDir: home, nodeId: 'node', importPath },
    settings: testSettings({ source: 'import', name: 'Imported' }),
    ...(passphrase && { passphrase }),
  });
  const take = async (importPath: string, passphrase?: string) => {
    lease = await acquireAuthority(options(importPath, passphrase));
    return lease.authority;
  };
  const nothingMade = () => assert.throws(() => readFileSync(join(home, 'pki/ca/ca.json')), { code: 'ENOENT' });

  /** Issuing goes on, openssl accepts it, and the list has what it had. */
  const goesOn = async (authority: AuthorityLease['authority'], ...strict: string[]) => {
    const [issued] = await authority.issue([deviceRequest('new device')]);
    const { pem } = await authority.crl();
    const { status, output } = verify(authority, issued!.certificate.pem, pem, ...strict);
    assert.equal(status, 0, output);
    assert.deepEqual(issued!.certificate.issuerBytes, authority.certificate.subjectBytes);
  };

  for (const [name, layout, place] of [
    ['openssl ca', OPENSSL_LAYOUT, ''],
    ['easy-rsa', EASY_RSA_LAYOUT, ''],
    ['easy-rsa, by its pki folder', EASY_RSA_LAYOUT, 'pki'],
  ] as const) {
    it(`comes with its index and its revocations from ${name}`, async () => {
      const made = databaseFolder(join(home, 'old'), layout);
      const authority = await take(made.path(place), 'a passphrase');
      const items = authority.list().items;
      assert.deepEqual(
        items
          .map(({ commonName, serialNumber, status, hasKey, profile }) => [
            commonName,
            serialNumber,
            status,
            hasKey,
            profile,
          ])
          .sort(),
        [
          ['pump', '1000', 'valid', true, 'client'],
          ['stolen', '1002', 'revoked', true, 'client'],
          ['valve', '1001', 'valid', true, 'client'],
        ],
      );
      assert.equal(items.find(({ commonName }) => commonName === 'stolen')?.reason, 'keyCompromise');
      assert.deepEqual(authority.findings, []);
      await goesOn(authority, '-x509_strict');
      const { crlPem, crlNumber } = await authority.revoke({ by: 'name', value: 'pump' });
      assert.ok(Number(crlNumber) > 0x2a, 'the numbers of the lists go on');
      const pump = (await authority.load('1000')).certificate.pem;
      assert.match(verify(authority, pump, crlPem).output, /certificate revoked/);
      const valve = await authority.load('1001');
      assert.equal(verify(authority, valve.certificate.pem, crlPem).status, 0);
      assert.ok(valve.secretPrivateKey);
      assert.match(readFileSync(join(home, 'pki/ca/private/ca.key.pem'), 'utf8'), /ENCRYPTED/);
      assert.match(readFileSync(join(home, 'pki/ca/private/1001.key.pem'), 'utf8'), /ENCRYPTED/);
      // And openssl goes on with our folder.
      const listed = judge('openssl', [
        'ca',
        '-config',
        join(home, 'pki/ca/openssl.cnf'),
        '-gencrl',
        '-passin',
        'pass:a passphrase',
      ]);
      assert.equal(listed.status, 0, listed.output);
    });
  }

  it('comes from easy-rsa itself, with an encrypted key and a revoked client', async () => {
    const made = easyRsaFolder(join(home, 'old'), 'easy does it');
    const stolen = readFileSync(
      made.path(`pki/revoked/certs_by_serial/${readdirSync(made.path('pki/revoked/certs_by_serial'))[0]}`),
      'utf8',
    );
    await rejects(() => take(made.folder, 'wrong'), 'KEY_PASSPHRASE_WRONG', /ca\.key/);
    await rejects(() => take(made.folder), 'KEY_ENCRYPTED', /ca\.key/);
    nothingMade();
    const authority = await take(made.path('pki'), 'easy does it');
    assert.deepEqual(
      authority
        .list()
        .items.map(({ commonName, status, hasKey, profile }) => [commonName, status, hasKey, profile])
        .sort(),
      [
        ['broker.local', 'valid', true, 'server'],
        ['pump', 'valid', true, 'client'],
        ['stolen', 'revoked', true, 'client'],
      ],
    );
    // Measured with easy-rsa 3.1: what it says of its CA is what Python from 3.13 on refuses.
    assert.deepEqual(
      authority.findings.map(({ code, message }) => `${code} ${message}`),
      ['CERT_NOT_STRICT "CN=Plant CA" has basicConstraints that are not critical'],
    );
    const { pem } = await authority.crl();
    assert.match(verify(authority, stolen, pem).output, /certificate revoked/);
    await goesOn(authority);
    const renewed = await authority.renew({ by: 'name', value: 'broker.local' });
    assert.match(verify(authority, renewed.certificate.pem, pem, '-x509_strict').output, /Basic Constraints.*critical/);
  });

  it('comes from the folder of the workshop, with what is wrong with it', async () => {
    const made = workshopFolder(join(home, 'workshop'), 'password123');
    await rejects(() => take(made.folder, 'wrong'), 'KEY_PASSPHRASE_WRONG', /rootCA_key\.pem/);
    await rejects(() => take(made.folder), 'KEY_ENCRYPTED', /rootCA_key\.pem/);
    nothingMade();
    // By its certificate, of which there is a copy in DER beside it.
    const authority = await take(made.path('rootCA_certificate.pem'), 'password123');
    const texts = authority.findings.map(({ code, message }) => `${code} ${message}`).join('\n');
    assert.match(texts, /CERT_NOT_STRICT .*basicConstraints that are not critical/);
    assert.match(texts, /CERT_NOT_STRICT .*CA without keyUsage/);
    assert.match(texts, /CERT_SERIAL_DUPLICATE 2 certificates have the serial number 83: "dev01", "dev02"/);
    assert.match(texts, /CERT_PURPOSE .*(?=.*"dev01")(?=.*"dev02")(?=.*"mosquitto").*: has no extendedKeyUsage/);
    assert.match(texts, /CERT_CONSTRAINT .*valid longer than its CA/);
    await goesOn(authority);
    for (const selector of [
      { by: 'name', value: 'dev01' },
      { by: 'name', value: 'dev02' },
      { by: 'serial', value: '83' },
    ] as const) {
      await rejects(() => authority.revoke(selector), 'INPUT_AMBIGUOUS', /"dev01", "dev02"/);
    }
    const { crlPem } = await authority.revoke({ by: 'name', value: 'dev02' }, { all: true });
    for (const name of ['SecuredDev01_crt.pem', 'SecuredDev02_crt.pem']) {
      assert.match(verify(authority, readFileSync(made.path(name), 'utf8'), crlPem).output, /certificate revoked/);
    }
  });

  /** What it has issued, as far as it is known. */
  const issuedBy = (authority: AuthorityLease['authority']) =>
    authority.list().items.map(({ commonName, serialNumber, hasKey }) => [commonName, serialNumber, hasKey]);

  it('comes from the whole folder of the workshop, with broker and devices', async () => {
    const made = workshopFolder(join(home, 'workshop'), 'password123');
    const authority = await take(made.folder, 'password123');
    // The twin of dev01 has no row of its own: an index of OpenSSL holds each number once.
    assert.deepEqual(issuedBy(authority).sort(), [['dev01', '83', true], ['mosquitto', '0B', true]]); // prettier-ignore
    assert.ok(!authority.findings.some(({ code }) => /^(KEY|PEM|STORE)_/.test(code)), 'all its files are understood');
    const broker = await authority.load('0B');
    assert.deepEqual(broker.certificate.subjectAltNames.map(({ value }) => value), ['localhost', 'mosquitto', '192.168.0.147']); // prettier-ignore
    await goesOn(authority);

    // What was found is told as long as it is true, also when it is opened again.
    const found = () => [...new Set(authority.findings.map(({ code }) => code))].sort();
    assert.match(authority.findings.map(({ message }) => message).join(), /CA without keyUsage/);
    await authority.takeStep('renew');
    assert.deepEqual(found(), ['CERT_CONSTRAINT', 'CERT_PURPOSE', 'CERT_SERIAL_DUPLICATE']);
    assert.doesNotMatch(authority.findings.map(({ message }) => message).join(), /CA without keyUsage|not critical/);
    for (const step of ['introduce', 'switch'] as const) await authority.takeStep(step, { keyType: 'ec-p256' });
    assert.equal(found().length, 3);
    await authority.takeStep('retire', { force: true });
    assert.deepEqual(found(), []);
    await lease?.release();
    lease = await acquireAuthority(options(made.folder, 'password123'));
    assert.deepEqual(lease.authority.findings, []);
  });

  it('comes from the folder of the thin-edge.io script, with what is wrong with it', async () => {
    const made = thinEdgeFolder(join(home, 'thin-edge'));
    const authority = await take(made.folder);
    assert.deepEqual(issuedBy(authority).map(([name, , hasKey]) => [name, hasKey]).sort(), [['client1', true], ['gateway', true]]); // prettier-ignore
    const texts = authority.findings.map(({ code, message }) => `${code} ${message}`).join('\n');
    assert.match(texts, /CERT_NOT_STRICT "CN=ca,O=Dis,.*" is a CA without keyUsage/);
    assert.match(texts, /CERT_PURPOSE (?=.*"gateway")(?=.*"client1").*: has no extendedKeyUsage/);
    await goesOn(authority);
    const { crlPem } = await authority.revoke({ by: 'name', value: 'client1' });
    assert.match(
      verify(authority, readFileSync(made.path('client.crt'), 'utf8'), crlPem).output,
      /certificate revoked/,
    );
    assert.equal(verify(authority, readFileSync(made.path('server.crt'), 'utf8'), crlPem).status, 0);
  });

  it('comes from the folder of step, when it is said which of its two', async () => {
    const made = stepFolder(join(home, '.step'), 'a passphrase');
    const either = /intermediate_ca\.crt.*root_ca\.crt/;
    const { hint } = await rejects(() => take(made.folder, 'a passphrase'), 'INPUT_AMBIGUOUS', either);
    assert.ok(hint.startsWith(`Write ${made.path('certs/intermediate_ca.crt')} into "Import from": `), hint);
    nothingMade();
    await rejects(() => take(made.path('certs/intermediate_ca.crt'), 'wrong'), 'KEY_PASSPHRASE_WRONG', /./);
    const authority = await take(made.path('certs/intermediate_ca.crt'), 'a passphrase');
    assert.equal(authority.certificate.subjectText, 'CN=Smallstep Intermediate CA,O=Smallstep');
    assert.deepEqual(authority.trustAnchors.map(({ subjectText }) => subjectText), ['CN=Smallstep Root CA,O=Smallstep']); // prettier-ignore
    assert.deepEqual(authority.findings, []);
    await goesOn(authority, '-x509_strict');
  });

  it('comes from one PEM, from PKCS#12 of each age, and by its certificate beside its key', async () => {
    const made = databaseFolder(join(home, 'old'), OPENSSL_LAYOUT);
    const bundle = readFileSync(made.path('private/cakey.pem'), 'utf8') + readFileSync(made.path('cacert.pem'), 'utf8');
    const alone = new ForeignAuthority(join(home, 'alone'));
    alone.write('bundle.pem', bundle);
    const p12 = ['pkcs12', '-export', '-in', 'bundle.pem', '-passout', 'pass:secret'];
    alone.openssl(...p12, '-out', 'new.p12');
    alone.openssl(...p12, '-out', 'old.p12', '-legacy', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-RC2-40');
    await rejects(() => take(alone.path('new.p12'), 'wrong'), 'P12_PASSPHRASE_WRONG', /./);
    nothingMade();
    for (const path of [
      alone.path('bundle.pem'),
      alone.path('new.p12'),
      alone.path('old.p12'),
      made.path('cacert.pem'),
    ]) {
      const authority = await take(path, 'secret');
      await goesOn(authority, '-x509_strict');
      await lease!.release();
      await rm(join(home, 'pki'), { recursive: true });
      await rm(join(home, '.secure-mqtt'), { recursive: true });
    }
  });

  it('is an intermediate, with its root or without', async () => {
    const made = databaseFolder(join(home, 'root'), OPENSSL_LAYOUT);
    made.write(
      'line.cnf',
      'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n',
    );
    made.openssl(
      ...[
        'req',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        'line.key',
        '-out',
        'line.csr',
        '-subj',
        '/CN=Line',
        '-config',
        'ca.cnf',
      ],
    );
    made.openssl(
      ...['x509', '-req', '-in', 'line.csr', '-CA', 'cacert.pem', '-CAkey', 'private/cakey.pem', '-CAcreateserial'],
      ...['-out', 'line.pem', '-days', '500', '-extfile', 'line.cnf'],
    );
    const line = readFileSync(made.path('line.key'), 'utf8') + readFileSync(made.path('line.pem'), 'utf8');
    made.write('without.pem', line);
    made.write('with.pem', line + readFileSync(made.path('cacert.pem'), 'utf8'));
    const orphan = await take(made.path('without.pem'));
    assert.deepEqual(
      orphan.findings.map(({ code }) => code),
      ['CERT_ANCHOR_INCOMPLETE'],
    );
    await lease!.release();
    await rm(join(home, 'pki'), { recursive: true });
    await rm(join(home, '.secure-mqtt'), { recursive: true });
    const authority = await take(made.path('with.pem'));
    assert.deepEqual(authority.findings, []);
    assert.deepEqual([authority.chain.length, authority.trustAnchors.length], [1, 1]);
    await goesOn(authority, '-x509_strict');
  });

  it('has expired: it comes in, says so, issues nothing, and goes on once it is renewed', async () => {
    const made = databaseFolder(join(home, 'old'), OPENSSL_LAYOUT);
    const later = Date.now() + 30 * 365 * 86_400_000;
    const clock = { now: () => later, setTimer: () => ({ cancel: () => undefined }) };
    lease = await acquireAuthority({ ...options(made.folder), clock: clock as never });
    const { authority } = lease;
    const before = authority.certificate;
    assert.ok(before.notAfter.getTime() < later);
    assert.deepEqual(
      authority.findings.map(({ code }) => code),
      ['CA_EXPIRED'],
    );
    await rejects(() => authority.issue([deviceRequest('new device')]), 'CA_EXPIRED', /./);
    await authority.takeStep('renew');
    assert.ok(authority.certificate.spki.equals(before.spki));
    assert.deepEqual(authority.findings, []);
    const [issued] = await authority.issue([deviceRequest('new device')]);
    const at = ['-x509_strict', '-attime', String(Math.floor(later / 1000))];
    const judged = verify(authority, issued!.certificate.pem, (await authority.crl()).pem, ...at);
    assert.equal(judged.status, 0, judged.output);
  });

  it('is refused before anything is made: wrong key, no CA, may not sign, several', async () => {
    const made = databaseFolder(join(home, 'old'), OPENSSL_LAYOUT);
    const one = new ForeignAuthority(join(home, 'one'));
    const ca = readFileSync(made.path('cacert.pem'), 'utf8');
    one.write('mixed.pem', readFileSync(made.path('private/pump.key'), 'utf8') + ca);
    one.write(
      'leaf.pem',
      readFileSync(made.path('private/pump.key'), 'utf8') + readFileSync(made.path('issued/pump.crt'), 'utf8'),
    );
    one.write(
      'c.cnf',
      '[req]\ndistinguished_name=dn\n[dn]\n[no]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n',
    );
    one.openssl(
      ...['req', '-newkey', 'rsa:2048', '-nodes', '-x509', '-keyout', 'no.key', '-out', 'no.crt', '-subj', '/CN=no'],
      ...['-config', 'c.cnf', '-extensions', 'no'],
    );
    one.write('no.pem', readFileSync(one.path('no.key'), 'utf8') + readFileSync(one.path('no.crt'), 'utf8'));
    one.write('empty/readme.txt', 'nothing');
    one.openssl('rsa', '-in', 'no.key', '-aes256', '-passout', 'pass:other', '-out', 'rootCA.key');
    one.write('leaf.crt', readFileSync(made.path('issued/pump.crt'), 'utf8'));
    one.write('nothing.pem', '');
    one.write('letter.pem', 'Dear colleague');
    one.openssl('rsa', '-in', 'no.key', '-pubout', '-out', 'public.pem');
    one.openssl('req', '-new', '-key', 'no.key', '-subj', '/CN=old', '-config', 'c.cnf', '-out', 'old.csr');
    one.openssl('x509', '-req', '-in', 'old.csr', '-signkey', 'no.key', '-out', 'old.crt');
    const cases: [path: string, code: string, says?: RegExp][] = [
      [one.path('mixed.pem'), 'KEY_MISMATCH'],
      [one.path('leaf.pem'), 'CERT_NOT_A_CA'],
      // Not the encrypted key that lies beside them.
      [one.path('leaf.crt'), 'CERT_NOT_A_CA', /CN=pump,O=Plant in leaf\.crt/],
      [one.path('old.crt'), 'CERT_NOT_A_CA', /CN=old in old\.crt/],
      [one.path('nothing.pem'), 'PEM_NO_BLOCK', /nothing\.pem holds neither .*: it is empty/],
      [one.path('letter.pem'), 'PEM_NO_BLOCK', /none of its 14 bytes/],
      [one.path('public.pem'), 'PEM_WRONG_LABEL', /but PUBLIC KEY/],
      [one.path('old.csr'), 'PEM_WRONG_LABEL', /but CERTIFICATE REQUEST/],
      [one.path('no.pem'), 'CERT_NOT_A_CA'],
      [one.path('empty'), 'CERT_ABSENT'],
      [one.path('nowhere'), 'STORE_NOT_FOUND'],
      ['', 'INPUT_CONFIG'],
    ];
    for (const [path, code, says = /./] of cases) await rejects(() => take(path), code as never, says);
    nothingMade();
    made.openssl(
      ...[
        'req',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-x509',
        '-keyout',
        'private/second.key',
        '-out',
        'second.pem',
        '-subj',
        '/CN=second',
      ],
      ...['-config', 'ca.cnf', '-extensions', 'root'],
    );
    await rejects(() => take(made.folder), 'INPUT_AMBIGUOUS', /cacert\.pem.*second\.pem|second\.pem.*cacert\.pem/);
    nothingMade();
    assert.equal((await take(made.path('second.pem'))).certificate.subjectText, 'CN=second');
  });

  it('is read without following links, within bounds, and never written to', async () => {
    const made = databaseFolder(join(home, 'old'), OPENSSL_LAYOUT);
    symlinkSync('/', made.path('root-of-all'));
    symlinkSync('cacert.pem', made.path('linked.pem'));
    writeFileSync(made.path('huge.pem'), '');
    truncateSync(made.path('huge.pem'), 3 * 1024 ** 3);
    made.write('rubbish.pem', '-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n');
    const before = judge('sh', ['-c', `cd ${made.folder} && ls -lR --time-style=full-iso`]).output;
    const authority = await take(made.folder);
    assert.deepEqual(authority.findings.map(({ code }) => code).sort(), [
      'PEM_MALFORMED',
      'STORE_LINK',
      'STORE_TOO_LARGE',
    ]);
    assert.equal(judge('sh', ['-c', `cd ${made.folder} && ls -lR --time-style=full-iso`]).output, before);
  });

  it('is refused with file and line when its index is garbage', async () => {
    const made = databaseFolder(join(home, 'old'), OPENSSL_LAYOUT);
    made.write('index.txt', `${readFileSync(made.path('index.txt'), 'utf8')}garbage\n`);
    await rejects(() => take(made.folder), 'CA_CORRUPT', /line 4 of index\.txt/);
    nothingMade();
  });

  it('keeps revoked what only its revocation list knows', async () => {
    const made = databaseFolder(join(home, 'old'), OPENSSL_LAYOUT);
    const stolen = readFileSync(made.path('issued/stolen.crt'), 'utf8');
    for (const name of ['index.txt', 'issued/stolen.crt', 'newcerts/1002.pem']) await rm(made.path(name));
    const authority = await take(made.folder);
    assert.equal(authority.statusOf('1002'), 'revoked');
    const { pem } = await authority.crl();
    assert.match(verify(authority, stolen, pem).output, /certificate revoked/);
  });

  it('without subjectKeyIdentifier goes on with the one that everybody derives', async () => {
    const made = new ForeignAuthority(join(home, 'bare'));
    made.write(
      'c.cnf',
      '[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=none\n',
    );
    made.openssl(
      ...[
        'req',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-384',
        '-nodes',
        '-x509',
        '-keyout',
        'ca.key',
        '-out',
        'ca.crt',
        '-subj',
        '/CN=bare',
      ],
      ...['-config', 'c.cnf', '-extensions', 'ca'],
    );
    const authority = await take(made.folder);
    const { certificate } = authority;
    const [issued] = await authority.issue([deviceRequest('one')]);
    const leaf = issued!.certificate;
    if (certificate.subjectKeyId) return assert.fail('openssl wrote a subjectKeyIdentifier');
    assert.match(authority.findings[0]?.message ?? '', /CA without subjectKeyIdentifier/);
    assert.equal(leaf.authorityKeyId?.length, 20);
    assert.equal(verify(authority, leaf.pem, (await authority.crl()).pem).status, 0);
    const { status, output } = judge(
      'certtool',
      ['--verify', '--load-ca-certificate', 'ca.pem', '--infile', 'leaf.pem'],
      {
        'ca.pem': authority.trustAnchorsPem,
        'leaf.pem': leaf.pem,
      },
    );
    assert.equal(status, 0, output);
    assert.ok(leaf.x509.checkIssued(certificate.x509));
    assert.ok(secretPrivateKeyPem(issued!.secretPrivateKey!));
  });
});
