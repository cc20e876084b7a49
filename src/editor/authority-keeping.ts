import { AdminRefusal, askAdmin, downloadFromAdmin, refusalText } from './admin-client';
import { button, element } from './dom';
import { sharedText } from './text';

/** What the two forms need of the dialog around them. */
interface Keeping {
  /** Id of the tls-ca node. */
  id: string;
  keysEncrypted: boolean;
  /** A new passphrase was agreed on: it goes into the settings, so that the deploy brings it. Empty: none any more. */
  onPassphrase(secretNew: string): void;
}

/** Backup and passphrase of a living CA, each a form that opens under its button. */
export function authorityKeeping(keeping: Keeping): HTMLElement {
  const place = element('div', { class: 'secure-mqtt-keeping' });
  const forms = [
    { label: 'backup', icon: 'fa-archive', form: backupForm(keeping) },
    { label: 'passphrase', icon: 'fa-lock', form: passphraseForm(keeping) },
  ];
  const buttons = element('div', { class: 'secure-mqtt-buttons' });
  for (const { label, icon, form } of forms) {
    form.hidden = true;
    const opener = button(sharedText(`keeping.${label}`), icon, () => {
      for (const other of forms) if (other.form !== form) other.form.hidden = true;
      form.hidden = !form.hidden;
      opener.setAttribute('aria-expanded', String(!form.hidden));
      if (!form.hidden) form.querySelector('input')?.focus();
    });
    opener.setAttribute('aria-expanded', 'false');
    buttons.append(opener);
  }
  place.append(buttons, ...forms.map(({ form }) => form));
  return place;
}

function backupForm({ id, keysEncrypted }: Keeping): HTMLElement {
  const secret = secretField(keysEncrypted ? 'keeping.own' : 'keeping.new');
  const repeated = keysEncrypted ? undefined : secretField('keeping.repeat');
  const note = noteLine();
  const go = button(sharedText('keeping.download'), 'fa-download', () => {
    if (repeated && repeated.value !== secret.value) return say(note, sharedText('keeping.differ'), true);
    const path = `authorities/${encodeURIComponent(id)}/backup`;
    const body = { passphrase: secret.value };
    void attempt(note, async () => {
      await downloadFromAdmin(path, { method: 'POST', body });
      for (const field of [secret, repeated]) if (field) field.value = '';
      return sharedText('keeping.backed-up');
    });
  });
  const tip = sharedText(keysEncrypted ? 'keeping.backup-tip' : 'keeping.backup-tip-clear');
  return formOf(tip, [secret, repeated, go], note);
}

function passphraseForm({ id, keysEncrypted, onPassphrase }: Keeping): HTMLElement {
  const old = keysEncrypted ? secretField('keeping.own') : undefined;
  const fresh = secretField('keeping.new');
  const repeated = secretField('keeping.repeat');
  const note = noteLine();
  const go = button(sharedText('keeping.change'), 'fa-check', () => {
    if (fresh.value !== repeated.value) return say(note, sharedText('keeping.differ'), true);
    const body = { old: old?.value ?? '', new: fresh.value };
    void attempt(note, async () => {
      const path = `authorities/${encodeURIComponent(id)}/passphrase`;
      const { outcome } = await askAdmin<{ outcome: string }>(path, { method: 'POST', body });
      onPassphrase(body.new);
      for (const field of [old, fresh, repeated]) if (field) field.value = '';
      return sharedText(`keeping.${outcome}`);
    });
  });
  const tip = sharedText(keysEncrypted ? 'keeping.passphrase-tip' : 'keeping.passphrase-tip-clear');
  return formOf(tip, [old, fresh, repeated, go], note);
}

function formOf(tip: string, fields: (HTMLElement | undefined)[], note: HTMLElement): HTMLElement {
  const row = element('div', { class: 'secure-mqtt-buttons' }, ...fields);
  return element('div', { class: 'secure-mqtt-forget' }, element('p', { text: tip }), row, note);
}

function secretField(label: string): HTMLInputElement {
  const field = element('input');
  field.type = 'password';
  field.autocomplete = 'new-password';
  field.placeholder = sharedText(label);
  field.setAttribute('aria-label', sharedText(label));
  return field;
}

function noteLine(): HTMLElement {
  const note = element('p', { class: 'secure-mqtt-note' });
  note.setAttribute('aria-live', 'polite');
  note.hidden = true;
  return note;
}

function say(note: HTMLElement, text: string, wrong: boolean): void {
  note.textContent = text;
  note.classList.toggle('secure-mqtt-wrong', wrong);
  note.hidden = false;
}

async function attempt(note: HTMLElement, run: () => Promise<string>): Promise<void> {
  try {
    say(note, await run(), false);
  } catch (error) {
    if (!(error instanceof AdminRefusal)) throw error;
    say(note, refusalText(error.refusal), true);
  }
}
