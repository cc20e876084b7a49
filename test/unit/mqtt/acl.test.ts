import assert from 'node:assert/strict';
import { AccessList, type AclClient } from '../../../src/mqtt/acl';

/** The file the workshop teaches (W25). */
const WORKSHOP = `
# devices
pattern readwrite %c/status
pattern read %c/display
pattern read %c/interval

user dev02
topic read +/status
topic write +/display
topic write +/interval
`;

describe('AccessList', () => {
  const dev01: AclClient = { clientId: 'dev01', username: 'dev01' };
  const dev02: AclClient = { clientId: 'dev02', username: 'dev02' };
  const anonymous: AclClient = { clientId: 'guest' };
  const cases: { acl: string; who: AclClient; may: 'publish' | 'receive'; topic: string; expected: boolean }[] = [
    { acl: WORKSHOP, who: dev01, may: 'publish', topic: 'dev01/status', expected: true },
    { acl: WORKSHOP, who: dev01, may: 'publish', topic: 'dev02/status', expected: false },
    { acl: WORKSHOP, who: dev01, may: 'receive', topic: 'dev01/display', expected: true },
    { acl: WORKSHOP, who: dev01, may: 'publish', topic: 'dev01/display', expected: false },
    { acl: WORKSHOP, who: dev02, may: 'publish', topic: 'dev01/display', expected: true },
    { acl: WORKSHOP, who: dev02, may: 'receive', topic: 'dev01/status', expected: true },
    { acl: WORKSHOP, who: dev02, may: 'receive', topic: 'dev01/display', expected: false },
    { acl: WORKSHOP, who: dev01, may: 'publish', topic: 'other', expected: false },
    { acl: '', who: anonymous, may: 'publish', topic: 'any', expected: true },
    { acl: '# only a comment', who: anonymous, may: 'publish', topic: 'any', expected: true },
    { acl: 'topic a/#', who: anonymous, may: 'publish', topic: 'a/b', expected: true },
    { acl: 'topic a/#', who: dev01, may: 'publish', topic: 'a/b', expected: false },
    { acl: 'topic read a b/c', who: anonymous, may: 'receive', topic: 'a b/c', expected: true },
    { acl: 'topic read', who: anonymous, may: 'publish', topic: 'read', expected: true },
    { acl: 'user dev01\ntopic #\ntopic deny secret/#', who: dev01, may: 'receive', topic: 'secret/x', expected: false },
    { acl: 'user dev01\ntopic #\ntopic deny secret/#', who: dev01, may: 'receive', topic: 'open', expected: true },
    { acl: 'user dev01\ntopic #', who: dev01, may: 'receive', topic: '$SYS/x', expected: false },
    { acl: 'pattern %u/%c', who: dev01, may: 'publish', topic: 'dev01/dev01', expected: true },
    {
      acl: WORKSHOP,
      who: { clientId: 'dev02', username: 'dev01' },
      may: 'receive',
      topic: 'dev02/display',
      expected: false,
    },
    {
      acl: 'pattern x/#\npattern deny x/%c',
      who: { clientId: 'c', username: 'u' },
      may: 'publish',
      topic: 'x/c',
      expected: false,
    },
    { acl: 'pattern x-%c-y', who: { clientId: 'c' }, may: 'publish', topic: 'x-c-y', expected: true },
    { acl: 'pattern %u/a', who: anonymous, may: 'publish', topic: '/a', expected: false },
  ];
  for (const { acl, who, may, topic, expected } of cases) {
    it(`${who.username ?? 'anonymous'} ${expected ? 'may' : 'may not'} ${may} ${topic} with ${JSON.stringify(acl.slice(0, 30))}`, () => {
      const list = AccessList.parse(acl);
      assert.equal(may === 'publish' ? list.mayPublish(who, topic) : list.mayReceive(who, topic), expected);
    });
  }

  describe('keeps what the broker says of itself, which names all clients, to those whom a rule lets read it', () => {
    const rows: [string, boolean][] = [
      ['', false],
      ['topic read #', false],
      ['topic read +/#', false],
      ['topic read $SYS/#', true],
      ['pattern readwrite $SYS/+/heartbeat', true],
      ['topic read $SYS/#\ntopic deny $SYS/+/heartbeat', false],
      ['user admin\ntopic read $SYS/#', false],
    ];
    for (const [acl, expected] of rows) {
      it(`${JSON.stringify(acl)}: ${expected}`, () =>
        assert.equal(AccessList.parse(acl).mayReceive({ clientId: 'dev01' }, '$SYS/broker/heartbeat'), expected));
    }
  });

  it('does not let a client id or user name widen a pattern', () => {
    const list = AccessList.parse('pattern readwrite %c/status\npattern readwrite u/%u/x');
    for (const hostile of ['+', '#', 'a/+', '+/x', '']) {
      assert.equal(list.mayPublish({ clientId: hostile, username: hostile }, 'dev01/status'), false, hostile);
      assert.equal(list.mayPublish({ clientId: hostile, username: hostile }, 'u/dev01/x'), false, hostile);
    }
    // $ signs are no replacement patterns.
    assert.equal(list.mayPublish({ clientId: '$&' }, '$&/status'), true);
  });

  it('does not let a client id or user name get round a rule that denies', () => {
    const list = AccessList.parse('user a/b\ntopic readwrite #\npattern deny secrets/%u');
    assert.equal(list.mayReceive({ clientId: 'x', username: 'a/b' }, 'secrets/a/b'), false);
    const byId = AccessList.parse('pattern readwrite #\npattern deny secrets/%c');
    for (const hostile of ['+', '#', 'a/b', '']) {
      assert.equal(byId.mayReceive({ clientId: hostile, username: 'dev01' }, 'secrets/dev02'), false, hostile);
    }
    assert.equal(byId.mayReceive({ clientId: 'dev01', username: 'dev01' }, 'secrets/dev02'), true);
  });

  const malformed: [string, number][] = [
    ['tpoic a', 1],
    ['topic a\nuser', 2],
    ['topic', 1],
    ['\n\npattern read a/#/b', 3],
  ];
  for (const [text, line] of malformed) {
    it(`names line ${line} of ${JSON.stringify(text)}`, () =>
      assert.throws(() => AccessList.parse(text), { code: 'INPUT_CONFIG', message: new RegExp(`line ${line}:`) }));
  }
});
