import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onFreePorts, type FlowNode } from '../support/example-flow';
import { ExampleSession } from '../support/example-session';
import { publish, receive, subscribe } from '../support/exported-broker';
import { mosquittoProgram } from '../support/mosquitto';
import type { NodeRedVersion } from '../support/node-red-process';

const serialIn = (line: string | undefined) => /certificate ([0-9A-F]+)/.exec(line ?? '')?.[1];

/** As root Mosquitto would change to its own user, which may not read keys of root: the example says so. */
function readableByMosquitto(flow: FlowNode[]): FlowNode[] {
  if (process.getuid?.() !== 0) return flow;
  return JSON.parse(JSON.stringify(flow).replaceAll('echo pid_file', 'echo user root; echo pid_file')) as FlowNode[];
}

for (const version of ['4.1', '5'] as const satisfies NodeRedVersion[]) {
  describe(`examples 09, 16, 18 and 19 in Node-RED ${version}, imported together`, function () {
    this.timeout(180_000);
    let session: ExampleSession;
    let port: number;

    before(async () => {
      mosquittoProgram();
      const enrolment = await onFreePorts('09', [8916]);
      port = Number(enrolment.find(({ type }) => type === 'secure-mqtt-server')?.port);
      session = await ExampleSession.start(
        version,
        readableByMosquitto(await onFreePorts('18', [8914])),
        await onFreePorts('19', [8915]),
        enrolment,
        await onFreePorts('16', []),
      );
    });
    after(() => session.stop());

    it('18 renews the certificate of a real Mosquitto, proves it, and the client goes on', async () => {
      const tab = session.tab('18 Renew a Mosquitto');
      await tab.press('make the files');
      await tab.says('proved', /^files written to .*mosquitto\.conf/);
      await tab.press('start Mosquitto');
      for (const name of tab.named(/^secure-mqtt-/)) await tab.shows(name, /^green dot connected$/);
      const earlier = Number(/\d+$/.exec(await tab.shows('came back', /\d+$/))?.[0]);
      await tab.press('renew it now');
      const proof = await tab.says('proved', /^the broker serves certificate/);
      const [, now, before] = /certificate ([0-9A-F]+), before it was ([0-9A-F]+)$/.exec(proof) ?? [];
      assert.ok(now && before && now !== before, proof);
      await tab.press('every night: is it in place?');
      const again = (await tab.lines('proved', 3))[2] ?? '';
      assert.match(again, new RegExp(`^the broker serves certificate ${now}, before it was ${now}$`));
      const reloads = tab.said('Mosquitto says').filter((line) => line.includes('Reloading config'));
      assert.ok(reloads.length <= 1, 'it was not told again');
      await tab.press('look at the broker');
      assert.equal(serialIn(await tab.says('it presents', /good for/)), now);
      const connected = session.comms.debug.filter(({ msg }) => /New client connected.* as watcher /.test(String(msg)));
      assert.ok(connected.length <= 1, 'the client has not connected again');
      await tab.shows('came back', new RegExp(`(?!\\b${earlier}$)\\b\\d+$`));
    });

    it('19 throws the stolen device out at once and keeps it out, and nobody else', async () => {
      const tab = session.tab('19 A stolen device');
      await tab.press('make the certificates');
      const tracker01 = serialIn(await tab.says('connected', /^tracker01 /));
      await tab.says('connected', /^tracker02 /);
      await tab.press('tracker01 is stolen');
      await tab.says('revoked', /^tracker01 .* for keyCompromise; list number \d+, good until \d{4}-/);
      await tab.says('disconnected', /^tracker01 .*CERT_REVOKED/);
      await tab.says('refused', /^CERT_REVOKED: .*tracker01 is revoked/);
      await tab.press('what is out there?');
      const list = await tab.says('certificates', /tracker01/);
      assert.match(list, new RegExp(`tracker01 ${tracker01}… revoked \\(keyCompromise\\)`));
      assert.match(list, /tracker02 [0-9A-F]+… valid/);
      await tab.press('a new tracker01');
      const again = await tab.says('connected', new RegExp(`^tracker01 with certificate (?!${tracker01})`));
      assert.notEqual(serialIn(again), tracker01);
      const thrownOut = tab.said('disconnected').filter((line) => line.includes('CERT_'));
      assert.equal(thrownOut.length, 1, 'nobody else');
    });

    describe('09', () => {
      let folder: string;
      before(() => (folder = mkdtempSync(join(tmpdir(), 'enrol-'))));
      after(() => rmSync(folder, { recursive: true, force: true }));
      const tab = () => session.tab('09 Enrol over MQTT');
      const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' }); // prettier-ignore
      /** What the enroller has signed, in its words, after so many. */
      const signed = async (count: number) => (await tab().lines('signed', count))[count - 1] ?? '';

      it('gives a device its certificate, whatever name the request holds', async () => {
        for (const name of tab().named(/^secure-mqtt-(in|out)$/)) await tab().shows(name, /^green dot connected$/);
        await tab().press('device07 asks');
        const pem = await tab().says('device07 has got', /BEGIN CERTIFICATE/);
        assert.equal(new X509Certificate(pem).subject, 'CN=device07');
        assert.match(await signed(1), /^device07 has got [0-9A-F]+…$/);
        await tab().press('device07 asks for another name');
        assert.match(await signed(2), /^device07 has got .*"admin" of the request became "device07".*dns:localhost/);
        const second = new X509Certificate((await tab().lines('device07 has got', 2))[1] ?? '');
        assert.deepEqual([second.subject, second.subjectAltName], ['CN=device07', undefined]);
      });

      it('answers rubbish with its code, and gives nobody the certificate of another', async () => {
        await tab().press('device07 asks in the name of device08');
        await tab().press('device07 sends rubbish');
        await tab().says('device07 is told', /^PEM_NO_BLOCK$/);
        await tab().press('device07 asks');
        assert.match(await signed(3), /^device07 /, 'the broker dropped what came for device08');
      });

      it('serves a device that has only openssl and the clients of Mosquitto', async () => {
        const { userDir } = session.nodeRed;
        const ca = join(userDir, 'pki/example-09/ca.pem');
        const [first = ''] = await tab().lines('device07 has got', 1);
        const keys = join(userDir, 'pki/example-09-device/private');
        const itsKey = readdirSync(keys)
          .map((name) => readFileSync(join(keys, name), 'utf8'))
          .find((pem) => new X509Certificate(first).checkPrivateKey(createPrivateKey(pem)));
        writeFileSync(join(folder, 'first.crt'), first);
        writeFileSync(join(folder, 'first.key'), itsKey ?? '', { mode: 0o600 });
        const as = (name: string) => ['-h', 'localhost', '-p', String(port), '--cafile', ca, '--cert', join(folder, `${name}.crt`), '--key', join(folder, `${name}.key`)]; // prettier-ignore

        openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'new.key');
        openssl('req', '-new', '-key', 'new.key', '-subj', '/CN=enroller/O=Thief', '-addext', 'subjectAltName=DNS:localhost', '-out', 'new.csr'); // prettier-ignore
        const request = readFileSync(join(folder, 'new.csr'), 'utf8');
        assert.ok(subscribe(as('first'), 'gateway', 'enrol/+/certificate').accepted);
        const given = 3;
        assert.ok(publish(as('first'), 'enrol/device08/csr', request).accepted, 'and dropped');
        assert.ok(publish(as('first'), 'enrol/device07/csr', request).accepted);
        const lines = receive(as('first'), 'gateway', 'enrol/+/certificate', 1).join('\n');
        writeFileSync(join(folder, 'new.crt'), lines.replace(/^enrol\/device07\/certificate /, ''));

        const judged = openssl('x509', '-in', 'new.crt', '-noout', '-text');
        assert.match(judged, /Subject: CN ?= ?device07\n/);
        assert.doesNotMatch(judged, /Thief|DNS:/);
        assert.match(judged, /TLS Web Client Authentication\n/);
        assert.match(openssl('verify', '-x509_strict', '-CAfile', ca, 'new.crt'), /OK/);
        assert.match(await signed(given + 1), /^device07 has got .*"enroller" of the request became "device07"/);
        assert.ok(publish(as('new'), 'enrol/device07/csr', request).accepted, 'it connects with the new one');
      });

      it('never has the key of a device', async () => {
        const [own = ''] = await tab().lines('device07 has got', 1);
        const folderOfKeys = join(session.nodeRed.userDir, 'pki/example-09/private');
        const keys = readdirSync(folderOfKeys).map((name) => readFileSync(join(folderOfKeys, name), 'utf8'));
        assert.ok(!keys.some((pem) => new X509Certificate(own).checkPrivateKey(createPrivateKey(pem))), 'the CA never has it'); // prettier-ignore
      });
    });

    it('16 lists what ends next, the soonest first', async () => {
      const tab = session.tab('16 What expires next');
      await tab.press('make five certificates');
      await tab.says('made', /door-sensor until/);
      await tab.press('what ends within 90 days?');
      const table = await tab.says('table', /old-gateway/);
      const names = table.split('\n').map((line) => line.split(' ')[0]);
      assert.deepEqual(names, ['old-gateway', 'guest-tablet', 'pump-controller']);
      await tab.press('what is to be renewed?');
      assert.match((await tab.lines('table', 2))[1] ?? '', /^old-gateway +expiring +0 days, until \d{4}-\d\d-\d\d$/);
      await tab.press('as CSV');
      await tab.shows('CSV', / 5 rows$/);
      assert.match(await tab.says('CSV', /serialNumber/), /\n[0-9A-F]{40},old-gateway,device,/);
      await tab.says('what happened', /^due: old-gateway, 0 days left$/);
      await tab.press('every day at 7');
      const report = await tab.says('to be sent', /^3 certificates end within 90 days\n/);
      assert.match(report, /\n- old-gateway \(device\): 0 days, until [^]*\n- pump-controller/);
      assert.deepEqual(tab.said('error'), []);
    });
  });
}
