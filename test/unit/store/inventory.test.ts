import assert from 'node:assert/strict';
import { Inventory, type InventoryRecord } from '../../../src/store/inventory';

function record(serialNumber: string, commonName: string): InventoryRecord {
  return {
    serialNumber,
    commonName,
    profile: 'device',
    keyType: 'ec-p256',
    subjectAltNames: [],
    notBefore: 0,
    notAfter: 1,
    fingerprint256: '',
    subjectLine: `/CN=${commonName}`,
    hasKey: true,
  };
}

describe('the inventory', () => {
  it('finds by serial number and by name, oldest first', () => {
    const inventory = new Inventory();
    for (const [serialNumber, name] of [
      ['01', 'a'],
      ['02', 'b'],
      ['03', 'a'],
      ['04', 'a'],
    ] as const) {
      inventory.add(record(serialNumber, name));
    }
    assert.equal(inventory.size, 4);
    assert.equal(inventory.get('02')?.commonName, 'b');
    assert.equal(inventory.get('05'), undefined);
    assert.deepEqual(
      inventory.named('a').map(({ serialNumber }) => serialNumber),
      ['01', '03', '04'],
    );
    assert.deepEqual(
      inventory.named('b').map(({ serialNumber }) => serialNumber),
      ['02'],
    );
    assert.deepEqual(inventory.named('constructor'), []);
  });

  it('knows what is revoked', () => {
    const inventory = new Inventory();
    inventory.add(record('01', 'a'));
    inventory.setRevocation('01', { at: 5, reason: 'certificateHold' });
    assert.deepEqual(
      inventory.revoked().map(({ serialNumber }) => serialNumber),
      ['01'],
    );
    inventory.setRevocation('01', undefined);
    assert.deepEqual(inventory.revoked(), []);
    assert.ok(!('revocation' in (inventory.get('01') as object)));
  });
});
