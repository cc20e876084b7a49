import { traitsOfOutline, type CertificateTraits } from '../model/certificate-traits';
import { judgeTraits } from '../model/device-rules';
import { AdminRefusal, askAdmin } from './admin-client';
import { compatibilityTable } from './compatibility-table';
import type { DialogForm } from './dialog-form';
import { outlineOfDraft, type IssueDefaults } from './issue-draft';

/** What the route `authorities/<id>/issuing` answers. */
interface Issuing extends IssueDefaults {
  /** The CA and those above it. */
  issuers: CertificateTraits[];
}

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
    const outline = outlineOfDraft(draftOf(form), issuing, Date.now());
    const verdicts = judgeTraits(traitsOfOutline(outline), issuing.issuers);
    const text = JSON.stringify(verdicts);
    if (text === shown) return;
    shown = text;
    place.empty().append(compatibilityTable(verdicts));
  };
  form.watch(FIELDS, () => {
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
  try {
    return await askAdmin<Issuing>(`authorities/${encodeURIComponent(ca)}/issuing`);
  } catch (error) {
    if (!(error instanceof AdminRefusal)) throw error;
    return UNKNOWN_CA;
  }
}
