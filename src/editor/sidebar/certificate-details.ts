import type { CertificateDetails, CertificateUse } from '../../model/certificate-view';
import { keyTypeName } from '../../model/key-type';
import { element, linkButton } from '../dom';
import { dateText } from '../language';
import { lifetimeBar } from '../lifetime-bar';
import { CertificateActions } from './certificate-actions';
import { standingIcon, standingOf } from './certificate-cells';
import { compatibilityView } from './compatibility-view';
import { revealNode } from './reveal-node';
import { momentText, profileText, remainingText, sidebarText } from './sidebar-text';

/** Names beyond these make nobody wiser. */
const MOST_NAMES = 50;

export interface DetailsOptions {
  /** False for whoever may only look: there are no buttons that change or hand out a key. */
  mayWrite(): boolean;
  /** The name of a CA by its id. */
  nameOf(ca: string): string;
  onClose(): void;
  /** Show another certificate, after a renewal and from one that was replaced. */
  onShow(ca: string, serialNumber: string): void;
  /** Something was changed. */
  onChanged(): void;
}

/** Everything about one certificate, who uses it, and what can be done with it. */
export class CertificateDetailsPanel {
  readonly element = element('section', { class: 'secure-mqtt-details' });
  private shown: CertificateDetails | undefined;

  constructor(private readonly options: DetailsOptions) {
    this.element.hidden = true;
    this.element.tabIndex = -1;
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      this.options.onClose();
    });
  }

  /** The certificate that is shown. */
  get current(): CertificateDetails | undefined {
    return this.shown;
  }

  /** @param details undefined: none */
  show(details: CertificateDetails | undefined): void {
    // What is being typed into a form must survive that somebody else issued a certificate.
    if (details && JSON.stringify(details) === JSON.stringify(this.shown)) return;
    const hadFocus = this.element.contains(document.activeElement);
    this.shown = details;
    this.element.hidden = !details;
    this.element.replaceChildren();
    if (!details) return;
    // The button that was pressed is gone; keys still mean this panel.
    if (hadFocus) this.element.focus();
    this.element.setAttribute('aria-label', sidebarText('details.label', { name: details.commonName }));
    this.element.append(
      this.head(details),
      lifetimeBar({ ...details, lifetimeUsed: lifetimeUsed(details) }),
      this.uses(details),
      this.actions(details),
      this.facts(details),
      compatibilityView(details),
    );
  }

  private actions(details: CertificateDetails): HTMLElement {
    const { mayWrite, onShow, onChanged } = this.options;
    const done = (serialNumber?: string): void => {
      onChanged();
      if (serialNumber !== undefined) onShow(details.ca, serialNumber);
    };
    return new CertificateActions(details, { mayWrite: mayWrite(), done }).element;
  }

  private head(details: CertificateDetails): HTMLElement {
    const back = linkButton(sidebarText('details.back'), 'fa-chevron-left', () => this.options.onClose());
    const title = element('h4', {}, standingIcon(standingOf(details)));
    title.append(` ${details.commonName || sidebarText('list.nameless')}`);
    return element('div', { class: 'secure-mqtt-details-head' }, back, title);
  }

  private facts(details: CertificateDetails): HTMLElement {
    const { serialNumber, profile, subjectAltNames, keyType, fingerprint256, ca, hasKey, replacedBy } = details;
    const names = subjectAltNames.slice(0, MOST_NAMES).join(', ');
    const more = subjectAltNames.length - MOST_NAMES;
    const rows: [key: string, value: string | HTMLElement, look?: string][] = [
      // The icon and the bar of the lifetime say that it is valid, and until when.
      ...(standingOf(details) === 'valid' ? [] : ([['standing', standingText(details)]] as [string, string][])),
      ...(replacedBy ? ([['replaced-by', this.linkTo(ca, replacedBy)]] as [string, HTMLElement][]) : []),
      ['issuer', this.options.nameOf(ca)],
      ['profile', profileText(profile)],
      ['names', more > 0 ? sidebarText('details.more-names', { names, more }) : names || '–'],
      ['key', sidebarText(hasKey ? 'details.key-here' : 'details.key-elsewhere', { type: keyTypeName(keyType) })],
      ['serial', serialNumber, 'secure-mqtt-code'],
      ['fingerprint', breakable(fingerprint256), 'secure-mqtt-code'],
    ];
    const list = element('dl');
    for (const [key, value, look = ''] of rows) {
      const shown = element('dd', { class: look });
      shown.append(value);
      list.append(element('dt', { text: sidebarText(`details.${key}`) }), shown);
    }
    return list;
  }

  private linkTo(ca: string, serialNumber: string): HTMLElement {
    const link = linkButton(serialNumber, 'fa-arrow-right', () => this.options.onShow(ca, serialNumber));
    link.classList.add('secure-mqtt-code');
    return link;
  }

  private uses({ uses, drift, status }: CertificateDetails): HTMLElement {
    const list = element('ul', { class: 'secure-mqtt-uses' });
    for (const use of uses) list.append(element('li', {}, useButton(use, drift)));
    const title = element('h5', { text: sidebarText('details.uses') });
    if (uses.length === 0)
      return element(
        'div',
        {},
        title,
        element('p', { class: 'secure-mqtt-faint', text: sidebarText('details.unused') }),
      );
    return element(
      'div',
      {},
      title,
      drift ? element('p', { class: 'secure-mqtt-warn', text: sidebarText(`details.drift-${status}`) }) : undefined,
      list,
    );
  }
}

/** A line may end behind a colon. */
function breakable(fingerprint: string): HTMLElement {
  const pairs = fingerprint.split(/(?<=:)/).flatMap((pair) => [document.createTextNode(pair), element('wbr')]);
  return element('span', {}, ...pairs);
}

function useButton({ kind, node, label, place, at }: CertificateUse, drift: boolean): HTMLElement {
  const what = sidebarText(drift ? `drift.${kind}` : `use.${kind}`, { label, place });
  const text = at === undefined ? what : `${what} (${momentText(at)})`;
  return linkButton(text, drift ? 'fa-exclamation-triangle' : 'fa-link', () => revealNode(node));
}

function standingText(details: CertificateDetails): string {
  const { revokedAt, reason, notAfter, daysRemaining } = details;
  if (revokedAt && reason) {
    return sidebarText('details.revoked', { date: dateText(revokedAt), reason: sidebarText(`reason.${reason}`) });
  }
  const values = { date: dateText(notAfter), remaining: remainingText(daysRemaining) };
  return sidebarText(`details.standing-${standingOf(details)}`, values);
}

/** Share of the lifetime that is over, 0 to 1. */
function lifetimeUsed({ notBefore, notAfter }: CertificateDetails): number {
  const [start, end] = [Date.parse(notBefore), Date.parse(notAfter)];
  return Math.max(0, Math.min(1, (Date.now() - start) / (end - start)));
}
