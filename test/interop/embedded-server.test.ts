import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { acquireAuthority, type AuthorityLease } from '../../src/ca/authority-registry';
import { AccessList } from '../../src/mqtt/acl';
import { SecureMqttServer } from '../../src/mqtt/server';
import { Users } from '../../src/mqtt/server-admission';
import { parseHosts } from '../../src/mqtt/server-certificate';
import type { ServerEvent } from '../../src/mqtt/server-event';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import { makeRoot } from '../support/certificates';
import { mosquittoClient } from '../support/mosquitto-client';
import { temporaryFolder } from '../support/temporary-folder';
import { authorityOptions } from '../support/test-authority';

describe('the clients of Mosquitto and the embedded server', () => {
  const folder = temporaryFolder();
  let lease: AuthorityLease;
  let server: SecureMqttServer;
  let client: string[];

  const write = (name: string, text: string): string => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, text, { mode: 0o600 });
    return file;
  };

  before(async () => {
    lease = await acquireAuthority(authorityOptions({ userDir: folder }));
    const { authority } = lease;
    server = await SecureMqttServer.start({
      authority,
      port: 0,
      bindAddress: '127.0.0.1',
      hosts: parseHosts('localhost, 127.0.0.1'),
      security: 'mutual',
      users: Users.parse(''),
      acl: AccessList.parse(''),
    });
    const issued = await authority.ensure({ profile: 'client', subject: { commonName: 'dev01' } });
    client = [
      ...['-p', String(server.port), '--cafile', write('ca.pem', authority.trustAnchorsPem)],
      ...['--cert', write('dev01.pem', issued.certificate.pem)],
      ...['--key', write('dev01.key', secretPrivateKeyPem(issued.secretPrivateKey as never))],
    ];
  });
  after(async () => {
    await server.close();
    await lease.release();
  });

  for (const host of ['localhost', '127.0.0.1']) {
    for (const qos of ['0', '1', '2']) {
      it(`exchange a message of QoS ${qos} by ${host}`, async () => {
        // Kept by the broker, so that it does not matter when the subscriber is ready.
        const topic = `${host}/${qos}`;
        const publisher = mosquittoClient('mosquitto_pub', [
          ...client,
          ...['-h', host, '-t', topic, '-m', `hello ${qos}`, '-q', qos, '-r'],
        ]);
        assert.deepEqual(await publisher.ended, { code: 0, output: '' });
        const subscriber = mosquittoClient('mosquitto_sub', [
          ...client,
          ...['-h', host, '-t', topic, '-q', qos, '-C', '1', '-F', '%q %t %p'],
        ]);
        assert.deepEqual(await subscriber.ended, { code: 0, output: `${qos} ${topic} hello ${qos}\n` });
      });
    }
  }

  const refusals: { what: string; args: () => Promise<string[]> | string[]; told: string }[] = [
    {
      what: 'a client that does not trust the CA',
      args: async () => {
        const { certificate } = await makeRoot({ commonName: 'Another Root' });
        return client.with(3, write('other.pem', certificate.pem));
      },
      told: 'CERT_ISSUER_UNKNOWN',
    },
    { what: 'a client without certificate', args: () => client.slice(0, 4), told: 'TLS_CLIENT_CERT_REQUIRED' },
    { what: 'a client without TLS', args: () => client.slice(0, 2), told: 'TLS_NOT_TLS' },
  ];
  for (const { what, args, told } of refusals) {
    it(`${what} is told of as ${told}`, async () => {
      const refused = once(server, 'client') as Promise<[ServerEvent]>;
      const given = await args();
      const publisher = mosquittoClient('mosquitto_pub', [...given, ...['-h', 'localhost', '-t', 'a', '-m', 'x']]);
      const [event] = await refused;
      assert.deepEqual([event.event, event.code], ['refused', told]);
      assert.notEqual((await publisher.stop()).code, 0);
    });
  }
});
