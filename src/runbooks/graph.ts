import { nestedIn, type Library } from './library';
import { stepIdOf, type Action, type Runbook, type RunbookStep } from './schema';

/** How deep runbooks and actions inside one another are drawn; what is deeper is one box. */
const deepest = 6;

/**
 * A runbook as a Mermaid flow chart: its steps in their order, what runs inside others as boxes around boxes, steps at
 * the same time side by side, and undos dotted. The runbook has been checked before. Whatever is written in it is
 * shown as text.
 */
export function runbookGraph(runbook: Runbook | Action, library: Pick<Library, 'runbooks' | 'actions'>): string {
  const { resolve = [], finally: last = [] } = runbook as Partial<Runbook>;
  const drawing = new Drawing(library);
  const parts = [
    ...(resolve.length > 0 ? [drawing.group('resolve, before anybody is asked', resolve, 'resolve')] : []),
    drawing.group(`${runbook.name}${runbook.help ? `: ${runbook.help}` : ''}`, runbook.steps, 'step'),
    ...(last.length > 0 ? [drawing.group('finally, however it ended', last, 'finally')] : []),
  ];
  drawing.chain(parts);
  return ['flowchart TD', ...drawing.lines].join('\n');
}

class Drawing {
  readonly lines: string[] = [];
  private count = 0;
  private depth = 0;

  constructor(private readonly library: Pick<Library, 'runbooks' | 'actions'>) {}

  /** Draws a list of steps in a box and gives the box's name. */
  group(
    title: string,
    steps: readonly RunbookStep[],
    stem: string,
    order: 'in order' | 'at once' = 'in order',
  ): string {
    const name = this.next('g');
    this.add(`subgraph ${name}["${label(title)}"]`);
    this.depth += 1;
    const drawn = steps.map((step, index) => this.step(step, stepIdOf(step, index, stem)));
    if (order === 'in order') this.chain(drawn);
    this.depth -= 1;
    this.add('end');
    return name;
  }

  chain(names: readonly string[]): void {
    for (const [index, name] of names.entries()) if (index > 0) this.add(`${names[index - 1]} --> ${name}`);
  }

  private step(step: RunbookStep, id: string): string {
    const name = this.body(step, id);
    if (typeof step.undo === 'object') {
      const undo = this.next('u');
      this.add(`${undo}["${label(`undo: ${step.undo.uses}`)}"]`);
      this.add(`${name} -. undo .-> ${undo}`);
    } else if (step.undo === 'rollback') {
      const undo = this.next('u');
      this.add(`${undo}["undo: rollback"]`);
      this.add(`${name} -. undo .-> ${undo}`);
    }
    return name;
  }

  private body(step: RunbookStep, id: string): string {
    const title = titleOf(step, id);
    if (step.uses === 'parallel') return this.group(`${title} (at the same time)`, step.steps ?? [], id, 'at once');
    if (step.uses === 'foreach') return this.group(`${title} (for each target)`, step.steps ?? [], id);
    const inner = nestedIn(step, this.library);
    if (inner?.kind === 'found' && this.depth < deepest)
      return this.group(`${title} (${inner.what} ${inner.document.name})`, inner.document.steps, 'step');
    const name = this.next('s');
    const [open, close] = shapes[step.uses] ?? ['["', '"]'];
    this.add(`${name}${open}${label(title)}${close}`);
    return name;
  }

  private next(letter: string): string {
    this.count += 1;
    return `${letter}${this.count}`;
  }

  private add(line: string): void {
    this.lines.push(`${'  '.repeat(this.depth + 1)}${line}`);
  }
}

/** People and time look different from work. */
const shapes: { readonly [uses: string]: readonly [open: string, close: string] } = {
  approval: ['{{"', '"}}'],
  wait: ['(["', '"])'],
};

function titleOf(step: RunbookStep, id: string): string {
  const what = `${step.name ?? id}: ${step.uses}`;
  return step.if === undefined ? what : `${what}, if ${step.if}`;
}

/** Text between the quotes of a label: everything that Mermaid could read is an entity. */
function label(text: string): string {
  const line = text.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  const short = line.length > 120 ? `${[...line].slice(0, 119).join('')}…` : line;
  return short.replace(/[^\p{L}\p{N} .,:/_()+=…-]/gu, (sign) => `#${sign.codePointAt(0)!};`) || '-';
}
