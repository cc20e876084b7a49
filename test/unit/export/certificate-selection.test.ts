import assert from 'node:assert/strict';
import type { IssuedCertificate } from '../../../src/ca/issue-request';
import { selectCertificates, type SelectingAuthority } from '../../../src/export/certificate-selection';
import { codedError, warning } from '../../../src/model/errors';
import type { Selector } from '../../../src/model/selector';
import { Canaries } from '../../support/canary';
import { SampleAuthority } from '../../support/sample-export';

describe('selection of certificates', () => {
  let certificates: (IssuedCertificate & { secretPrivateKey: NonNullable<IssuedCertificate['secretPrivateKey']> })[];
  let loaded: string[];
  /** Serial numbers whose key the CA does not hold. */
  let keyless: Set<string>;
  before(async () => {
    const sample = await SampleAuthority.create();
    certificates = [await sample.issue('device', 'dev01'), await sample.issue('device', 'dev02')];
  });
  beforeEach(() => {
    loaded = [];
    keyless = new Set();
  });

  const authority = (): SelectingAuthority => {
    const one = ({ by, value }: Selector): IssuedCertificate => {
      const found = certificates.find((each) => (by === 'serial' ? each.serialNumber : each.commonName) === value);
      if (!found) throw codedError('CERT_NOT_FOUND', `no certificate ${value}`);
      return found;
    };
    return {
      find: (selector: Selector) => one(selector),
      load: async (serialNumber: string) => {
        loaded.push(serialNumber);
        const { secretPrivateKey, ...rest } = one({ by: 'serial', value: serialNumber });
        return keyless.has(serialNumber) ? rest : { ...rest, secretPrivateKey };
      },
    } as unknown as SelectingAuthority;
  };
  const names = async (items: unknown[]): Promise<string[]> =>
    (await selectCertificates(authority(), items)).certificates.map(({ commonName }) => commonName);
  const pemOf = (index: number): string =>
    certificates[index]?.secretPrivateKey.export({ format: 'pem', type: 'pkcs8' }) as string;

  it('reads names, serial numbers and the output of tls-issue, in their order', async () => {
    const serialNumber = certificates[0]?.serialNumber ?? '';
    assert.deepEqual(await names(['dev02', `serial:${serialNumber.toLowerCase()}`]), ['dev02', 'dev01']);
    assert.deepEqual(await names([{ serialNumber, commonName: 'dev02' }, { commonName: 'dev02' }]), ['dev01', 'dev02']);
    assert.deepEqual(await names([]), []);
  });

  it('exports once what is named twice', async () => {
    assert.deepEqual(await names(['dev01', 'dev02', 'name:dev01']), ['dev01', 'dev02']);
    assert.equal(loaded.length, 2);
  });

  it('loads nothing when one item is wrong, and says which', async () => {
    await assert.rejects(selectCertificates(authority(), ['dev01', 'dev99']), {
      code: 'CERT_NOT_FOUND',
      cause: { index: 1, field: 'payload', value: '"dev99"' },
    });
    assert.deepEqual(loaded, []);
  });

  it('takes a key from the message when the CA holds none', async () => {
    const first = certificates[0];
    assert.ok(first);
    keyless.add(first.serialNumber);
    const item = { serialNumber: first.serialNumber, privateKeyPem: pemOf(0) };
    const [issued] = (await selectCertificates(authority(), [item])).certificates;
    assert.ok(issued?.secretPrivateKey?.equals(first.secretPrivateKey));
  });

  it('does not look at a key of the message when the CA holds it', async () => {
    const item = { commonName: 'dev01', privateKeyPem: pemOf(1) };
    const [issued] = (await selectCertificates(authority(), [item])).certificates;
    assert.ok(issued?.secretPrivateKey?.equals(certificates[0]?.secretPrivateKey as never));
  });

  const badKeys: [what: string, key: () => unknown, code: string][] = [
    ['of another certificate', () => pemOf(1), 'KEY_MISMATCH'],
    ['that is no text', () => Buffer.from(pemOf(0)), 'KEY_MALFORMED'],
    ['that is endless', () => pemOf(0) + ' '.repeat(30_000), 'KEY_MALFORMED'],
    ['that is no PEM', () => 'a key', 'PEM_NO_BLOCK'],
    [
      'that is encrypted',
      () => certificates[0]?.secretPrivateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }), // prettier-ignore
      'KEY_ENCRYPTED',
    ],
  ];
  for (const [what, key, code] of badKeys) {
    it(`refuses a key ${what} without repeating it`, async () => {
      keyless.add(certificates[0]?.serialNumber ?? '');
      const canaries = new Canaries().addKey('0', pemOf(0)).addKey('1', pemOf(1));
      await assert.rejects(
        selectCertificates(authority(), [{ commonName: 'dev01', privateKeyPem: key() }]),
        (error) => {
          assert.equal((error as { code?: string }).code, code);
          assert.deepEqual(canaries.searchValue('error', error), []);
          return true;
        },
      );
    });
  }

  it('passes on that a certificate is revoked, with its name, and not the limits of devices', async () => {
    const hint = 'hint';
    const told = [warning('CERT_REVOKED', 'revoked', {}, hint), warning('CERT_DEVICE_LIMIT', 'limit', {}, hint)];
    certificates[1]?.warnings.push(...told);
    const { warnings } = await selectCertificates(authority(), ['dev02']);
    assert.deepEqual(warnings, [warning('CERT_REVOKED', 'dev02: revoked', {}, hint)]);
  });
});
