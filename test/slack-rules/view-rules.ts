import { checkBlocks } from './block-kit-rules';
import {
  anything,
  boolean,
  isObject,
  oneOf,
  plainText,
  problem,
  shape,
  string,
  type Problem,
  type Rule,
} from './block-kit-objects';

/** docs.slack.dev/reference/views/modal-views and .../home-tab-views; characters are code points. */
const TITLE_MAX = 24;
const PRIVATE_METADATA_MAX = 3000;
const ID_MAX = 255;

const common: Readonly<Record<string, Rule>> = {
  private_metadata: string({ min: 0, max: PRIVATE_METADATA_MAX }),
  callback_id: string({ min: 0, max: ID_MAX }),
  external_id: string({ min: 0, max: ID_MAX }),
};

const modal = shape({
  required: { type: oneOf('modal'), title: plainText(TITLE_MAX), blocks: anything },
  optional: {
    ...common,
    submit: plainText(TITLE_MAX),
    close: plainText(TITLE_MAX),
    clear_on_close: boolean,
    notify_on_close: boolean,
  },
});

const home = shape({ required: { type: oneOf('home'), blocks: anything }, optional: common });

/** Every way a view breaks Slack's rules. `type` is what the method takes; undefined takes both. */
export function checkView(view: unknown, type: 'modal' | 'home' | undefined): Problem[] {
  if (!isObject(view)) return problem('missing required field: view', '/');
  if (view.type !== 'modal' && view.type !== 'home')
    return problem(`unsupported type: ${String(view.type)}`, '/view/type');
  if (type !== undefined && view.type !== type) return problem(`unsupported type: ${String(view.type)}`, '/view/type');
  const problems = (view.type === 'modal' ? modal : home)(view, '/view');
  if (view.blocks === undefined) return problems;
  if (!Array.isArray(view.blocks)) return [...problems, { message: 'must provide an array', pointer: '/view/blocks' }];
  return [...problems, ...checkBlocks(view.blocks, view.type, '/view/blocks'), ...missingSubmit(view.type, view)];
}

function missingSubmit(type: 'modal' | 'home', view: Record<string, unknown>): Problem[] {
  const hasInput = (view.blocks as unknown[]).some((block) => isObject(block) && block.type === 'input');
  if (type !== 'modal' || !hasInput || view.submit !== undefined) return [];
  return problem('missing required field: submit', '/view');
}
