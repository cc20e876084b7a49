import assert from 'node:assert/strict';
import { atIndex, overridden, toIssueRequest } from '../../../src/node-red/issue-input';

const configured = { action: 'issue', profile: 'server', commonName: 'broker', country: 'GB', keyType: '' };

describe('what a message may set', () => {
  it('takes text as the common name', () => {
    assert.deepEqual(overridden(configured, 'dev01', []), { ...configured, commonName: 'dev01' });
  });

  it('takes subject fields, names, key type and validity, and leaves the rest as configured', () => {
    const item = { commonName: 'x', subjectAltNames: ['dns:x'], keyType: 'ec-p384', validityDays: 3, country: null };
    assert.deepEqual(overridden(configured, item, []), {
      ...configured,
      commonName: 'x',
      subjectAltNames: ['dns:x'],
      keyType: 'ec-p384',
      validityDays: 3,
    });
  });

  for (const field of ['ca', 'privateKeyTo', 'ipAsDns', 'folder', 'nameConstraints', 'storeKey']) {
    it(`never lets a message set ${field}, ticked or not`, () => {
      assert.throws(() => overridden(configured, { [field]: 'x' }, [field]), {
        code: 'INPUT_OVERRIDE',
        cause: { field, value: '"x"' },
      });
    });
  }

  for (const [field, value] of [
    ['profile', 'client'],
    ['action', 'renew'],
  ] as const) {
    it(`sets ${field} only where it is ticked`, () => {
      assert.throws(() => overridden(configured, { [field]: value }, []), { code: 'INPUT_OVERRIDE' });
      assert.equal(overridden(configured, { [field]: value }, [field])[field], value);
    });
    it(`does not mind ${field} when it says what is configured`, () => {
      assert.doesNotThrow(() => overridden(configured, { [field]: configured[field] }, []));
    });
  }

  it('ignores inherited fields', () => {
    const item = Object.create({ profile: 'client' }) as Record<string, unknown>;
    assert.equal(overridden(configured, item, []).profile, 'server');
  });
});

describe('the request to the CA', () => {
  const options = { ipAsDns: false, storeKey: true };
  const bad: [string, object, string, string][] = [
    ['an unknown profile', { profile: 'root' }, 'INPUT_PROFILE', 'profile'],
    ['an unknown key type', { keyType: 'rsa-1024' }, 'INPUT_KEY_TYPE', 'keyType'],
    ['a key type that is no text', { keyType: {} }, 'INPUT_KEY_TYPE', 'keyType'],
    ['no days', { validityDays: 0 }, 'INPUT_VALIDITY', 'validityDays'],
    ['days below zero', { validityDays: -1 }, 'INPUT_VALIDITY', 'validityDays'],
    ['days that are no number', { validityDays: 'soon' }, 'INPUT_VALIDITY', 'validityDays'],
    ['endless days', { validityDays: Infinity }, 'INPUT_VALIDITY', 'validityDays'],
    ['a common name that is no text', { commonName: { toString: 1 } }, 'INPUT_COMMON_NAME', 'commonName'],
    ['a country of three letters', { country: 'GBR' }, 'INPUT_SUBJECT', 'country'],
    ['names that are no list', { subjectAltNames: 7 }, 'INPUT_SUBJECT_ALT_NAME', 'subjectAltNames'],
    ['a malformed name', { subjectAltNames: ['dns:a b'] }, 'INPUT_SUBJECT_ALT_NAME', 'subjectAltNames'],
  ];
  for (const [name, fields, code, field] of bad) {
    it(`refuses ${name} with ${code}`, () => {
      assert.throws(
        () => toIssueRequest({ ...configured, ...fields }, options),
        (error: { code: string; cause: Record<string, unknown>; hint: string }) => {
          assert.equal(error.code, code);
          assert.equal(error.cause.field, field);
          assert.ok('value' in error.cause, 'the value stands in the facts');
          assert.ok(error.hint, 'there is a hint');
          return true;
        },
      );
    });
  }

  it('refuses a common name of 65 characters and takes 64', () => {
    assert.equal(toIssueRequest({ ...configured, commonName: 'a'.repeat(64) }, options).subject.commonName?.length, 64);
    assert.throws(() => toIssueRequest({ ...configured, commonName: 'a'.repeat(65) }, options), {
      code: 'INPUT_COMMON_NAME',
    });
  });

  it('takes numbers written as text, as a typed input gives them', () => {
    assert.equal(toIssueRequest({ ...configured, validityDays: '30' }, options).validityDays, 30);
  });

  it('names the place in a batch', () => {
    assert.throws(
      () => atIndex(3, () => toIssueRequest({ ...configured, profile: 'x' }, options)),
      (error: { message: string; cause: { index: number; field: string } }) => {
        assert.equal(error.cause.index, 3);
        assert.equal(error.cause.field, 'profile');
        assert.match(error.message, /^item 3: /);
        return true;
      },
    );
  });
});
