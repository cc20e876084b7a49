import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import type { CertificateAuthority, InventoryList } from '../src/ca/certificate-authority';
import { judgedEntries, type JudgedEntry } from '../src/ca/certificate-compatibility';
import { migrate } from '../src/model/config/migration';
import { TLS_INVENTORY_DEFAULTS } from '../src/model/config/tls-inventory';
import { authorityOf } from '../src/node-red/authority-node';
import { readEach, type Batch } from '../src/node-red/batch-place';
import { answer } from '../src/node-red/failure';
import { inventoryCsv } from '../src/node-red/inventory-csv';
import { readConfiguredQuery, toLookup, type Lookup } from '../src/node-red/inventory-input';
import { readPayload } from '../src/node-red/payload';
import { showStatus } from '../src/node-red/status';
import { evaluate } from '../src/node-red/typed-value';

export = function tlsInventory(RED: NodeAPI): void {
  function TlsInventory(this: Node, definition: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, definition);

    const run = async (msg: NodeMessageInFlow): Promise<{ total: number; items: JudgedEntry[] | string }> => {
      const config = migrate({ ...definition }, TLS_INVENTORY_DEFAULTS);
      const authority = await authorityOf(RED, config.ca);
      const configured = readConfiguredQuery(await evaluate(RED, this, msg, 'query', config.query, config.queryType));
      const payload = readPayload(msg.payload);
      const batch: Batch = payload.kind === 'items' ? payload : { items: [{}], batch: false };
      const lookups = readEach(batch, (item) => toLookup(item, configured));
      const { total, items: found } = await perform(authority, batch, lookups);
      const items = await judgedEntries(found, authority);
      showStatus(RED, this, 'listed', { count: items.length, total });
      return { total, items: config.format === 'csv' ? await inventoryCsv(items) : items };
    };

    this.on('input', (msg, send, done) => {
      answer(RED, this, { msg, send, done }, () => run(msg as NodeMessageInFlow));
    });
  }

  RED.nodes.registerType('tls-inventory', TlsInventory);
};

/** The answers one after the other, in one list. Certificates are looked up first: one that is missing refuses all. */
async function perform(
  authority: CertificateAuthority,
  batch: Batch,
  lookups: readonly Lookup[],
): Promise<InventoryList> {
  const found = readEach(batch, (_item, index) => {
    const lookup = lookups[index] as Lookup;
    return 'selector' in lookup ? { total: 1, items: [authority.find(lookup.selector)] } : lookup;
  });
  const all: InventoryList = { total: 0, items: [] };
  for (const one of found) {
    const { total, items } = 'query' in one ? await authority.listInTurns(one.query) : one;
    all.total += total;
    // No spread: a list of 100,000 is more than a call takes as arguments.
    for (const item of items) all.items.push(item);
  }
  return all;
}
