import { didYouMean } from '../../documents/nearest';
import type { PolicyFileText, Service } from '../policy';
import { servicePlace } from '../read-services';
import { openLabel, type Reader } from './reader';

/** Names of teams, environments and labels wherever they are mentioned. */
export function checkMentions(reader: Reader): void {
  const { file } = reader;
  for (const [label, { who }] of Object.entries(file.labels ?? {})) reader.teams(who, ['labels', label, 'who']);
  reader.teams(file.break_glass?.who, ['break_glass', 'who']);
  reader.teams(file.break_glass?.review_by, ['break_glass', 'review_by']);
  reader.teams(file.rollback?.who, ['rollback', 'who']);
  reader.teams(file.operators, ['operators']);
  reader.teams(file.logs?.who, ['logs', 'who']);
  if (file.break_glass && !file.break_glass.review_by)
    reader.warn(['break_glass'], 'nobody has to look at what was done by break-glass; name teams under review_by');
  if (file.break_glass?.within) reader.duration(file.break_glass.within, ['break_glass', 'within']);
  for (const [index, name] of (file.break_glass?.for?.environments ?? []).entries())
    reader.environment(name, ['break_glass', 'for', 'environments', index]);
  reader.kindsAndLabels(file.incidents?.except, ['incidents', 'except']);
  for (const key of ['lock', 'unlock', 'freeze', 'stop'] as const)
    reader.teams(file.holds?.[key]?.who, ['holds', key, 'who']);
  for (const key of ['freeze', 'stop'] as const)
    reader.kindsAndLabels(file.holds?.[key]?.except, ['holds', key, 'except']);
  if (file.holds?.lock?.max) reader.duration(file.holds.lock.max, ['holds', 'lock', 'max']);
  for (const [index, promotion] of (file.promotions ?? []).entries()) {
    reader.environment(promotion.from, ['promotions', index, 'from']);
    reader.environment(promotion.to, ['promotions', index, 'to']);
  }
}

/** Services against teams and each other, and freezes against services. */
export function checkServices(
  reader: Reader,
  services: ReadonlyMap<string, Service>,
  files: ReadonlyMap<string, PolicyFileText>,
): void {
  // One whose file cannot be read is told there.
  const unread = new Set([...files.keys()].flatMap((file) => servicePlace.exec(file)?.[1] ?? []));
  const teams = Object.keys(reader.file.teams ?? {});
  for (const service of services.values()) {
    if (service.owner !== undefined && !teams.includes(service.owner))
      reader.problems.push({
        file: service.file,
        line: service.lineOf(['owner']),
        column: service.columnOf(['owner']),
        key: 'service.owner',
        message: `the owner "${service.owner}" is not a team of policy.yaml`,
        hint: didYouMean(service.owner, teams) ?? `teams: ${teams.join(', ') || 'none'}`,
      });
    for (const [index, name] of service.internalDependencies.entries()) {
      if (!services.has(name))
        reader.warnings.push({
          file: service.file,
          line: service.lineOf(['dependencies', 'internal', index]),
          column: service.columnOf(['dependencies', 'internal', index]),
          message: `"${service.name}" depends on "${name}", which no service file describes`,
        });
    }
  }
  checkBlackouts(reader, services);
  const known = (names: readonly string[] | undefined, path: readonly (string | number)[]): void => {
    for (const name of names ?? []) {
      if (!services.has(name) && !unread.has(name))
        reader.problem(path, `there is no service "${name}"`, didYouMean(name, services.keys()));
    }
  };
  for (const [index, freeze] of (reader.file.freezes ?? []).entries())
    known(freeze.services, ['freezes', index, 'services']);
  known(reader.file.break_glass?.for?.services, ['break_glass', 'for', 'services']);
}

/** What passes a blackout is a kind of work or a label of the policy, and not a label that anybody may claim. */
function checkBlackouts(reader: Reader, services: ReadonlyMap<string, Service>): void {
  for (const { file, blackouts, lineOf, columnOf } of services.values()) {
    for (const [index, { except }] of blackouts.entries()) {
      for (const [at, word] of except.entries()) {
        const path = ['deployment', 'blackout_windows', index, 'except', at];
        const about = { file, line: lineOf(path), column: columnOf(path), key: ['service', ...path].join('.') };
        if (!reader.passes.includes(word))
          reader.problems.push({
            ...about,
            message: `"${word}" is neither a kind of work nor a label of policy.yaml`,
            hint: didYouMean(word, reader.passes),
          });
        else if (reader.isOpen(word)) {
          const [message, hint] = openLabel(word);
          reader.problems.push({ ...about, message, hint });
        }
      }
    }
  }
}

/** Names that stand for files which have to be there. */
export function checkFiles(reader: Reader, files: ReadonlyMap<string, PolicyFileText>): void {
  const missing = (folder: string, name: string): boolean =>
    !files.has(`${folder}/${name}.yaml`) && !files.has(`${folder}/${name}.yml`);
  for (const [index, { runbook }] of (reader.file.handlers ?? []).entries()) {
    if (missing('runbooks', runbook))
      reader.warn(['handlers', index, 'runbook'], `there is no runbooks/${runbook}.yaml`);
  }
  for (const [name, { connection }] of Object.entries(reader.file.metrics ?? {})) {
    if (missing('connections', connection))
      reader.warn(['metrics', name, 'connection'], `there is no connections/${connection}.yaml`);
  }
}
