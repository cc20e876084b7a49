import { keyTypeName } from '../model/key-type';
import { AdminRefusal, askAdmin, downloadFromAdmin, refusalText } from './admin-client';
import { authorityKeeping } from './authority-keeping';
import { authorityRollover } from './authority-rollover';
import { button, element } from './dom';
import { dateText } from './language';
import { notify } from './notice';
import { messageText, sharedText } from './text';

/** What the route `authorities/<id>` answers about a CA that lives. */
export interface LivingAuthority {
  subject: string;
  issuer: string;
  fingerprint256: string;
  /** ISO 8601. */
  notAfter: string;
  daysRemaining: number;
  keyType: string;
  issued: number;
  /** Absolute path on the machine that runs Node-RED. */
  folder: string;
  keysEncrypted: boolean;
  /** A new passphrase is agreed on and was not deployed yet. */
  passphrasePending: boolean;
  /** What its owner should know of an imported or restored CA. */
  findings: { code: string; message: string; hint: string }[];
}

interface PanelOptions {
  /** Id of the tls-ca node. */
  id: string;
  /** Its name, else its id: what must be typed to forget the CA. */
  name: string;
  /** False for a node that was never deployed: there is nothing to ask for. */
  deployed: boolean;
  /** The CA is taken over from somewhere instead of being made. */
  isImport(): boolean;
  onLiving(authority: LivingAuthority): void;
  /** A new passphrase was agreed on; empty: none any more. */
  onPassphrase(secretNew: string): void;
}

const DOWNLOADS = [
  { format: 'pem', label: () => 'PEM' },
  { format: 'der', label: () => 'DER' },
  { format: 'h', label: () => sharedText('ca.c-header') },
];

/** The card at the top of the dialog of tls-ca: what lives behind the settings below it. */
export class LivingCaPanel {
  constructor(
    private readonly card: HTMLElement,
    private readonly options: PanelOptions,
  ) {}

  /** Ask the runtime and show the answer; never rejects. */
  async load(): Promise<void> {
    if (!this.options.deployed) {
      this.sayNew();
      return;
    }
    this.show('asking', element('p', { text: sharedText('ca.asking') }));
    try {
      const authority = await askAdmin<LivingAuthority>(`authorities/${encodeURIComponent(this.options.id)}`);
      this.showLiving(authority);
      this.options.onLiving(authority);
    } catch (error) {
      this.showFailure(error);
    }
  }

  /** The one choice that changes what is said of a CA that is not there yet. */
  sourceChanged(): void {
    if (this.card.dataset.state === 'new') this.sayNew();
  }

  private sayNew(): void {
    const text = this.options.isImport() ? sharedText('ca.new-import') : sharedText('ca.new');
    this.show('new', element('p', { text }));
  }

  private show(state: string, ...content: (Node | undefined)[]): void {
    this.card.dataset.state = state;
    this.card.replaceChildren(...content.filter((part) => part !== undefined));
  }

  private showLiving(authority: LivingAuthority): void {
    const until = dateText(authority.notAfter, 'long');
    const rows: [key: string, value: string, isCode?: boolean][] = [
      ['subject', authority.subject],
      ...(authority.issuer === authority.subject ? [] : ([['issuer', authority.issuer]] as [string, string][])),
      ['fingerprint', authority.fingerprint256, true],
      ['until', sharedText('ca.until-days', { date: until, days: authority.daysRemaining })],
      [
        'keys',
        sharedText(authority.keysEncrypted ? 'ca.keys-encrypted' : 'ca.keys-clear', {
          type: keyTypeName(authority.keyType),
        }),
      ],
      ['issued', String(authority.issued)],
      ['folder', authority.folder, true],
    ];
    const facts = element('dl');
    for (const [key, value, isCode] of rows) {
      facts.append(
        element('dt', { text: sharedText(`ca.${key}`) }),
        element('dd', { text: value, class: isCode ? 'secure-mqtt-code' : '' }),
      );
    }
    const buttons = element('div', { class: 'secure-mqtt-buttons' }, element('span', { text: sharedText('ca.root') }));
    for (const { format, label } of DOWNLOADS) {
      buttons.append(button(label(), 'fa-download', () => void this.download(format)));
    }
    const { id, name, onPassphrase } = this.options;
    const { keysEncrypted, passphrasePending } = authority;
    this.show(
      'living',
      element('h4', { text: sharedText('ca.living') }),
      facts,
      passphrasePending ? element('p', { class: 'secure-mqtt-wrong', text: sharedText('keeping.pending') }) : undefined,
      findingsList(authority.findings),
      buttons,
      authorityRollover({ id, name, daysRemaining: authority.daysRemaining, onChange: () => void this.load() }),
      authorityKeeping({ id, keysEncrypted, onPassphrase }),
    );
  }

  private async download(format: string): Promise<void> {
    try {
      await downloadFromAdmin(`authorities/${encodeURIComponent(this.options.id)}/root/${format}`);
    } catch (error) {
      if (error instanceof AdminRefusal) notify(refusalText(error.refusal), 'error');
    }
  }

  private showFailure(error: unknown): void {
    if (!(error instanceof AdminRefusal)) throw error;
    const { refusal } = error;
    this.show(
      'failed',
      element('h4', { text: sharedText('ca.not-available') }),
      element('p', { text: refusalText(refusal) }),
      refusal.code === 'CA_MISSING' || refusal.code === 'CA_MISMATCH' ? this.forgetForm() : undefined,
    );
  }

  /** The way out when the folder lost its CA for good: a new one is made only after its name was typed. */
  private forgetForm(): HTMLElement {
    const typed = element('input');
    typed.type = 'text';
    typed.placeholder = this.options.name;
    typed.setAttribute('aria-label', sharedText('ca.forget-label', { name: this.options.name }));
    const forget = button(sharedText('ca.forget'), 'fa-trash', () => void this.forget(typed.value));
    const enable = (): void => {
      forget.disabled = typed.value.trim() !== this.options.name.trim();
      forget.classList.toggle('disabled', forget.disabled);
    };
    typed.addEventListener('input', enable);
    enable();
    return element(
      'div',
      { class: 'secure-mqtt-forget' },
      element('p', { text: sharedText('ca.forget-tip', { name: this.options.name }) }),
      element('div', { class: 'secure-mqtt-buttons' }, typed, forget),
    );
  }

  private async forget(name: string): Promise<void> {
    try {
      await askAdmin(`authorities/${encodeURIComponent(this.options.id)}/forget`, { method: 'POST', body: { name } });
      notify(sharedText('ca.forgotten'), 'success');
      await this.load();
    } catch (error) {
      this.showFailure(error);
    }
  }
}

/** What strict verifiers refuse of an imported CA, and the like; folded when there is much of it. */
function findingsList(findings: LivingAuthority['findings']): HTMLElement | undefined {
  if (findings.length === 0) return undefined;
  const list = element('ul');
  for (const finding of findings) {
    const item = element('li', {}, element('code', { text: finding.code }));
    item.append(` ${messageText(finding)}. ${finding.hint}`);
    list.append(item);
  }
  const title = element('summary', { text: sharedText('ca.findings', { count: findings.length }) });
  const details = element('details', { class: 'secure-mqtt-findings' }, title, list);
  details.open = findings.length <= 3;
  return details;
}
