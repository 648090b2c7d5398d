import { denial, type Rule } from '../context';

/** A rollback goes to a version that succeeded here before, and to nothing else (law 5). */
export const rollbackTarget: Rule = ({ request, world, isRollback }) => {
  const { service, environment, version } = request;
  if (!isRollback || service === undefined || environment === undefined || version === undefined) return {};
  if (world.history === undefined) return {};
  const here = world.history.filter((entry) => entry.service === service && entry.environment === environment);
  if (here.some((entry) => entry.version === version && entry.rolledBackAt === undefined)) return {};
  const known = [...new Set(here.filter((entry) => !entry.rolledBackAt).map((entry) => entry.version))].slice(0, 5);
  const choice =
    known.length > 0
      ? `name one of ${known.join(', ')}`
      : `no version is on record, so record the one that runs with: signalbox adopt ${service} ${environment} <version>`;
  return denial(
    'rollback',
    `${service} cannot go back to ${version} in ${environment}, because that version has not succeeded there or was itself rolled back; ${choice}.`,
  );
};
