import path from 'node:path';
import type { NodeAPI } from 'node-red';
import { codedError } from '../model/errors';
import { PEM_FILE_LIMIT, readBounded } from '../store/bounded-file';
import { nodeFileSystem } from '../store/file-system';
import type { MaterialContext } from './material-settings';

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

type FileOption = 'ca' | 'cert' | 'key' | 'pfx';

const WHAT: Readonly<Record<FileOption, string>> = {
  ca: 'the CA certificate of the tls-config',
  cert: 'the certificate of the tls-config',
  key: 'the key of the tls-config',
  pfx: 'the PKCS#12 file of the tls-config',
};

/**
 * The files a core `tls-config` node names, absolute; none when it holds texts. The node itself reads them once, at
 * deploy, and forgets their names.
 */
export function coreTlsFiles(RED: NodeAPI, id: string): Partial<Record<FileOption, string>> {
  const files: Partial<Record<FileOption, string>> = {};
  RED.nodes.eachNode((node) => {
    const { certType = 'files', ca, cert, key, p12 } = node as unknown as Partial<Record<string, string>>;
    if (node.id !== id || certType === 'env') return;
    for (const [option, file] of Object.entries(certType === 'pfx' ? { pfx: p12 } : { ca, cert, key })) {
      // A name from the environment is known only to the node.
      if (file?.trim() && !file.includes('${')) files[option as FileOption] = path.resolve(file.trim());
    }
  });
  return files;
}

/**
 * As {@link coreTlsOptions}, with its files as they are now: a certificate renewed there is used without a deploy.
 *
 * @throws INPUT_CONFIG; STORE_*
 */
export async function currentCoreTls(
  { RED, fs = nodeFileSystem }: MaterialContext,
  id: string,
): Promise<CoreTlsOptions> {
  const options = coreTlsOptions(RED, id);
  for (const [option, file] of Object.entries(coreTlsFiles(RED, id))) {
    const what = WHAT[option as FileOption];
    Object.assign(options, { [option]: await readBounded(fs, file, { limit: PEM_FILE_LIMIT, what }) });
  }
  return options;
}
