import type { Json } from '../../src/json';
import { textEncode, type TextEncodeWith } from '../../src/runbooks/kinds/text-encode';
import { codePage } from './code-pages';
import { StepFailed } from './outcomes';
import { stepKind } from './step-kind';

const [blank, newLine] = [0x40, 0x15];
const maxBase64Bytes = 4_096;

export const runTextEncode = stepKind<TextEncodeWith>(textEncode, async (context) => {
  const lines = linesOf(context.given.text);
  const bytes = encodeLines(lines, context.given);
  const file = await context.keepFile(bytes, `encoded-${context.given.code_page}.bin`);
  return {
    tells: {
      file: file as unknown as Json,
      base64: bytes.length > maxBase64Bytes ? '' : bytes.toString('base64'),
      bytes: bytes.length,
      lines: lines.length,
    },
    summary: `${lines.length} lines, ${bytes.length} bytes in code page ${context.given.code_page}`,
  };
});

/** Lines of a text, without what ends them; the end of the last one is not the beginning of another. */
function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function encodeLines(lines: readonly string[], { code_page: name, record_length: length }: TextEncodeWith): Buffer {
  const page = codePage(name)!;
  const encoded = lines.map((line, index) => {
    const characters = [...line];
    const bytes = characters.map((character, column) => {
      const byte = page.get(character);
      if (byte !== undefined) return byte;
      const point = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
      throw new StepFailed(
        `Line ${index + 1}, column ${column + 1} has a character (U+${point}) that code page ${name} does not have; write it otherwise.`,
      );
    });
    if (length === undefined) return Buffer.from([...bytes, newLine]);
    if (bytes.length > length)
      throw new StepFailed(
        `Line ${index + 1} has ${bytes.length} characters, and a record takes ${length}; shorten it.`,
      );
    return Buffer.concat([Buffer.from(bytes), Buffer.alloc(length - bytes.length, blank)]);
  });
  return Buffer.concat(encoded);
}
