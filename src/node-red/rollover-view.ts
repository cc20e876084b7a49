import type { NodeAPI } from 'node-red';
import type { CertificateAuthority } from '../ca/certificate-authority';
import type { RolloverState } from '../ca/rollover-state';
import { certificatesInUse, shownSerialNumbers, type CertificateInUse } from './certificates-in-use';

/** A dialog shows no more; the counts tell the rest. */
const MOST_SHOWN = 20;

/** Where a CA stands on the way to a new key, and who still needs the old one. */
export interface RolloverView extends RolloverState {
  /** Who shows a certificate of the old key right now; before the switch that is the one that still issues. */
  shown: { total: number; items: CertificateInUse[] };
  /** Folders into which exports wrote certificates of the old key, each once. */
  folders: string[];
}

/** @param ca id of the tls-ca node */
export async function rolloverView(RED: NodeAPI, ca: string, authority: CertificateAuthority): Promise<RolloverView> {
  const found = await certificatesInUse(RED, ca, authority);
  const state = authority.rolloverFor(shownSerialNumbers(found));
  const isOld = ({ serialNumber }: CertificateInUse) =>
    state.step === 'introduced' || authority.hasOldKey(serialNumber);
  // While there is one key nobody needs another one.
  const old = state.step === 'stable' ? [] : found.filter(isOld);
  const shown = old.filter(({ kind }) => kind !== 'exported');
  const folders = old.flatMap(({ kind, place }) => (kind === 'exported' && place !== undefined ? [place] : []));
  return {
    ...state,
    shown: { total: shown.length, items: shown.slice(0, MOST_SHOWN) },
    folders: [...new Set(folders)].slice(0, MOST_SHOWN),
  };
}
