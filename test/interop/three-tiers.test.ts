import assert from 'node:assert/strict';
import { acquireAuthority } from '../../src/ca/authority-registry';
import type { AuthorityOptions } from '../../src/ca/authority-options';
import type { CertificateAuthority } from '../../src/ca/certificate-authority';
import { rejects } from '../support/coded-error';
import { MemoryDisk } from '../support/memory-disk';
import { judge } from '../support/openssl';
import { deviceRequest, testSettings } from '../support/test-authority';

/** Makes CAs, each below the one that is given. */
function onNewDisk() {
  const fs = new MemoryDisk();
  return async (name: string, pathLength: string, issuer?: CertificateAuthority) => {
    const options: AuthorityOptions = {
      ...{ fs, folder: `/user/pki/${name}`, userDir: '/user', nodeId: name },
      settings: testSettings({ name, pathLength }),
      ...(issuer && { issuer }),
    };
    return (await acquireAuthority(options)).authority;
  };
}

describe('a CA of three tiers', () => {
  it('verifies strictly, chain in order and root as the only anchor', async () => {
    const make = onNewDisk();
    const root = await make('root', '');
    const policy = await make('policy', '1', root);
    const issuing = await make('issuing', '', policy);
    assert.deepEqual(
      [root, policy, issuing].map(({ certificate }) => certificate.basicConstraints?.pathLength),
      [undefined, 1, 0],
    );
    assert.deepEqual(
      issuing.chain.map(({ subject }) => subject.commonName),
      ['issuing', 'policy'],
    );
    assert.equal(issuing.trustAnchorsPem, root.certificate.pem);
    const [issued] = await issuing.issue([deviceRequest('device')]);
    const files = {
      'root.pem': root.certificate.pem,
      'chain.pem': issuing.chainPem,
      'leaf.pem': issued!.certificate.pem,
    };
    const args = ['verify', '-x509_strict', '-CAfile', 'root.pem', '-untrusted', 'chain.pem', 'leaf.pem'];
    const { status, output } = judge('openssl', args, files);
    assert.equal(status, 0, output);
    await rejects(() => make('too low', '', issuing), 'CERT_CONSTRAINT', /may not have CAs below/);
    await rejects(() => make('too many', '1', policy), 'CERT_CONSTRAINT', /allows 1 CAs below/);
  });

  it('stays one when the CA in the middle, and the root, are renewed and replaced', async () => {
    const make = onNewDisk();
    const root = await make('root', '2');
    const policy = await make('policy', '1', root);
    const issuing = await make('issuing', '0', policy);
    const pathLengths = () =>
      [root, policy, issuing].map(({ certificate }) => certificate.basicConstraints?.pathLength);
    const judgeNow = async (where: string) => {
      const [issued] = await issuing.issue([deviceRequest('device')]);
      const files = {
        'root.pem': issuing.trustAnchorsPem,
        'chain.pem': issued!.chain.map(({ pem }) => pem).join(''),
        'leaf.pem': issued!.certificate.pem,
      };
      const args = ['verify', '-x509_strict', '-CAfile', 'root.pem', '-untrusted', 'chain.pem', 'leaf.pem'];
      const { status, output } = judge('openssl', args, files);
      assert.equal(status, 0, `${where}: ${output}`);
      assert.deepEqual(pathLengths(), [2, 1, 0], where);
    };
    await judgeNow('made');
    for (const step of ['renew', 'introduce', 'switch'] as const) {
      for (const authority of [root, policy, issuing]) await authority.takeStep(step);
      await judgeNow(step);
    }
  });
});
