import { Lexer } from 'yaml';

/** Greatest size of a file of the policy repository, bytes of UTF-8. */
export const maxBytes = 256 * 1024;
/** Greatest nesting of lists and maps. */
export const maxDepth = 64;
/** Greatest number of aliases in one file. */
export const maxAliases = 20;
/** Lexemes of one file; a file of the greatest size that holds ordinary lines has about half as many. */
const maxLexemes = 150_000;
/** Lexemes between two commas or line ends: more is no writing, and each is an error that costs the parser time. */
const maxRun = 1_000;
/** Brackets that close nothing: the parser tells them better, but takes time that grows with their square. */
const maxStray = 20;
/** Anchors, aliases and tags of one file. */
const maxReferences = 200;

export interface Finding {
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

/**
 * Looks at a text before it is parsed, in linear time: size, characters that hide or break things, nesting, number of
 * parts. What passes is safe to give to the parser.
 */
export function screen(text: string): Finding | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes)
    return { offset: 0, message: `the file has ${bytes} bytes and at most ${maxBytes} are read`, hint: 'split it' };
  return hiddenCharacter(text) ?? tooMuch(text);
}

// Controls other than tab and line ends, lone carriage returns, line separators, bidirectional overrides, marks of
// broken UTF-8, and lone surrogates: none of them is visible where people review a file.
const hidden =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffd-\uffff]|\r(?!\n)|\p{Cs}/u;

function hiddenCharacter(text: string): Finding | undefined {
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const found = hidden.exec(start ? text.slice(1) : text);
  if (!found) return undefined;
  const code = found[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  return {
    offset: found.index + start,
    message: `the character U+${code} cannot stand in a file that people review`,
    hint: 'save the file as plain UTF-8 text without control characters',
  };
}

function tooMuch(text: string): Finding | undefined {
  let offset = 0;
  let lexemes = 0;
  let flow = 0;
  let markers = 0;
  let run = 0;
  let references = 0;
  let scalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    const isMark = lexeme === '\u001f' || lexeme === '\u0002' || lexeme === '\u0018';
    if (++lexemes > maxLexemes || ++run > maxRun || references > maxReferences)
      return { offset, message: 'the file has too many parts to be read', hint: 'split it' };
    if (!scalar && !isMark) {
      if (lexeme.startsWith('%'))
        return { offset, message: 'directives are not supported', hint: `leave out the line ${lexeme}` };
      if (lexeme === '[' || lexeme === '{') flow++;
      if (lexeme === ']' || lexeme === '}') flow--;
      if (flow < -maxStray) return { offset, message: `${lexeme} closes nothing` };
      if (lexeme.includes('\n') || lexeme === ',') markers = run = 0;
      if (/^[&*!]/.test(lexeme)) references++;
      if (lexeme === '-' || lexeme === '?' || lexeme === ':') markers++;
      if (flow > maxDepth || markers > 2 * maxDepth)
        return { offset, message: `nested deeper than ${maxDepth} levels`, hint: 'flatten it' };
    }
    scalar = lexeme === '\u001f';
    if (!isMark) offset += lexeme.length;
  }
  return undefined;
}
