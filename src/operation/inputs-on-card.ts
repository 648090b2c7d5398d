/** What was asked with, by name, as people see it. */
export type Inputs = { readonly [name: string]: string };

/** A card is read on a phone: so many inputs are on it, and of a long one the beginning. The rest is in its thread. */
const listedMost = 12;
const nameMost = 60;
const valueMost = 100;
/** Slack takes 2,000 characters in the field that has them all. */
const allMost = 1_800;
const reasonMost = { width: 900, lines: 4 };

/** Slack refuses a message whose blocks have more than some 13,000 characters together, wherever they stand. */
const messageMost = { width: 8_000, pieces: 20 };
const pieceMost = 6_000;
const messagesMost = 12;

/** One input as a card has it: whole, or only its beginning. */
export interface InputOnCard {
  readonly name: string;
  readonly value: string;
  readonly isWhole: boolean;
}

/** A part of an input's value; `from` is where it begins, `of` how many characters the value has. */
export interface InputPiece {
  readonly name: string;
  readonly text: string;
  readonly from: number;
  readonly of: number;
}

/** What a card has of these inputs, in their order, and how many there are besides. */
export function inputsOnCard(inputs: Inputs): { readonly listed: readonly InputOnCard[]; readonly more: number } {
  const all = Object.entries(inputs).map(([name, value]) => ({ name, value, isWhole: isShort(name, value) }));
  const listed: InputOnCard[] = [];
  let width = 0;
  for (const input of all.slice(0, listedMost)) {
    width += Math.min(widthOf(input.name), nameMost) + (input.isWhole ? widthOf(input.value) : valueMost + 50) + 5;
    if (width > allMost) break;
    listed.push(input);
  }
  return { listed, more: all.length - listed.length };
}

/** Whether a value fits on one line beside its name, however much of it has to be escaped. */
export function isShort(name: string, value: string): boolean {
  return linesOf(value) === 1 && widthOf(name) <= nameMost && widthOf(value) <= valueMost;
}

/** Whether a reason fits on a card as it is. */
export function isShortReason(reason: string): boolean {
  return linesOf(reason) <= reasonMost.lines && widthOf(reason) <= reasonMost.width;
}

/** How many lines a text has. */
export function linesOf(text: string): number {
  return text.split(/\r\n|[\r\n\u2028\u2029\u0085]/).length;
}

/** What a card cuts or leaves out, in full, a list of pieces for each message; `left` characters are too much for all. */
export function inputsInFull(asked: { readonly reason?: string; readonly inputs: Inputs }): {
  readonly messages: readonly (readonly InputPiece[])[];
  readonly left: number;
} {
  const { listed } = inputsOnCard(asked.inputs);
  const whole = new Set(listed.filter(({ isWhole }) => isWhole).map(({ name }) => name));
  const { reason } = asked;
  const cut = [
    ...(reason === undefined || isShortReason(reason) ? [] : [['Reason', reason] as const]),
    ...Object.entries(asked.inputs).filter(([name]) => !whole.has(name)),
  ];
  const messages: InputPiece[][] = [];
  let width = Infinity;
  for (const piece of cut.flatMap(([name, value]) => piecesOf(name, value))) {
    const wide = widthOf(piece.text) + Math.min(widthOf(piece.name), 200);
    width += wide;
    if (width > messageMost.width || messages.at(-1)!.length >= messageMost.pieces) {
      messages.push([]);
      width = wide;
    }
    messages.at(-1)!.push(piece);
  }
  const beyond = messages.slice(messagesMost).flat();
  return { messages: messages.slice(0, messagesMost), left: beyond.reduce((sum, { text }) => sum + text.length, 0) };
}

function piecesOf(name: string, value: string): readonly InputPiece[] {
  const pieces: InputPiece[] = [];
  let from = 0;
  do {
    const text = value.slice(from, endOf(value, from));
    pieces.push({ name, text, from, of: value.length });
    from += text.length;
  } while (from < value.length);
  return pieces;
}

/** Where a piece that begins at `from` ends: after a line if there is one, never inside of a character. */
function endOf(value: string, from: number): number {
  let width = 0;
  let line = 0;
  for (let at = from; at < value.length; at += 1) {
    width += widthOf(value[at]!);
    if (width > pieceMost) {
      if (line > from) return line;
      return /[\ud800-\udbff]/.test(value[at - 1]!) ? at - 1 : at;
    }
    if (value[at] === '\n') line = at + 1;
  }
  return value.length;
}

/** At most so many characters it takes once it is escaped: entities, and marks that are broken away from their word. */
function widthOf(text: string): number {
  return text.length + 4 * (text.match(/[&<>]/g)?.length ?? 0) + 2 * (text.match(/[*_~:@]/g)?.length ?? 0);
}
