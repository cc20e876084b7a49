import assert from 'node:assert/strict';
import type { ConstrainedName } from '../../../src/model/name-constraints';
import { parseSubjectAltName } from '../../../src/model/subject-alt-name';
import { constraintViolation } from '../../../src/pki/name-constraint-check';

const constrained = (text: string): ConstrainedName => {
  const at = text.indexOf(':');
  return { type: text.slice(0, at) as ConstrainedName['type'], value: text.slice(at + 1) };
};

describe('name constraints of a CA', () => {
  /** The rows follow RFC 5280 §4.2.1.10. */
  const table: [constraint: string, within: string[], outside: string[]][] = [
    ['dns:host.example', ['dns:host.example', 'dns:a.b.host.example'], ['dns:bighost.example', 'dns:example']],
    ['dns:.host.example', ['dns:a.host.example'], ['dns:host.example']],
    ['dns:', ['dns:anything'], []],
    ['ip:10.0.0.0/8', ['ip:10.255.1.1'], ['ip:11.0.0.1', 'ip:::1', 'ip:a00::1']],
    ['ip:192.168.0.128/25', ['ip:192.168.0.200'], ['ip:192.168.0.127']],
    ['ip:0.0.0.0/0', ['ip:1.2.3.4'], ['ip:::1']],
    ['ip:fd00::/8', ['ip:fd12::1'], ['ip:fe80::1', 'ip:10.0.0.1']],
    ['email:host.example', ['email:a@host.example'], ['email:a@sub.host.example', 'email:a@other.example']],
    ['email:.host.example', ['email:a@sub.host.example'], ['email:a@host.example']],
    ['email:a@host.example', ['email:a@host.example'], ['email:b@host.example']],
    ['uri:host.example', ['uri:https://host.example/x'], ['uri:https://a.host.example', 'uri:urn:x:y']],
    ['uri:.host.example', ['uri:https://a.host.example:8443/'], ['uri:https://host.example']],
  ];
  for (const [constraint, within, outside] of table) {
    it(`permitted ${constraint}`, () => {
      const constraints = { permitted: [constrained(constraint)], excluded: [] };
      for (const name of within)
        assert.equal(constraintViolation(constraints, [parseSubjectAltName(name)]), undefined, name);
      for (const name of outside) assert.equal(constraintViolation(constraints, [parseSubjectAltName(name)]), name);
    });

    it(`excluded ${constraint}`, () => {
      const constraints = { permitted: [], excluded: [constrained(constraint)] };
      for (const name of within) assert.equal(constraintViolation(constraints, [parseSubjectAltName(name)]), name);
      for (const name of outside)
        assert.equal(constraintViolation(constraints, [parseSubjectAltName(name)]), undefined, name);
    });
  }

  it('leaves kinds of names free that have no permitted entry, and lets excluded win', () => {
    const constraints = { permitted: [constrained('dns:a.example')], excluded: [constrained('dns:b.a.example')] };
    const names = ['ip:1.2.3.4', 'email:x@y.example', 'dns:a.example'].map((name) => parseSubjectAltName(name));
    assert.equal(constraintViolation(constraints, names), undefined);
    assert.equal(
      constraintViolation(constraints, [...names, parseSubjectAltName('dns:c.b.a.example')]),
      'dns:c.b.a.example',
    );
    assert.equal(constraintViolation(undefined, names), undefined);
  });
});
