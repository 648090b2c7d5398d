/** Something wrong in a file of the policy repository, at the place where its author has to look. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Dotted path of the key it is about. */
  readonly key?: string;
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string;
}

/** `policy.yaml:12:3: unknown key "enviroments"; did you mean "environments"?` */
export function formatProblem(problem: Problem): string {
  const where = `${problem.file}:${problem.line}:${problem.column}`;
  return problem.hint ? `${where}: ${problem.message}; ${problem.hint}` : `${where}: ${problem.message}`;
}
