import type { CertificateDetails, Renewed, Revoked } from '../../model/certificate-view';
import type { Warning } from '../../model/errors';
import { AdminRefusal, askAdmin, downloadFromAdmin, refusalText } from '../admin-client';
import { button, element } from '../dom';
import { dateText } from '../language';
import { notify } from '../notice';
import { messageText } from '../text';
import { ExportForm } from './export-form';
import { RevokeForm } from './revoke-form';
import { sidebarText } from './sidebar-text';

interface ActionOptions {
  mayWrite: boolean;
  /** Something was changed. @param serialNumber of a certificate that is there now */
  done(serialNumber?: string): void;
}

const CA_PROFILES: readonly string[] = ['root', 'intermediate'];

/** The public files of a certificate. */
const DOWNLOADS = ['pem', 'chain', 'der'] as const;

/** The buttons below a certificate. What cannot be done with it has no button. */
export class CertificateActions {
  readonly element = element('div', { class: 'secure-mqtt-actions' });
  private readonly path: string;
  private isBusy = false;
  /** The form that is open. */
  private readonly place = element('div');
  private readonly answer = element('p', { class: 'secure-mqtt-refusal' });

  constructor(
    private readonly details: CertificateDetails,
    private readonly options: ActionOptions,
  ) {
    this.path = `certificates/${encodeURIComponent(details.ca)}/${details.serialNumber}`;
    this.answer.setAttribute('role', 'status');
    this.answer.hidden = true;
    const downloads = element(
      'div',
      { class: 'secure-mqtt-buttons' },
      element('span', { text: sidebarText('action.download') }),
    );
    for (const format of DOWNLOADS) {
      downloads.append(button(sidebarText(`format.${format}`), 'fa-download', () => void this.download(format)));
    }
    this.element.append(...(options.mayWrite ? [this.changes()] : []), this.place, this.answer, downloads);
  }

  private changes(): HTMLElement {
    const { status, profile, hasKey, reason, replacedBy } = this.details;
    const row = element('div', { class: 'secure-mqtt-buttons' });
    const isCa = CA_PROFILES.includes(profile);
    // What was renewed before is renewed at the certificate that counts.
    if (status !== 'revoked' && !isCa && !replacedBy) {
      row.append(button(sidebarText('action.renew'), 'fa-refresh', () => void this.renew()));
    }
    if (reason === 'certificateHold') {
      row.append(button(sidebarText('action.release'), 'fa-undo', () => void this.revoke('removeFromCRL', '')));
    } else if (status !== 'revoked') {
      row.append(button(sidebarText('action.revoke'), 'fa-ban', () => this.open(this.revokeForm())));
    }
    if (hasKey)
      row.append(button(sidebarText('action.export'), 'fa-file-archive-o', () => this.open(this.exportForm())));
    return row;
  }

  private revokeForm(): HTMLElement {
    const { commonName, serialNumber, confirm } = this.details;
    return new RevokeForm({
      name: commonName || serialNumber,
      confirm,
      revoke: (reason, typed) => void this.revoke(reason, typed),
      cancel: () => this.close(),
    }).element;
  }

  private exportForm(): HTMLElement {
    return new ExportForm({
      profile: this.details.profile,
      download: (body) =>
        this.attempt(async () => {
          await downloadFromAdmin(`${this.path}/zip`, { method: 'POST', body });
          this.close();
        }),
      cancel: () => this.close(),
    }).element;
  }

  private renew(): Promise<void> {
    return this.attempt(async () => {
      const { serialNumber, notAfter, warnings } = await askAdmin<Renewed>(`${this.path}/renew`, { method: 'POST' });
      const { hasKey } = this.details;
      const text = sidebarText(hasKey ? 'action.renewed' : 'action.renewed-same-key', { date: dateText(notAfter) });
      notify(withWarnings(text, warnings), 'success');
      this.options.done(serialNumber);
    });
  }

  private revoke(reason: string, confirm: string): Promise<void> {
    return this.attempt(async () => {
      const body = { reason, confirm };
      const { crlNumber, warnings } = await askAdmin<Revoked>(`${this.path}/revoke`, { method: 'POST', body });
      const released = reason === 'removeFromCRL';
      const text = sidebarText(released ? 'action.released' : 'action.revoked', { crlNumber });
      notify(withWarnings(text, warnings), warnings.length > 0 ? 'warning' : 'success');
      this.options.done();
    });
  }

  private download(format: (typeof DOWNLOADS)[number]): Promise<void> {
    return this.attempt(() => downloadFromAdmin(`${this.path}/${format}`));
  }

  /**
   * One action at a time; a refusal stays in sight below the buttons. They are not disabled meanwhile: the one that was
   * pressed would lose the focus, and Escape its meaning.
   */
  private async attempt(work: () => Promise<void>): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    this.element.setAttribute('aria-busy', 'true');
    this.answer.hidden = true;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof AdminRefusal)) throw error;
      const { code } = error.refusal;
      this.answer.textContent = [refusalText(error.refusal), code ? `(${code})` : ''].filter(Boolean).join(' ');
      this.answer.hidden = false;
    } finally {
      this.isBusy = false;
      this.element.removeAttribute('aria-busy');
    }
  }

  private open(form: HTMLElement): void {
    this.answer.hidden = true;
    this.place.replaceChildren(form);
    form.querySelector<HTMLElement>('select, input')?.focus();
    form.scrollIntoView({ block: 'nearest' });
  }

  private close(): void {
    this.place.replaceChildren();
  }
}

function withWarnings(text: string, warnings: readonly Warning[]): string[] {
  return [text, ...warnings.map((warning) => `${messageText(warning)}. ${warning.hint}`)];
}
