import { traitsOfOutline, type CertificateTraits } from '../model/certificate-traits';
import { judgeTraits } from '../model/device-rules';
import { parseIpAddress } from '../model/ip-address';
import { toDnsName } from '../model/subject-alt-name';
import { AdminRefusal, askAdmin } from './admin-client';
import { compatibilityTable } from './compatibility-table';
import { runsNow } from './deployed-node';
import type { DialogForm } from './dialog-form';
import { element } from './dom';
import { outlineOfDraft, type IssueDefaults } from './issue-draft';
import { readNameList } from './name-list';

/** What the route `authorities/<id>/issuing` answers. */
interface Issuing extends IssueDefaults {
  /** The CA and those above it. */
  issuers: CertificateTraits[];
}

/** Says it beside the names, too. */
const NEEDS_NAME = '@flowcerts/node-red-secure-mqtt/tls-issue:tls-issue.alert.needs-name';

/** A CA that is not deployed yet: as the node makes it when nothing is changed. */
const UNKNOWN_CA: Issuing = { keyType: 'ec-p256', leafValidityDays: 397, deviceValidityDays: 1825, issuers: [] };

const FIELDS = [
  'ca',
  'profile',
  'keyType',
  'commonName',
  'commonNameType',
  'subjectAltNames',
  'subjectAltNamesType',
  'ipAsDns',
  'validityDays',
  'validityDaysType',
];

/** Say in the dialog of tls-issue which devices and programs will accept the certificate, as it is being described. */
export function issueCompatibility(form: DialogForm, place: JQuery): void {
  let ca = '';
  let issuing = UNKNOWN_CA;
  let shown = '';
  place.attr('aria-live', 'polite');
  const show = (): void => {
    if (lacksName(form)) {
      shown = '';
      place.empty().append(element('div', { text: RED._(NEEDS_NAME) }));
      return;
    }
    const outline = outlineOfDraft(draftOf(form), issuing, Date.now());
    const verdicts = judgeTraits(traitsOfOutline(outline), issuing.issuers);
    const text = JSON.stringify(verdicts);
    if (text === shown) return;
    shown = text;
    place.empty().append(compatibilityTable(verdicts));
  };
  form.watch(['action', ...FIELDS], () => {
    const chosen = form.value('ca');
    if (chosen !== ca && chosen !== '') {
      ca = chosen;
      void askForIssuing(chosen).then((answer) => {
        // Another CA may have been chosen meanwhile.
        if (chosen !== ca) return;
        issuing = answer;
        show();
      });
    }
    show();
  });
}

/** True when a server's certificate would hold no name that a client could compare with the address it connects to. */
export function lacksName(form: DialogForm): boolean {
  if (form.value('action') !== 'issue' || !form.value('profile').startsWith('server')) return false;
  if (form.value('subjectAltNamesType') !== 'json') return false;
  if (readNameList(form.value('subjectAltNames'))?.some(({ value }) => value.trim() !== '') ?? true) return false;
  if (form.value('commonNameType') !== 'str') return false;
  const commonName = form.value('commonName').trim();
  // A common name that is a host name is added to the names by the runtime. An empty one comes with the message.
  return commonName !== '' && (toDnsName(commonName) === undefined || parseIpAddress(commonName) !== undefined);
}

function draftOf(form: DialogForm) {
  const isList = form.value('subjectAltNamesType') === 'json';
  const isText = form.value('commonNameType') === 'str';
  return {
    profile: form.value('profile'),
    keyType: form.value('keyType'),
    commonName: isText ? form.value('commonName') : '',
    subjectAltNames: isList ? form.value('subjectAltNames') : undefined,
    ipAsDns: form.value('ipAsDns') === 'true',
    validityDays: form.value('validityDaysType') === 'num' ? form.value('validityDays') : '',
  };
}

async function askForIssuing(ca: string): Promise<Issuing> {
  if (!runsNow(ca)) return UNKNOWN_CA;
  try {
    return await askAdmin<Issuing>(`authorities/${encodeURIComponent(ca)}/issuing`);
  } catch (error) {
    if (!(error instanceof AdminRefusal)) throw error;
    return UNKNOWN_CA;
  }
}
