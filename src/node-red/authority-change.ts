import type { Node, NodeAPI } from 'node-red';
import type { CertificateAuthority } from '../ca/certificate-authority';
import type { RolloverStep } from '../ca/rollover';
import type { RolloverState } from '../ca/rollover-state';
import { isKeyType } from '../model/key-type';
import type { AuthorityAction, IssueAction } from '../model/config/tls-issue';
import { certificatesInUse, shownSerialNumbers } from './certificates-in-use';
import { showStatus } from './status';

/** `cancel` and the forced `retire` are for people: only the dialog of tls-ca has them. */
const STEPS: Record<AuthorityAction, RolloverStep> = {
  'ca-renew': 'renew',
  'ca-introduce': 'introduce',
  'ca-switch': 'switch',
  'ca-retire': 'retire',
};

/** The step that an action of tls-issue takes with the CA itself; undefined for those about certificates. */
export function stepOf(action: IssueAction): RolloverStep | undefined {
  return Object.hasOwn(STEPS, action) ? STEPS[action as AuthorityAction] : undefined;
}

export interface AuthorityChange {
  authority: CertificateAuthority;
  /** Id of its tls-ca node. */
  ca: string;
  step: RolloverStep;
  /** Of a key that is introduced; anything else than a kind of key: as the one it follows. */
  keyType: string;
}

/** Take a step for a flow; see `CertificateAuthority.takeStep` for the errors. */
export async function changeAuthority(
  RED: NodeAPI,
  node: Node,
  { authority, ca, step, keyType }: AuthorityChange,
): Promise<RolloverState> {
  const inUse = shownSerialNumbers(await certificatesInUse(RED, ca, authority));
  const state = await authority.takeStep(step, { inUse, ...(isKeyType(keyType) && { keyType }) });
  const { commonName = '' } = authority.certificate.subject;
  showStatus(RED, node, 'issued', { name: commonName, until: state.current.notAfter.slice(0, 10) });
  return state;
}
