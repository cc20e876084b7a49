import type { AuthorityFailed, AuthorityOverview, AuthorityReady } from '../../model/certificate-view';
import { AUTHORITY_DUE_DAYS } from '../../model/duration';
import { keyTypeName } from '../../model/key-type';
import { AdminRefusal, askAdmin, downloadFromAdmin, refusalText } from '../admin-client';
import { button, element, linkButton } from '../dom';
import { countText, dateText } from '../language';
import { notify } from '../notice';
import { errorText } from '../text';
import { revealNode } from './reveal-node';
import { remainingText, sidebarText } from './sidebar-text';

const ICONS = { ready: 'fa-certificate', failed: 'fa-exclamation-circle', opening: 'fa-hourglass-half' } as const;

/** What can be downloaded of a CA; all of it is public. */
const DOWNLOADS: { label: string; path(id: string): string }[] = [
  { label: 'root', path: (id) => `authorities/${id}/root/pem` },
  { label: 'crl', path: (id) => `certificates/${id}/crl/pem` },
];

/** All CAs of this Node-RED: a line each, which opens; one that is not available says why. */
export class AuthorityList {
  readonly element = element('div', { class: 'secure-mqtt-authorities' });
  private authorities: readonly AuthorityOverview[] = [];
  /** The ids of those whose line is open. */
  private readonly opened = new Set<string>();

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
    // Where nothing works, the reason is all there is to see.
    const openFailed = !authorities.some(({ state }) => state === 'ready');
    this.element.replaceChildren(...authorities.map((one) => this.card(one, openFailed)));
  }

  private card(authority: AuthorityOverview, openFailed: boolean): HTMLElement {
    const { id, name, state } = authority;
    const line = element(
      'button',
      { class: 'secure-mqtt-authority-line' },
      element('i', { class: 'fa fa-chevron-right' }),
    );
    line.type = 'button';
    line.append(
      element('i', { class: `fa ${ICONS[state]}` }),
      element('span', { class: 'secure-mqtt-strong', text: name }),
      element('span', {
        class: state === 'failed' ? 'secure-mqtt-bad' : 'secure-mqtt-faint',
        text: summaryOf(authority),
      }),
    );
    const body = element('div', { class: 'secure-mqtt-authority-body' }, ...this.bodyOf(authority));
    const card = element('div', { class: 'secure-mqtt-authority' }, line, body);
    card.setAttribute('role', 'listitem');
    card.dataset.state = state;
    card.dataset.authority = id;
    const open = (isOpen: boolean): void => {
      body.hidden = !isOpen;
      line.setAttribute('aria-expanded', String(isOpen));
      if (isOpen) this.opened.add(id);
      else this.opened.delete(id);
    };
    line.addEventListener('click', () => open(body.hidden === true));
    open(this.opened.has(id) || (openFailed && state === 'failed'));
    return card;
  }

  private bodyOf(authority: AuthorityOverview): HTMLElement[] {
    const settings = linkButton(sidebarText('authority.open'), 'fa-cog', () => revealNode(authority.id));
    if (authority.state === 'ready') return [...readyParts(authority), settings];
    return authority.state === 'failed' ? [...this.failedParts(authority), settings] : [settings];
  }

  private failedParts({ id, code, message, hint }: AuthorityOverview & AuthorityFailed): HTMLElement[] {
    const retry = button(sidebarText('authority.retry'), 'fa-refresh', () => void this.retry(id));
    return [
      element('p', { class: 'secure-mqtt-bad', text: `${refusalText({ code, message, hint })} (${code})` }),
      element('div', { class: 'secure-mqtt-buttons' }, retry),
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

function summaryOf(authority: AuthorityOverview): string {
  if (authority.state === 'ready') return dateText(authority.notAfter);
  if (authority.state === 'failed') return errorText(authority.code) ?? sidebarText('authority.failed');
  return sidebarText('authority.opening');
}

function readyParts(authority: AuthorityOverview & AuthorityReady): HTMLElement[] {
  const { id, issuer, issued, notAfter, daysRemaining, keyType, keysEncrypted, crlUntil, users } = authority;
  const end = sidebarText('authority.until', { date: dateText(notAfter), remaining: remainingText(daysRemaining) });
  const facts = [
    ...(issuer ? [sidebarText('authority.below', { issuer })] : []),
    sidebarText(issued === 1 ? 'authority.issued-one' : 'authority.issued', { count: countText(issued) }),
    sidebarText(users === 1 ? 'authority.users-one' : 'authority.users', { count: users }),
    keyTypeName(keyType),
    ...(crlUntil ? [sidebarText('authority.crl-until', { date: dateText(crlUntil) })] : []),
  ];
  const downloads = DOWNLOADS.map(({ label, path }) => {
    return button(sidebarText(`authority.${label}`), 'fa-download', () => void download(path(encodeURIComponent(id))));
  });
  return [
    element('p', { class: daysRemaining < AUTHORITY_DUE_DAYS ? 'secure-mqtt-warn' : '', text: end }),
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
    notify(refusalText(error.refusal), 'error');
  }
}
