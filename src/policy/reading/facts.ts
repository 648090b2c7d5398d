import { didYouMean } from '../../documents/nearest';
import { changeFields, type FactValues } from '../names';
import type { Policy } from '../policy';
import type { Reader } from './reader';

/** The declared facts with their values from weakest to strictest. */
export function readFacts(reader: Reader): ReadonlyMap<string, FactValues> {
  const facts = new Map<string, FactValues>();
  for (const [fact, values] of Object.entries(reader.file.facts?.declare ?? {})) {
    const path = ['facts', 'declare', fact];
    if (fact in changeFields)
      reader.problem(path, `"change.${fact}" exists already`, 'choose another name for the fact');
    if (Array.isArray(values) && new Set(values).size < values.length)
      reader.problem(path, `the fact "${fact}" lists a value twice`);
    facts.set(fact, values === 'bool' ? [false, true] : values);
  }
  return facts;
}

/** Facts that are metrics: fact -> metric. */
export function readMeasures(reader: Reader): ReadonlyMap<string, string> {
  const { measure = {} } = reader.file.facts ?? {};
  const known = Object.keys(reader.file.metrics ?? {});
  for (const [fact, metric] of Object.entries(measure))
    if (!known.includes(metric))
      reader.problem(
        ['facts', 'measure', fact],
        `there is no metric "${metric}"`,
        didYouMean(metric, known) ?? 'map it under metrics',
      );
  return new Map(Object.entries(measure));
}

/** The rules that compute facts; `reader.names` has to know the facts. */
export function readFactRules(reader: Reader, facts: ReadonlyMap<string, FactValues>): Policy['factRules'] {
  return (reader.file.facts?.rules ?? []).map((rule, index) => {
    for (const [fact, value] of Object.entries(rule.set)) {
      const path = ['facts', 'rules', index, 'set', fact];
      const values = facts.get(fact);
      if (!values)
        reader.problem(
          path,
          `the fact "${fact}" is not declared`,
          didYouMean(fact, facts.keys()) ?? 'add it under facts.declare',
        );
      else if (!values.includes(value))
        reader.problem(path, `"${fact}" cannot be ${JSON.stringify(value)}`, `it is one of: ${values.join(', ')}`);
    }
    const when = reader.condition(rule.when, ['facts', 'rules', index, 'when']);
    const shadow = rule.mode === 'shadow' ? { mode: rule.mode } : {};
    return { ...shadow, set: rule.set, when, source: reader.source(['facts', 'rules', index]) };
  });
}
