import { becauseWords, stuckWords } from '../infrastructure/declared';
import { isEmptyDifference, type GroupDifference } from '../infrastructure/difference';
import { ACTIONS, encodeValue } from './actions';
import { actions, button, section, type Message } from './blocks';
import { code, fit, safe } from './text';

/** Declared servers against those that are there. */
export interface ServersView {
  readonly group?: string;
  readonly environment?: string;
  /** Where it was read. */
  readonly branch: string;
  readonly commit: string;
  readonly differences: readonly GroupDifference[];
}

const mostGroups = 30;
const mostNames = 10;

/** For the command line. */
export function serverLines(view: ServersView): readonly string[] {
  const { branch, commit, environment, group } = view;
  const named = [group ?? '', environment === undefined ? '' : `in ${environment}`].filter((word) => word !== '');
  const again = ['provision servers', ...named, '--apply'].join(' ');
  return [
    headOf(view),
    ...view.differences.map((each) => lineOf(each, (text) => text)),
    isEmptyDifference(view.differences)
      ? `Everything is as declared on ${branch} at ${commit.slice(0, 10)}, so there is nothing to do.`
      : `To carry it out: ${again}.`,
  ];
}

/** For Slack, with a button that carries it out. */
export function serversMessage(view: ServersView): Message {
  const { differences, group, environment } = view;
  const isEmpty = isEmptyDifference(differences);
  const shown = differences.slice(0, mostGroups);
  const more = differences.length - shown.length;
  const end = isEmpty
    ? 'Everything is as declared, so there is nothing to do.'
    : 'Policy says who has to agree before any of it is done.';
  const plain = [headOf(view), ...shown.map((each) => lineOf(each, (text) => text)), end];
  return {
    text: fit(
      plain.map((line) => safe(line, 600)),
      3_000,
    ),
    blocks: [
      section(safe(headOf(view), 600)),
      ...shown.map((each) => section(lineOf(each, (text) => code(text, 80)))),
      ...(more > 0 ? [section(`There are ${more} more groups; name one to look at it.`)] : []),
      section(end),
      ...(isEmpty
        ? []
        : actions([
            button({
              label: 'Carry it out',
              action: ACTIONS.bringAbout,
              style: 'primary',
              value: encodeValue({ ...(group && { g: group }), ...(environment && { e: environment }) }),
            }),
          ])),
    ],
  };
}

function headOf({ branch, commit, environment }: ServersView): string {
  const where = environment === undefined ? '' : ` in ${environment}`;
  return `Servers${where} as declared on ${branch} at ${commit.slice(0, 10)}, against those that the ledger knows:`;
}

function lineOf(difference: GroupDifference, mark: (text: string) => string): string {
  const { group, declared, kept, creates, removes, stuck, busy } = difference;
  const names = (list: readonly string[]): string =>
    `${list.slice(0, mostNames).map(mark).join(', ')}${list.length > mostNames ? ` and ${list.length - mostNames} more` : ''}`;
  const wanted = declared
    ? `${declared.count} × ${mark(declared.type)} in ${mark(declared.region)}${declared.data ? ', with data' : ''}`
    : 'no longer declared';
  const fresh = creates.filter(({ replaces }) => replaces === undefined).map(({ name }) => name);
  const replaced = removes.filter(({ replacedBy }) => replacedBy !== undefined);
  const gone = removes.filter(({ replacedBy }) => replacedBy === undefined);
  const losing = removes.filter(({ losesData }) => losesData).map(({ name }) => name);
  const parts = [
    fresh.length > 0 ? `create ${names(fresh)}` : '',
    ...replaced
      .slice(0, mostNames)
      .map(
        ({ name, replacedBy, because }) => `replace ${mark(name)} by ${mark(replacedBy!)} (${becauseWords[because]})`,
      ),
    replaced.length > mostNames ? `replace ${replaced.length - mostNames} more` : '',
    gone.length > 0 ? `remove ${names(gone.map(({ name }) => name))} (${becauseWords[gone[0]!.because]})` : '',
    losing.length > 0 ? `what ${names(losing)} ${losing.length === 1 ? 'holds' : 'hold'} is lost` : '',
    stuck.length > 0 ? stuckWords(stuck) : '',
    ...busy.slice(0, 3).map(({ name, operation }) => `an operation is at work on ${mark(name)} (${mark(operation)})`),
  ].filter((part) => part !== '');
  const what = parts.length === 0 ? 'nothing to do' : parts.join('; ');
  return `${removes.length > 0 ? '♻️' : creates.length > 0 ? '🛠️' : '🟢'} ${mark(group)}: ${wanted}; ${haveWords(kept.length, declared?.count)}${what}.`;
}

/** How many of the servers that are declared are there. */
function haveWords(kept: number, wanted = 0): string {
  if (wanted === 0) return '';
  if (kept === 0) return `${wanted === 1 ? 'it is not' : 'none of them is'} there as declared; `;
  if (kept >= wanted) return `${kept === 1 ? 'it is' : 'all are'} there; `;
  return `${kept} of them ${kept === 1 ? 'is' : 'are'} there; `;
}
