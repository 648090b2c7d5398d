import { StepFailed } from '../steps/outcomes';

/**
 * An argument list in which a value can never be taken for an option: it is a part of its option (`--name=value`),
 * stands after `--`, or does not begin with a hyphen. Programs are given nothing else.
 */
export class ProgramArguments {
  private readonly list: string[] = [];
  private isClosed = false;

  /** `fixed` are words of ours, such as a subcommand or a switch; never a value that came from outside. */
  constructor(...fixed: readonly string[]) {
    this.list.push(...fixed);
  }

  switch(name: `-${string}`): this {
    this.open(name);
    this.list.push(name);
    return this;
  }

  /** `--name=value`. */
  option(name: `--${string}`, value: string): this {
    this.open(name);
    this.list.push(`${name}=${plain(value)}`);
    return this;
  }

  /** A value in its place. One that begins with a hyphen is refused in a sentence. */
  value(value: string): this {
    this.open(value);
    if (plain(value).startsWith('-'))
      throw new StepFailed(`"${value.slice(0, 60)}" begins with a hyphen and could be taken for an option.`);
    this.list.push(value);
    return this;
  }

  /** `--` and values behind it; nothing can follow. For programs that know `--`. */
  rest(values: readonly string[]): this {
    this.open('--');
    this.isClosed = true;
    this.list.push('--', ...values.map(plain));
    return this;
  }

  get words(): readonly string[] {
    return this.list;
  }

  private open(next: string): void {
    if (this.isClosed) throw new Error(`"${next.slice(0, 40)}" would come after "--"`);
  }
}

function plain(value: string): string {
  if (value.includes('\0')) throw new StepFailed('A value holds the character NUL, which no program can be given.');
  return value;
}
