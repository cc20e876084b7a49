import type { NodeAPI } from 'node-red';
import { codedError } from '../model/errors';

/** What a core `tls-config` node sets on the options of a connection. */
export interface CoreTlsOptions {
  ca?: Buffer | string;
  cert?: Buffer | string;
  key?: Buffer | string;
  /** PKCS#12 instead of certificate and key; since Node-RED 5. */
  pfx?: Buffer;
  passphrase?: string;
  servername?: string;
}

interface TlsConfigNode {
  addTLSOptions(options: CoreTlsOptions): CoreTlsOptions;
}

/**
 * What a core `tls-config` node holds. Its own toggle for verification is not taken over: ours decide.
 *
 * @throws INPUT_CONFIG when it is missing, disabled or of another type
 */
export function coreTlsOptions(RED: NodeAPI, id: string): CoreTlsOptions {
  const node = (id ? RED.nodes.getNode(id) : undefined) as Partial<TlsConfigNode> | undefined;
  if (typeof node?.addTLSOptions !== 'function') {
    throw codedError(
      'INPUT_CONFIG',
      id ? `the tls-config node ${id} is missing or disabled` : 'no tls-config is chosen',
      { field: 'tlsConfig', value: id },
      'Open the broker settings and choose a tls-config',
    );
  }
  return node.addTLSOptions({});
}
