import { cutSql, sqlProblem } from '../../src/runbooks/sql-text';

/** Placeholders that a statement has, as they were written; undefined when it cannot be read. */
function found(statement: string): readonly string[] | undefined {
  const cut = cutSql(statement);
  if (!cut.ok) return undefined;
  return cut.parts.flatMap((part) => (part.kind === 'text' ? [] : [`${part.kind} ${part.name}`]));
}

describe('a statement', () => {
  test.each<[string, readonly string[]]>([
    ['select :a, :b_2', ['param a', 'param b_2']],
    ['create table {t} ({cols})', ['name t', 'name cols']],
    ['create role {r} password {{ secret }}', ['name r', 'secret secret']],
    ['select :a::text, x::int', ['param a']],
    ['select f(x := :a)', ['param a']],
    ["select ':no {no} {{no}}', :yes", ['param yes']],
    ["select 'it''s :no', :yes", ['param yes']],
    ["select '\\', :yes", ['param yes']],
    ["select e'\\':no', E'\\\\', :yes", ['param yes']],
    ['select ":no {no}", :yes', ['param yes']],
    ['select $$ :no {no} $$, $tag$ $$ :no $tag$, :yes', ['param yes']],
    ['select a$b, c$d, :yes', ['param yes']],
    ["select name'x', :yes", ['param yes']],
    ['select 1 -- :no {no}\n, :yes', ['param yes']],
    ['select /* :no /* {no} */ {{no}} */ :yes', ['param yes']],
    ['select a[1:2], :yes', ['param yes']],
    ['select \'{"a": 1}\'::jsonb', []],
  ])('%s has %j', (statement, names) => {
    expect(found(statement)).toEqual(names);
  });

  test.each(["select 'open", 'select "open', 'select /* open /* */', "select e'open\\'"])(
    '%s cannot be read',
    (text) => {
      expect(found(text)).toBeUndefined();
    },
  );

  test.each([
    ['select :a', {}, 'has :a, and "params" does not give a'],
    ['select {a}', {}, 'has {a}, and "names" does not give a'],
    ['select {{a}}', {}, 'has {{a}}, and "secrets" does not give a'],
    ['select 1', { params: { a: 1 } }, 'never uses :a, which "params" gives'],
    ['select :toString', {}, 'has :toString, and "params" does not give toString'],
    ['select :a', { params: { a: 1 } }, undefined],
  ])('%s with %j: %s', (statement, given, problem) => {
    expect(sqlProblem(statement, given)).toBe(problem);
  });
});
