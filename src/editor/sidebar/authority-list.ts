import type { AuthorityFailed, AuthorityOverview, AuthorityReady } from '../../model/certificate-view';
import { AdminRefusal, askAdmin, downloadFromAdmin, refusalText } from '../admin-client';
import { button, element } from '../dom';
import { revealNode } from './reveal-node';
import { dayText, remainingText, sidebarText } from './sidebar-text';

/** Days before its end at which a CA is marked: every device needs the new root before. */
const CA_DUE_DAYS = 365;

/** What can be downloaded of a CA; all of it is public. */
const DOWNLOADS: { label: string; path(id: string): string }[] = [
  { label: 'authority.root', path: (id) => `authorities/${id}/root/pem` },
  { label: 'authority.crl', path: (id) => `certificates/${id}/crl/pem` },
];

/** All CAs of this Node-RED: how they are, or why not. */
export class AuthorityList {
  readonly element = element('div', { class: 'secure-mqtt-authorities' });
  private authorities: readonly AuthorityOverview[] = [];

  /** @param retried a CA was tried again */
  constructor(private readonly retried: () => void) {
    this.element.setAttribute('role', 'list');
    this.element.setAttribute('aria-label', sidebarText('authority.label'));
  }

  show(authorities: readonly AuthorityOverview[]): void {
    // Drawn anew only when something differs: a button that is being pressed must stay.
    if (JSON.stringify(authorities) === JSON.stringify(this.authorities)) return;
    this.authorities = authorities;
    this.element.hidden = authorities.length === 0;
    this.element.replaceChildren(...authorities.map((one) => this.card(one)));
  }

  private card(authority: AuthorityOverview): HTMLElement {
    const name = button(authority.name, 'fa-certificate', () => revealNode(authority.id));
    name.classList.add('secure-mqtt-link');
    name.title = sidebarText('authority.open');
    const card = element('div', { class: 'secure-mqtt-authority' }, element('div', {}, name));
    card.setAttribute('role', 'listitem');
    card.dataset.state = authority.state;
    card.dataset.authority = authority.id;
    if (authority.state === 'ready') card.append(...readyParts(authority));
    else if (authority.state === 'failed') card.append(...this.failedParts(authority));
    else card.append(element('p', { text: sidebarText('authority.opening') }));
    return card;
  }

  private failedParts({ id, code, message, hint }: AuthorityOverview & AuthorityFailed): HTMLElement[] {
    return [
      element('p', { class: 'secure-mqtt-bad', text: refusalText({ code, message, hint }) }),
      element(
        'div',
        { class: 'secure-mqtt-buttons' },
        button(sidebarText('authority.retry'), 'fa-refresh', () => void this.retry(id)),
      ),
    ];
  }

  private async retry(id: string): Promise<void> {
    try {
      await askAdmin(`authorities/${encodeURIComponent(id)}`);
    } catch (error) {
      if (!(error instanceof AdminRefusal)) throw error;
    }
    this.retried();
  }
}

function readyParts(authority: AuthorityOverview & AuthorityReady): HTMLElement[] {
  const { id, issuer, issued, notAfter, daysRemaining, keyType, keysEncrypted, crlUntil, users } = authority;
  const end = sidebarText('authority.until', { date: dayText(notAfter), remaining: remainingText(daysRemaining) });
  const facts = [
    ...(issuer ? [sidebarText('authority.below', { issuer })] : []),
    sidebarText(issued === 1 ? 'authority.issued-one' : 'authority.issued', { count: issued.toLocaleString() }),
    sidebarText(users === 1 ? 'authority.users-one' : 'authority.users', { count: users }),
    keyType,
    ...(crlUntil ? [sidebarText('authority.crl-until', { date: dayText(crlUntil) })] : []),
  ];
  const downloads = DOWNLOADS.map(({ label, path }) => {
    return button(sidebarText(`${label}`), 'fa-download', () => void download(path(encodeURIComponent(id))));
  });
  return [
    element('p', { class: daysRemaining < CA_DUE_DAYS ? 'secure-mqtt-warn' : '', text: end }),
    element('p', { class: 'secure-mqtt-faint', text: facts.join(' · ') }),
    ...(keysEncrypted ? [] : [element('p', { class: 'secure-mqtt-warn', text: sidebarText('authority.keys-clear') })]),
    element('div', { class: 'secure-mqtt-buttons' }, ...downloads),
  ];
}

async function download(path: string): Promise<void> {
  try {
    await downloadFromAdmin(path);
  } catch (error) {
    if (!(error instanceof AdminRefusal)) throw error;
    RED.notify(refusalText(error.refusal), 'error');
  }
}
