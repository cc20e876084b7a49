import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import type { CertificateAuthority, RevokedEntry, RevokeRequest } from '../src/ca/certificate-authority';
import { migrate } from '../src/model/config/migration';
import { TLS_REVOKE_DEFAULTS, type TlsRevokeConfig } from '../src/model/config/tls-revoke';
import { codedError, type Warning } from '../src/model/errors';
import { authorityOf } from '../src/node-red/authority-node';
import { readEach, withPlace, type Batch } from '../src/node-red/batch-place';
import { answer } from '../src/node-red/failure';
import { readPayload } from '../src/node-red/payload';
import { toRevokeRequest } from '../src/node-red/revoke-input';
import { errorWords, showStatus, statusText } from '../src/node-red/status';
import { evaluate } from '../src/node-red/typed-value';

/** What the node sends (DESIGN.md §1.6; contract). */
interface Revocation {
  revoked: RevokedEntry[];
  /** PEM. */
  crl: string;
  crlNumber: string;
  /** ISO 8601. */
  nextUpdate: string;
  warnings: Warning[];
}

export = function tlsRevoke(RED: NodeAPI): void {
  function TlsRevoke(this: Node, definition: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, definition);

    const readItems = async (config: TlsRevokeConfig, msg: NodeMessageInFlow): Promise<Batch> => {
      const payload = readPayload(msg.payload);
      if (payload.kind === 'items') return payload;
      const configured = readPayload(await evaluate(RED, this, msg, 'selector', config.selector, config.selectorType));
      if (configured.kind === 'items') return configured;
      throw nothingChosen();
    };

    const run = async (msg: NodeMessageInFlow): Promise<Revocation> => {
      const config = migrate({ ...definition }, TLS_REVOKE_DEFAULTS);
      const authority = await authorityOf(RED, config.ca);
      const batch = await readItems(config, msg);
      const requests = readEach(batch, (item) => toRevokeRequest(item, config));
      try {
        return await revoke(authority, requests);
      } catch (error) {
        throw withPlace(error, batch);
      }
    };

    this.on('input', (msg, send, done) => {
      answer(RED, this, { msg, send, done }, async () => {
        const payload = await run(msg as NodeMessageInFlow);
        showResult(RED, this, payload);
        return payload;
      });
    });
  }

  RED.nodes.registerType('tls-revoke', TlsRevoke);
};

/** An empty list changes nothing and gets the CRL in force. */
async function revoke(authority: CertificateAuthority, requests: readonly RevokeRequest[]): Promise<Revocation> {
  if (requests.length === 0) {
    const { pem, number, nextUpdate } = await authority.crl();
    return { revoked: [], crl: pem, crlNumber: number, nextUpdate: nextUpdate.toISOString(), warnings: [] };
  }
  const { revoked, crlPem, crlNumber, nextUpdate, warnings } = await authority.revokeAll(requests);
  return { revoked, crl: crlPem, crlNumber, nextUpdate: nextUpdate.toISOString(), warnings };
}

function nothingChosen(): Error {
  return codedError(
    'INPUT_SELECTOR',
    'neither the message nor the node says which certificate to revoke',
    { field: 'selector', value: '' },
    'Send serial:<hex>, a common name, or the output of tls issue, or name the certificate in the node',
  );
}

function showResult(RED: NodeAPI, node: Node, { revoked, warnings }: Revocation): void {
  const [first] = revoked;
  const name = revoked.length === 1 && first ? first.commonName : `${revoked.length}`;
  const released = revoked.length > 0 && revoked.every(({ reason }) => reason === 'removeFromCRL');
  const status = released ? 'released' : 'revoked';
  const [worst] = warnings;
  if (!worst) return showStatus(RED, node, status, { name });
  const reason = errorWords(RED, codedError(worst.code, worst.message));
  showStatus(RED, node, 'warned', { name: statusText(RED, status, { name }), reason });
}
