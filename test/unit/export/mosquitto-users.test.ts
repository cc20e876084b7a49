import assert from 'node:assert/strict';
import { parseUsers } from '../../../src/export/mosquitto-users';

const SECRET = 'correct-horse-battery';

describe('users credential', () => {
  const accepted: [what: string, text: string | undefined, expected: [name: string, password: string][]][] = [
    ['nothing', undefined, []],
    ['an empty text', ' \n ', []],
    ['lines', 'dev01:a\ndev02:b\n', [['dev01', 'a'], ['dev02', 'b']]], // prettier-ignore
    ['Windows line ends and blank lines', 'dev01:a\r\n\r\ndev02:b', [['dev01', 'a'], ['dev02', 'b']]], // prettier-ignore
    ['a password with colons and blanks', 'dev01: a:b ', [['dev01', ' a:b ']]],
    ['JSON', '[{"name":"dev02","password":"x\\ny"}]', [['dev02', 'x\ny']]],
    ['an empty JSON list', '[]', []],
  ];
  for (const [what, text, expected] of accepted) {
    it(`takes ${what}`, () => {
      assert.deepEqual(
        parseUsers(text).map(({ name, secretPassword }) => [name, secretPassword]),
        expected,
      );
    });
  }

  it('takes rules for topics', () => {
    const [user] = parseUsers('[{"name":"node-red","password":"x","topics":["readwrite #","deny secret/#"]}]');
    assert.deepEqual(user?.topics, ['readwrite #', 'deny secret/#']);
  });

  const refused: [what: string, text: string][] = [
    ['a line without colon', `dev01 ${SECRET}`],
    ['an empty name', `:${SECRET}`],
    ['an empty password', 'dev01:'],
    ['broken JSON', `[{"name":"dev01","password":"${SECRET}"`],
    ['JSON of other things', `["${SECRET}"]`],
    ['a number as password', '[{"name":"dev01","password":1}]'],
    ['a name with a line break', `[{"name":"dev01\\nroot","password":"${SECRET}"}]`],
    ['a name with a colon', `[{"name":"a:b","password":"${SECRET}"}]`],
    ['a name that is a topic filter', `[{"name":"+","password":"${SECRET}"}]`],
    ['a name twice', `dev01:a\ndev01:${SECRET}`],
    ['a rule with a line break', `[{"name":"a","password":"${SECRET}","topics":["read a\\nuser root"]}]`],
    ['a rule of another kind', `[{"name":"a","password":"${SECRET}","topics":["pattern read #"]}]`],
    ['rules that are no list', `[{"name":"a","password":"${SECRET}","topics":"read #"}]`],
  ];
  for (const [what, text] of refused) {
    it(`refuses ${what} and does not repeat the password`, () => {
      assert.throws(
        () => parseUsers(text),
        (error: Error & { code?: string; hint?: string; cause?: unknown }) => {
          assert.equal(error.code, 'INPUT_CONFIG');
          assert.ok(!JSON.stringify([error.message, error.hint, error.cause, error.stack]).includes(SECRET));
          return true;
        },
      );
    });
  }
});
