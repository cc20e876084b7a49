import assert from 'node:assert/strict';
import { acquireAuthority } from '../../../src/ca/authority-registry';
import type { RevokeRequest } from '../../../src/ca/certificate-authority';
import type { RevocationReason } from '../../../src/model/revocation-reason';
import { readRevocationList } from '../../../src/pki/revocation-list';
import { rejects } from '../../support/coded-error';
import { FailingFileSystem } from '../../support/failing-file-system';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { authorityOptions, deviceRequest, nextProcess } from '../../support/test-authority';

/** A CA that has issued certificates with these names, in this order. */
async function authorityWith(names: readonly string[]) {
  const fs = new FailingFileSystem(new MemoryDisk());
  const options = authorityOptions({ fs, clock: new MemoryClock(), processes: nextProcess() });
  const { authority, release } = await acquireAuthority(options);
  const issued = await authority.issue(names.map((name) => deviceRequest(name)));
  return { authority, release, fs, serialNumbers: issued.map(({ serialNumber }) => serialNumber) };
}

const named = (value: string, reason?: RevocationReason, all?: boolean): RevokeRequest => {
  return { selector: { by: 'name', value }, ...(reason && { reason }), ...(all && { all }) };
};
const numbered = (value: string, reason?: RevocationReason): RevokeRequest => {
  return { selector: { by: 'serial', value }, ...(reason && { reason }) };
};

describe('revoking several at once', () => {
  it('makes one CRL with the reason of each', async () => {
    const { authority, release, serialNumbers } = await authorityWith(['a', 'b', 'c']);
    const before = await authority.crl();
    const events: string[] = [];
    for (const name of ['revoked', 'crl-refreshed'] as const) authority.on(name, ({ event }) => events.push(event));
    const requests = [named('c', 'keyCompromise'), numbered(serialNumbers[0]!, 'certificateHold')];
    const { revoked, crlNumber, crlPem } = await authority.revokeAll(requests);
    assert.deepEqual(
      revoked.map(({ commonName, reason }) => [commonName, reason]),
      [
        ['c', 'keyCompromise'],
        ['a', 'certificateHold'],
      ],
    );
    assert.equal(Number(crlNumber), Number(before.number) + 1);
    assert.deepEqual(events, ['revoked', 'revoked', 'crl-refreshed']);
    const list = readRevocationList(crlPem);
    assert.equal(list.size, 2);
    assert.equal(list.find(serialNumbers[2]!)?.reason, 'keyCompromise');
    await release();
  });

  it('counts a certificate that was named twice once', async () => {
    const { authority, release, serialNumbers } = await authorityWith(['a']);
    const { revoked } = await authority.revokeAll([named('a'), numbered(serialNumbers[0]!), named('a')]);
    assert.equal(revoked.length, 1);
    await release();
  });

  type Case = [what: string, requests: (serialNumbers: string[]) => RevokeRequest[], code: string, index: number];
  const refused: Case[] = [
    ['a name that is not there', () => [named('a'), named('nobody')], 'CERT_NOT_FOUND', 1],
    ['a serial number that is not there', () => [numbered('01'), named('a')], 'CERT_NOT_FOUND', 0],
    ['a name with several', () => [named('a'), named('b'), named('twice')], 'INPUT_AMBIGUOUS', 2],
    ['a reason that is none', () => [named('a'), named('b', 'boredom' as never)], 'INPUT_REASON', 1],
    ['one that is not on hold', () => [named('a'), named('b', 'removeFromCRL')], 'CERT_STATUS', 1],
    [
      'two reasons for one',
      ([serial = '']) => [named('a', 'superseded'), named('b'), numbered(serial, 'keyCompromise')],
      'INPUT_REASON',
      2,
    ],
  ];
  for (const [what, requests, code, index] of refused) {
    it(`changes nothing for ${what}, and says where it stands`, async () => {
      const { authority, release, serialNumbers, fs } = await authorityWith(['a', 'b', 'twice', 'twice']);
      const calls = fs.log.length;
      const { cause } = await rejects(() => authority.revokeAll(requests(serialNumbers)), code as never);
      assert.equal(cause.index, index);
      assert.equal(authority.list({ status: 'revoked' }).total, 0);
      assert.equal(fs.log.length, calls, 'nothing was written');
      await release();
    });
  }

  it('is all or none when the disk fails', async () => {
    const { authority, release, fs } = await authorityWith(['a', 'b', 'c']);
    fs.failAt(2, { kind: 'always', errno: 'ENOSPC' });
    await rejects(() => authority.revokeAll([named('a'), named('b'), named('c')]), 'STORE_FULL');
    fs.heal();
    assert.equal(authority.list({ status: 'revoked' }).total, 0);
    await release();
  });
});

describe('what is left after a revocation', () => {
  const cases: [reason: RevocationReason, warned: boolean][] = [
    ['unspecified', true],
    ['keyCompromise', true],
    ['certificateHold', true],
    ['superseded', false],
  ];
  for (const [reason, warned] of cases) {
    it(`is ${warned ? '' : 'not '}said after ${reason}`, async () => {
      const { authority, release, serialNumbers } = await authorityWith(['a', 'a', 'b']);
      const { warnings } = await authority.revokeAll([numbered(serialNumbers[0]!, reason)]);
      const expected = warned ? [['INPUT_AMBIGUOUS', [serialNumbers[1]]]] : [];
      assert.deepEqual(
        warnings.map(({ code, cause }) => [code, cause.serialNumbers]),
        expected,
      );
      assert.equal(authority.statusOf(serialNumbers[1]!), 'valid');
      await release();
    });
  }

  it('is nothing when all of the name are gone', async () => {
    const { authority, release } = await authorityWith(['a', 'a', 'b']);
    const { warnings, revoked } = await authority.revokeAll([named('a', 'keyCompromise', true)]);
    assert.equal(revoked.length, 2);
    assert.deepEqual(warnings, []);
    await release();
  });
});
