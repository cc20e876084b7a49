import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { acquireAuthority, type AuthorityLease } from '../../src/ca/authority-registry';
import type { IssuedCertificate } from '../../src/ca/issue-request';
import type { KeyType } from '../../src/model/key-type';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import { publish } from '../support/exported-broker';
import { freePort } from '../support/free-port';
import { MemoryClock } from '../support/memory-clock';
import { startMosquitto, type RunningMosquitto } from '../support/mosquitto';
import { mosquittoClient } from '../support/mosquitto-client';
import { temporaryFolder } from '../support/temporary-folder';
import { authorityOptions, serverRequest } from '../support/test-authority';

/**
 * The situations of Mosquitto's own TLS tests (test/broker/08-ssl-*, test/lib/08-ssl-*), with its broker and its clients,
 * on certificates of a CA of ours: EC, RSA, and both below an intermediate.
 */

const DAY_MS = 86_400_000;

interface Listener {
  lines: string[];
  /** How a client may call, and whether it is let in. */
  clients: [situation: string, args: string[], isLetIn: boolean][];
  /** What the broker says of those it has let in. */
  log?: RegExp;
}

const TRUSTING = ['--cafile', 'ca.pem'];
const as = (name: string, ...more: string[]) => [...TRUSTING, '--cert', `${name}.pem`, '--key', `${name}.key`, ...more];
const MUTUAL = ['cafile trusted.pem', 'require_certificate true'];

const LISTENERS: Record<string, Listener> = {
  'no client certificate wanted': {
    lines: ['allow_anonymous true'],
    clients: [
      ['ssl-connect-no-auth', TRUSTING, true],
      ['ssl-connect-no-auth by the address in the certificate', [...TRUSTING, '-h', '127.0.0.1'], true],
      ['ssl-connect-no-auth-wrong-ca', ['--cafile', 'other.pem'], false],
      ['ssl-bad-cacert', ['--cafile', 'rubbish.pem'], false],
      ['ssl-connect-san: an address that is not in the certificate', [...TRUSTING, '-h', '127.0.0.2'], false],
      ['the same, without a look at names', [...TRUSTING, '-h', '127.0.0.2', '--insecure'], true],
      ['a connection without TLS', [], false],
      ['TLS 1.2', [...TRUSTING, '--tls-version', 'tlsv1.2'], true],
      ['TLS 1.3', [...TRUSTING, '--tls-version', 'tlsv1.3'], true],
    ],
  },
  'client certificates wanted': {
    lines: ['allow_anonymous true', ...MUTUAL],
    clients: [
      ['ssl-connect-cert-auth', as('client'), true],
      ['ssl-connect-cert-auth with TLS 1.2', as('client', '--tls-version', 'tlsv1.2'), true],
      ['ssl-connect-cert-auth of a device', as('device'), true],
      ['ssl-connect-cert-auth-without', TRUSTING, false],
      ['ssl-connect-cert-auth-expired', as('expired'), false],
      ['a certificate of another CA', as('foreign'), false],
      ['the certificate of a server', as('server'), false],
      ['a certificate that is both server and client', as('bridge'), true],
      ['ssl-connect-cert-auth-revoked, while the broker has no list', as('revoked'), true],
    ],
  },
  'a revocation list': {
    lines: ['allow_anonymous true', ...MUTUAL, 'crlfile crl.pem'],
    clients: [
      ['ssl-connect-cert-auth-crl', as('client'), true],
      ['ssl-connect-cert-auth-revoked', as('revoked'), false],
      ['ssl-connect-cert-auth-revoked with TLS 1.2', as('revoked', '--tls-version', 'tlsv1.2'), false],
      ['the newer certificate of the one that was revoked', as('replaced'), true],
    ],
  },
  'the name in the certificate as user': {
    lines: ['allow_anonymous false', ...MUTUAL, 'use_identity_as_username true'],
    clients: [
      ['ssl-connect-identity', as('client', '-i', 'somebody'), true],
      ['ssl-connect-no-identity', TRUSTING, false],
    ],
    log: /as somebody \(.*u'client'\)/,
  },
  // Mosquitto asks for a certificate only where it requires one.
  'the name in the certificate as user, and no certificate asked for': {
    lines: ['allow_anonymous false', 'cafile trusted.pem', 'use_identity_as_username true'],
    clients: [
      ['ssl-connect-no-identity', TRUSTING, false],
      ['ssl-connect-no-identity with a certificate', as('client'), false],
    ],
  },
  'the whole subject as user': {
    lines: ['allow_anonymous false', ...MUTUAL, 'use_subject_as_username true'],
    clients: [['the whole subject', as('client', '-i', 'somebody'), true]],
    log: /u'CN=client,O=Home'/,
  },
};

for (const [title, keyType, belowAnother] of [
  ['EC P-256', 'ec-p256', false],
  ['RSA 2048', 'rsa-2048', false],
  ['EC P-256 below an intermediate', 'ec-p256', true],
] as [string, KeyType, boolean][]) {
  describe(`Mosquitto's TLS cases on certificates of ours: ${title}`, function () {
    this.timeout(120_000);
    const folder = temporaryFolder();
    const clock = new MemoryClock(Date.now() - 40 * DAY_MS);
    const leases: AuthorityLease[] = [];
    let broker: RunningMosquitto | undefined;

    const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    const keep = (name: string, { certificate, chain, secretPrivateKey }: IssuedCertificate) => {
      write(`${name}.pem`, [certificate, ...chain].map(({ pem }) => pem).join(''));
      if (secretPrivateKey) write(`${name}.key`, secretPrivateKeyPem(secretPrivateKey));
    };
    const open = async (name: string, issuer?: AuthorityLease) => {
      const options = authorityOptions({ userDir: folder, clock, config: { name, keyType } });
      const lease = await acquireAuthority({ ...options, folder: path.join(folder, name), ...(issuer && { issuer: issuer.authority }) }); // prettier-ignore
      leases.unshift(lease);
      return lease;
    };

    before(async () => {
      const root = await open('Root');
      const { authority } = belowAnother ? await open('Intermediate', root) : root;
      const { authority: other } = await open('Other');
      const issue = async (name: string, profile: 'client' | 'device', validityDays = 100, commonName = name) => {
        const subject = { commonName, ...(name === 'client' && { organization: 'Home' }) };
        const [issued] = await authority.issue([{ profile, subject, validityDays }]);
        keep(name, issued as IssuedCertificate);
        return issued as IssuedCertificate;
      };
      await issue('expired', 'client', 10);
      clock.jumpTo(Date.now());
      const names = ['dns:localhost', 'ip:127.0.0.1'];
      const bridge = serverRequest(['dns:bridge.test'], {
        profile: 'server-client',
        subject: { commonName: 'bridge' },
      });
      for (const [name, request] of [
        ['server', serverRequest(names)],
        ['bridge', bridge],
      ] as const) {
        keep(name, (await authority.issue([request]))[0] as IssuedCertificate);
      }
      await issue('client', 'client');
      await issue('device', 'device');
      const revoked = await issue('revoked', 'client', 100, 'twin');
      await issue('replaced', 'client', 100, 'twin');
      keep('foreign', (await other.issue([{ profile: 'client', subject: { commonName: 'client' } }]))[0] as IssuedCertificate); // prettier-ignore
      await authority.revoke({ by: 'serial', value: revoked.serialNumber }, { reason: 'keyCompromise' });
      write('ca.pem', authority.trustAnchorsPem);
      write('trusted.pem', authority.trustAnchorsPem + authority.chainPem);
      write('other.pem', other.trustAnchorsPem);
      write('rubbish.pem', 'this is no certificate\n');
      // A list for every CA that Mosquitto trusts, or it refuses that one's clients (FACTS §4).
      write('crl.pem', (await authority.crl()).pem + (belowAnother ? (await root.authority.crl()).pem : ''));
    });
    afterEach(async () => {
      await broker?.stop();
      broker = undefined;
    });
    after(async () => {
      for (const lease of leases) await lease.release();
    });

    const start = async (lines: readonly string[]): Promise<RunningMosquitto> => {
      const port = await freePort();
      const own = ['certfile server.pem', 'keyfile server.key'];
      return startMosquitto({ port, folder, configuration: () => [`listener ${port}`, ...own, ...lines] });
    };
    /** Files of the arguments lie in the folder. */
    const at = (port: number, args: readonly string[]) => [
      ...(args.includes('-h') ? [] : ['-h', 'localhost']),
      ...['-p', String(port)],
      ...args.map((arg) => (/\.(pem|key)$/.test(arg) ? path.join(folder, arg) : arg)),
    ];

    for (const [listener, { lines, clients, log }] of Object.entries(LISTENERS)) {
      it(listener, async () => {
        broker = await start(lines);
        for (const [situation, args, isLetIn] of clients) {
          const { accepted, errors } = publish(at(broker.port, args), 'a', 'x');
          assert.equal(accepted, isLetIn, `${situation}: ${errors}\n${broker.log()}`);
        }
        if (log) await broker.waitForLog(log);
      });
    }

    it('ssl-bridge: a broker that connects to another one', async () => {
      broker = await start(['allow_anonymous true', ...MUTUAL, 'crlfile crl.pem']);
      const port = await freePort();
      const bridge = await startMosquitto({
        port,
        folder,
        configuration: () => [
          ...[`listener ${port} 127.0.0.1`, 'allow_anonymous true'],
          ...['connection ours', `address localhost:${broker?.port}`, 'topic bridged/# in 1', 'notifications false'],
          ...['bridge_cafile ca.pem', 'bridge_certfile bridge.pem', 'bridge_keyfile bridge.key'],
        ],
      });
      try {
        await bridge.waitForLog(/Received SUBACK/);
        const listening = mosquittoClient('mosquitto_sub', ['-p', String(port), '-t', 'bridged/a', '-q', '1', '-C', '1', '-i', 'ear']); // prettier-ignore
        await bridge.waitForLog(/Sending SUBACK to ear/);
        assert.ok(publish(at(broker.port, as('client')), 'bridged/a', 'over the bridge').accepted);
        assert.equal((await listening.ended).output, 'over the bridge\n');
      } finally {
        await bridge.stop();
      }
    });
  });
}
