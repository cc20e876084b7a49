import type { CertificateDetails, CertificateUse } from '../../model/certificate-view';
import { button, element } from '../dom';
import { CertificateActions } from './certificate-actions';
import { standingIcon, standingOf } from './certificate-cells';
import { revealNode } from './reveal-node';
import { dayText, remainingText, sidebarText } from './sidebar-text';

/** Names beyond these make nobody wiser. */
const MOST_NAMES = 50;

export interface DetailsOptions {
  /** False for whoever may only look: there are no buttons that change or hand out a key. */
  mayWrite: boolean;
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
    this.shown = details;
    this.element.hidden = !details;
    this.element.replaceChildren();
    if (!details) return;
    this.element.setAttribute('aria-label', sidebarText('details.label', { name: details.commonName }));
    this.element.append(this.head(details), lifetime(details), this.facts(details), this.uses(details));
    const { mayWrite, onShow, onChanged } = this.options;
    const done = (serialNumber?: string): void => {
      onChanged();
      if (serialNumber !== undefined) onShow(details.ca, serialNumber);
    };
    this.element.append(new CertificateActions(details, { mayWrite, done }).element);
  }

  private head(details: CertificateDetails): HTMLElement {
    const close = button('', 'fa-times', () => this.options.onClose());
    close.setAttribute('aria-label', sidebarText('details.close'));
    const title = element('h4', {}, standingIcon(standingOf(details)));
    title.append(` ${details.commonName || sidebarText('list.nameless')}`);
    return element('div', { class: 'secure-mqtt-details-head' }, title, close);
  }

  private facts(details: CertificateDetails): HTMLElement {
    const { serialNumber, profile, subjectAltNames, keyType, fingerprint256, ca, hasKey, replacedBy } = details;
    const names = subjectAltNames.slice(0, MOST_NAMES).join(', ');
    const more = subjectAltNames.length - MOST_NAMES;
    const rows: [key: string, value: string | HTMLElement, look?: string][] = [
      ['standing', standingText(details)],
      ...(replacedBy ? ([['replaced-by', this.linkTo(ca, replacedBy)]] as [string, HTMLElement][]) : []),
      ['issuer', this.options.nameOf(ca)],
      ['profile', profile],
      ['names', more > 0 ? sidebarText('details.more-names', { names, more }) : names || '–'],
      ['key', sidebarText(hasKey ? 'details.key-here' : 'details.key-elsewhere', { type: keyType })],
      ['serial', serialNumber, 'secure-mqtt-code'],
      ['fingerprint', fingerprint256, 'secure-mqtt-code'],
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
    const link = button(serialNumber, 'fa-arrow-right', () => this.options.onShow(ca, serialNumber));
    link.classList.add('secure-mqtt-link', 'secure-mqtt-code');
    return link;
  }

  private uses({ uses, drift, status }: CertificateDetails): HTMLElement {
    const list = element('ul', { class: 'secure-mqtt-uses' });
    for (const use of uses) list.append(element('li', {}, useButton(use, drift)));
    const title = element('h5', { text: sidebarText('details.uses') });
    if (uses.length === 0) return element('div', {}, title, note('details.unused'));
    return element('div', {}, title, drift ? warning(`details.drift-${status}`) : undefined, list);
  }
}

function useButton({ kind, node, label, place }: CertificateUse, drift: boolean): HTMLElement {
  const text = sidebarText(drift ? `drift.${kind}` : `use.${kind}`, { label, place });
  const link = button(text, drift ? 'fa-exclamation-triangle' : 'fa-link', () => revealNode(node));
  link.classList.add('secure-mqtt-link');
  return link;
}

function note(key: string): HTMLElement {
  return element('p', { class: 'secure-mqtt-faint', text: sidebarText(`${key}`) });
}

function warning(key: string): HTMLElement {
  return element('p', { class: 'secure-mqtt-warn', text: sidebarText(`${key}`) });
}

function standingText(details: CertificateDetails): string {
  const { revokedAt, reason, notAfter, daysRemaining } = details;
  if (revokedAt && reason) {
    return sidebarText('details.revoked', { date: dayText(revokedAt), reason: sidebarText(`reason.${reason}`) });
  }
  const values = { date: dayText(notAfter), remaining: remainingText(daysRemaining) };
  return sidebarText(`details.standing-${standingOf(details)}`, values);
}

/** How much of the lifetime is over, as a bar with its two ends. */
function lifetime({ notBefore, notAfter, daysRemaining }: CertificateDetails): HTMLElement {
  const [start, end] = [Date.parse(notBefore), Date.parse(notAfter)];
  const used = Math.max(0, Math.min(1, (Date.now() - start) / (end - start)));
  const look = daysRemaining < 0 ? 'over' : 'fine';
  const fill = element('span', { class: `secure-mqtt-bar-fill secure-mqtt-bar-${look}` });
  fill.style.width = `${Math.round(used * 100)}%`;
  const bar = element('div', { class: 'secure-mqtt-lifetime-bar' }, fill);
  bar.setAttribute('role', 'img');
  bar.setAttribute('aria-label', sidebarText('details.lifetime', { percent: Math.round(used * 100) }));
  const ends = element('div', { class: 'secure-mqtt-lifetime-ends secure-mqtt-faint' });
  ends.append(element('span', { text: dayText(notBefore) }), element('span', { text: dayText(notAfter) }));
  return element('div', { class: 'secure-mqtt-lifetime' }, bar, ends);
}
