import { AUTHORITY_DUE_DAYS } from '../model/duration';
import { KEY_TYPES } from '../model/key-type';
import { AdminRefusal, askAdmin, refusalText } from './admin-client';
import { button, element } from './dom';
import { lockedOut, neededKey, type RolloverUses } from './rollover-uses';
import { keyTypeText, sharedText } from './text';

interface Key {
  subject: string;
  fingerprint256: string;
  /** ISO 8601. */
  notAfter: string;
}

/** What the route `authorities/<id>/rollover` answers. */
interface Rollover extends RolloverUses {
  step: 'stable' | 'introduced' | 'switched';
  current: Key;
  next?: Key & { bridged: boolean };
  former?: Key & { valid: number; waiting: number; names: string[] };
}

interface Options {
  /** Id of the tls-ca node. */
  id: string;
  /** What must be typed to retire a key that is in use. */
  name: string;
  /** Whole days until the CA ends. */
  daysRemaining: number;
  /** Told after each step: the card shows another certificate then. */
  onChange(): void;
}

/** What is sent with a step. */
type Body = { step: string; keyType?: string; name?: string };

/** What can be done at each step, the usual first. */
const STEPS = {
  stable: ['renew', 'introduce'],
  introduced: ['switch', 'cancel'],
  switched: ['retire'],
} as const;

const ICONS = {
  renew: 'fa-refresh',
  introduce: 'fa-key',
  switch: 'fa-exchange',
  cancel: 'fa-undo',
  retire: 'fa-archive',
};

/** Renewing a CA and replacing its key: where it stands, who still needs the old key, and a button for what follows. */
export function authorityRollover(options: Options): HTMLElement {
  const place = element('div', { class: 'secure-mqtt-rollover' });
  place.setAttribute('aria-live', 'polite');
  const path = `authorities/${encodeURIComponent(options.id)}/rollover`;
  const show = (state: Rollover, problem = ''): void => {
    place.dataset.step = state.step;
    place.replaceChildren(
      element('h4', { text: sharedText('rollover.title') }),
      ...situation(state, options.daysRemaining),
      buttonsFor(state, options.name, (body) => void take(body, state)),
      ...(problem ? [wrong(problem)] : []),
    );
  };
  const take = async (body: Body, before: Rollover): Promise<void> => {
    try {
      show(await askAdmin<Rollover>(path, { method: 'POST', body }));
      options.onChange();
    } catch (error) {
      if (!(error instanceof AdminRefusal)) throw error;
      // Somebody may have come to need the key, or to take the step, since the card was made.
      show(await askAdmin<Rollover>(path).catch(() => before), refusalText(error.refusal));
    }
  };
  askAdmin<Rollover>(path).then(
    (state) => show(state),
    () => place.remove(),
  );
  return place;
}

function situation(state: Rollover, daysRemaining: number): HTMLElement[] {
  const { step, next, former } = state;
  const facts = { next: next?.subject ?? '', former: former?.subject ?? '', valid: former?.valid ?? 0 };
  const hasSuccessors = step === 'switched' && former?.waiting === 0;
  const text = hasSuccessors ? sharedText('rollover.renewed', facts) : sharedText(`rollover.${step}`, facts);
  const parts: HTMLElement[] = [element('p', { text })];
  if (step === 'stable') {
    return daysRemaining < AUTHORITY_DUE_DAYS
      ? [wrong(sharedText('rollover.ending', { days: daysRemaining })), ...parts]
      : parts;
  }
  if (next && !next.bridged) parts.push(wrong(sharedText('rollover.not-bridged')));
  parts.push(...neededKey(state));
  if (former) parts.push(lockedOut(former));
  return parts;
}

function buttonsFor({ step, former }: Rollover, name: string, take: (body: Body) => void): HTMLElement {
  const buttons = element('div', { class: 'secure-mqtt-buttons' });
  for (const one of STEPS[step]) {
    const keyType = one === 'introduce' ? keyTypeField() : undefined;
    const typed = one === 'retire' && former && former.waiting > 0 ? nameField(name) : undefined;
    const act = button(sharedText(`rollover.${one}`), ICONS[one], () => {
      act.disabled = true;
      take({ step: one, ...(keyType?.value && { keyType: keyType.value }), ...(typed && { name: typed.value }) });
    });
    // Nobody is locked out by a slip of the hand.
    const enable = (): void => {
      act.disabled = typed !== undefined && typed.value.trim() !== name.trim();
      act.classList.toggle('disabled', act.disabled);
    };
    typed?.addEventListener('input', enable);
    enable();
    if (typed) buttons.append(typed);
    buttons.append(act);
    if (keyType) buttons.append(keyType);
  }
  return buttons;
}

function keyTypeField(): HTMLSelectElement {
  const field = element('select');
  field.setAttribute('aria-label', sharedText('rollover.keyType'));
  field.append(new Option(sharedText('rollover.same-kind'), ''));
  for (const keyType of KEY_TYPES) field.append(new Option(keyTypeText(keyType), keyType));
  return field;
}

function nameField(name: string): HTMLInputElement {
  const typed = element('input');
  typed.type = 'text';
  typed.placeholder = sharedText('rollover.force', { name });
  typed.setAttribute('aria-label', sharedText('rollover.force', { name }));
  return typed;
}

function wrong(text: string): HTMLElement {
  return element('p', { class: 'secure-mqtt-wrong', text });
}
