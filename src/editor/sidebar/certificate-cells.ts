import type { ListedCertificate } from '../../model/certificate-view';
import { element } from '../dom';
import { dateText } from '../language';
import { profileText, remainingText, sidebarText } from './sidebar-text';

/** How a certificate stands, also for whoever sees no colours: each has an icon of its own. */
const LOOKS = {
  valid: { icon: 'fa-check-circle', look: 'secure-mqtt-good' },
  expiring: { icon: 'fa-clock-o', look: 'secure-mqtt-warn' },
  expired: { icon: 'fa-times-circle', look: 'secure-mqtt-bad' },
  revoked: { icon: 'fa-ban', look: 'secure-mqtt-bad' },
  replaced: { icon: 'fa-history', look: 'secure-mqtt-faint' },
} as const;

export type Standing = keyof typeof LOOKS;

/** A certificate that was renewed is not to be renewed again, whatever its age. */
export function standingOf({ status, replacedBy }: Pick<ListedCertificate, 'status' | 'replacedBy'>): Standing {
  return status !== 'revoked' && replacedBy !== undefined ? 'replaced' : status;
}

/** The icon of a standing with its word, which is read out and shown on hovering. */
export function standingIcon(standing: Standing): HTMLElement {
  const { icon, look } = LOOKS[standing];
  const made = element('i', { class: `fa ${icon} ${look}`, title: sidebarText(`standing.${standing}`) });
  made.setAttribute('role', 'img');
  made.setAttribute('aria-label', sidebarText(`standing.${standing}`));
  return made;
}

/** The cells of a row: name, profile, serial number, end. A narrow sidebar shows the first and the last. */
export function certificateCells(row: ListedCertificate | undefined, nameOf: (ca: string) => string): HTMLElement[] {
  if (!row) return [cell('name', element('span', { class: 'secure-mqtt-faint', text: sidebarText('list.loading') }))];
  const { commonName, profile, serialNumber, notAfter, daysRemaining } = row;
  const standing = standingOf(row);
  const name = commonName || sidebarText('list.nameless');
  const short = serialNumber.length > 12 ? `${serialNumber.slice(0, 8)}…` : serialNumber;
  const end = standing === 'revoked' ? sidebarText('standing.revoked') : remainingText(daysRemaining);
  return [
    cell(
      'name',
      standingIcon(standing),
      element(
        'span',
        { class: 'secure-mqtt-two' },
        element('span', { class: 'secure-mqtt-strong', text: name, title: name }),
        element(
          'span',
          { class: 'secure-mqtt-faint' },
          element('span', { class: 'secure-mqtt-narrow-only', text: `${profileText(profile)} · ` }),
          document.createTextNode(nameOf(row.ca)),
        ),
      ),
      useMark(row),
    ),
    cell('profile', element('span', { text: profileText(profile) })),
    cell('serial', element('code', { text: short, title: serialNumber })),
    cell(
      'until',
      element(
        'span',
        { class: 'secure-mqtt-two' },
        element('span', { class: LOOKS[standing].look, text: end }),
        element('span', { class: 'secure-mqtt-faint', text: dateText(notAfter) }),
      ),
    ),
  ];
}

function useMark({ uses, drift }: ListedCertificate): HTMLElement | undefined {
  if (uses === 0) return undefined;
  const label = drift
    ? sidebarText('list.drift')
    : sidebarText(uses === 1 ? 'list.used-once' : 'list.used', { count: uses });
  const mark = element('i', {
    class: drift ? 'fa fa-exclamation-triangle secure-mqtt-warn' : 'fa fa-link secure-mqtt-faint',
    title: label,
  });
  mark.setAttribute('role', 'img');
  mark.setAttribute('aria-label', label);
  return mark;
}

function cell(kind: string, ...content: (Node | undefined)[]): HTMLElement {
  const made = element('div', { class: `secure-mqtt-cell secure-mqtt-cell-${kind}` }, ...content);
  made.setAttribute('role', 'gridcell');
  return made;
}
