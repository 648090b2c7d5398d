import { z } from 'zod';
import type { StepKindSpec } from '../step-kind';

export const codePages = ['037', '273', '285', '500', '1047', '1140', '1141', '1146', '1148'] as const;

export const textEncodeWith = z.strictObject({
  text: z.string().max(1_000_000),
  code_page: z.enum(codePages),
  /** Each line becomes a record of so many bytes, filled up with blanks; without it lines end with X'15'. */
  record_length: z.int().min(1).max(32_760).optional(),
});

export type TextEncodeWith = z.infer<typeof textEncodeWith>;

export const textEncode: StepKindSpec = {
  name: 'text/encode',
  doc: "Encodes text for a mainframe (EBCDIC). Lines become records of `record_length` bytes, filled up with blanks; without it they end with X'15'. A character that the code page does not have, and a line longer than a record, are refused with their place. Expressions see `file`, `base64` (up to 4 KiB of bytes, else empty), `bytes` and `lines`.",
  with: textEncodeWith,
  tells: ['file', 'base64', 'bytes', 'lines'],
  readOnly: () => true,
  repeat: () => 'safe',
  timeoutMs: 60_000,
};
