import type { ExpressionProblem, Shape } from './names';

/** What values of a shape are to a comparison; undefined where that is known only when it is evaluated. */
export type Kind = 'text' | 'number' | 'bool' | 'list' | 'map' | 'instant';

const words: { readonly [kind in Kind]: string } = {
  text: 'text',
  number: 'a number',
  bool: 'true or false',
  list: 'a list',
  map: 'a map',
  instant: 'an instant',
};

export function kindOf(shape: Shape): Kind | undefined {
  if (typeof shape === 'object') return 'oneOf' in shape ? 'text' : 'listOf' in shape ? 'list' : 'map';
  if (shape === 'timestamp') return 'instant';
  return shape === 'open' || shape === 'value' ? undefined : shape;
}

/** One side of a comparison. */
export interface Side {
  /** As it is written: `change.commits`, `"3"`. */
  readonly said: string;
  readonly shape: Shape;
  /** The text itself, of one that is written out. */
  readonly text?: string;
  /** It is written out: two of these are nobody's slip, and CEL has an answer for them. */
  readonly isConstant?: boolean;
}

/** Why two sides can never be equal, or have no order; undefined where they may, or where nobody knows yet. */
export function kindProblem(operator: string, left: Side, right: Side): ExpressionProblem | undefined {
  const kinds = [kindOf(left.shape), kindOf(right.shape)] as const;
  const [one, other] = kinds;
  if (one === undefined || other === undefined || one === other) return undefined;
  if (left.isConstant && right.isConstant) return undefined;
  const outcome =
    operator === '_==_' ? 'this is never true' : operator === '_!=_' ? 'this is always true' : 'they have no order';
  const hint = kindHint([left, one], [right, other]) ?? kindHint([right, other], [left, one]);
  return {
    message: `${left.said} is ${words[one]} and ${right.said} is ${words[other]}, so ${outcome}`,
    ...(hint && { hint }),
  };
}

/** Why nothing is in what stands right of `in`. */
export function holderProblem(holder: Side): ExpressionProblem | undefined {
  const kind = kindOf(holder.shape);
  if (kind === undefined || kind === 'list' || kind === 'map') return undefined;
  return {
    message: `${holder.said} is ${words[kind]} and no list, so nothing is in it`,
    ...(kind === 'text' && { hint: `a part of a text is asked for with ${holder.said}.contains("...")` }),
  };
}

function kindHint([side, kind]: readonly [Side, Kind], [other, wanted]: readonly [Side, Kind]): string | undefined {
  if (kind !== 'text') return undefined;
  if (wanted === 'list') return `write ${side.said} in ${other.said}`;
  if (side.text === undefined) return undefined;
  if (wanted === 'instant') return 'write timestamp("2026-01-01T00:00:00Z")';
  const isBare = wanted === 'number' ? /^-?\d+(\.\d+)?$/.test(side.text) : /^(true|false)$/.test(side.text);
  return isBare && wanted !== 'map' ? `write ${side.text} without quotes` : undefined;
}
