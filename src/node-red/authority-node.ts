import type { Node, NodeAPI } from 'node-red';
import type { CertificateAuthority } from '../ca/certificate-authority';
import { codedError, type CodedError } from '../model/errors';

/** What a running tls-ca node offers to the other nodes. */
export interface TlsCaNode extends Node {
  /**
   * The living CA; waits while it is being created or opened.
   * @throws the reason why it is not available (CA_LOCKED, CA_MISSING, KEY_ENCRYPTED …)
   */
  authority(): Promise<CertificateAuthority>;
  /** Absolute path of the CA folder. */
  readonly folder: string;
  /** Why the CA was not available at the last attempt; asking makes no new one. */
  readonly failure: CodedError | undefined;
  /** Let go of this CA so that a new one may be created in its folder (the way out of CA_MISSING). */
  forget(): Promise<void>;
}

function isTlsCaNode(node: unknown): node is TlsCaNode {
  return typeof (node as TlsCaNode | null)?.authority === 'function';
}

/**
 * The tls-ca node with an id.
 *
 * @throws INPUT_CONFIG when none was chosen, it is disabled or was deleted
 */
export function authorityNode(RED: NodeAPI, id: string): TlsCaNode {
  const node: unknown = id ? RED.nodes.getNode(id) : undefined;
  if (isTlsCaNode(node)) return node;
  throw codedError(
    'INPUT_CONFIG',
    id ? `the CA node ${id} is missing or disabled` : 'no CA is chosen',
    { field: 'ca', value: id },
    'Open the node and choose a CA',
  );
}

/** The living CA behind a tls-ca node; see {@link authorityNode} and {@link TlsCaNode.authority} for the errors. */
export async function authorityOf(RED: NodeAPI, id: string): Promise<CertificateAuthority> {
  return authorityNode(RED, id).authority();
}
