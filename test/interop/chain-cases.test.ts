import assert from 'node:assert/strict';
import { once } from 'node:events';
import { isIP, type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { probe } from '../../src/tls/probe';
import type { ProbeReport } from '../../src/tls/probe-report';
import type { ChainCase } from '../support/chain-cases/chain-case';
import { fieldCases } from '../support/chain-cases/fields';
import { nameConstraintCases } from '../support/chain-cases/name-constraints';
import { nameCases } from '../support/chain-cases/names';
import { pathCases } from '../support/chain-cases/paths';
import { judgeByNode, judgeByOpenssl, judgeByPyca, pemOf, type Judgement } from '../support/chain-judges';

/** The families of cases that x509-limbo and BetterTLS have, made anew for every run. */
const FAMILIES: Record<string, () => ChainCase[]> = {
  fields: fieldCases,
  names: nameCases,
  'name constraints': nameConstraintCases,
  paths: pathCases,
};

for (const [family, make] of Object.entries(FAMILIES)) {
  describe(`chains over real TLS: ${family}`, function () {
    this.timeout(120_000);
    const cases = make();
    let openssl: Judgement[];
    let pyca: Judgement[];
    let server: tls.Server;

    before(async () => {
      [openssl, pyca] = await Promise.all([judgeByOpenssl(cases), judgeByPyca(cases)]);
      // Level 0, or OpenSSL's own server would not show what is weak.
      server = tls.createServer({ ciphers: 'DEFAULT@SECLEVEL=0' }, (socket) => socket.on('error', () => undefined));
      server.on('tlsClientError', () => undefined);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    after(() => server.close());

    async function probed(item: ChainCase): Promise<{ node: Judgement; report: ProbeReport }> {
      server.setSecureContext({
        key: item.leaf.key.export({ type: 'pkcs8', format: 'pem' }),
        cert: pemOf([item.leaf.der, ...item.sent]),
        ciphers: 'DEFAULT@SECLEVEL=0',
      });
      const { port } = server.address() as AddressInfo;
      const node = await judgeByNode(port, item);
      const trust = { kind: 'anchors' as const, pem: pemOf(item.anchors), label: 'the anchors of the case' };
      const report = await probe(`tls://127.0.0.1:${port}`, { material: { trust, servername: item.peer } });
      return { node, report };
    }

    for (const [index, item] of cases.entries()) {
      it(item.name, async () => {
        const { node, report } = await probed(item);
        const { verdicts, code, message } = report;
        assert.equal(verdicts.node.code ?? undefined, node, `node: ${verdicts.node.message}`);
        assert.equal(verdicts.node.ok, node === undefined);
        const judges = `openssl: ${openssl[index] ?? 'accepts'}; pyca: ${pyca[index] ?? 'accepts'}`;
        const strict = `ours: ${verdicts.strict.message || 'accepts'}; ${judges}`;
        if (openssl[index] !== undefined)
          assert.equal(verdicts.strict.ok, false, `less strict than OpenSSL; ${strict}`);
        if (openssl[index] === undefined && pyca[index] === undefined) {
          assert.equal(verdicts.strict.ok, true, `a false alarm; ${strict}`);
        }
        // Node 22.23 refuses every IPv6 address in a certificate, which we do not.
        const isNodesFault = isIP(item.peer) === 6 && node === 'ERR_TLS_CERT_ALTNAME_INVALID' && verdicts.name.ok;
        if (node !== undefined && !isNodesFault) assert.match(String(code), /^CERT_/, `${node}: ${message}`);
      });
    }
  });
}
