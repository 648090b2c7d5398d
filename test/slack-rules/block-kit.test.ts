import { checkBlocks, type Surface } from './block-kit-rules';
import { checkView } from './view-rules';

const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const long = (length: number) => 'x'.repeat(length);
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const button = (more: object = {}, index = 0) => ({
  type: 'button',
  action_id: `press_${index}`,
  text: plain('Press'),
  ...more,
});
const option = (index: number) => ({ text: plain(`Option ${index}`), value: `v${index}` });
const actions = (...elements: object[]) => ({ type: 'actions', elements });
const input = (element: object) => ({ type: 'input', label: plain('Name'), element });
const select = (more: object) => actions({ type: 'static_select', action_id: 'pick', ...more });
const confirm = { title: plain('Sure?'), text: mrkdwn('Really?'), confirm: plain('Yes'), deny: plain('No') };
const container = (more: object) => ({
  type: 'container',
  title: plain('Diff'),
  child_blocks: [{ type: 'divider' }],
  ...more,
});
const card = (more: object) => ({ type: 'card', title: mrkdwn('Card'), ...more });
const task = (index: number) => ({ type: 'task_card', task_id: `t${index}`, title: 'Step', status: 'pending' });
const cell = (text: string) => ({ type: 'raw_text', text });
const richText = (text: string) => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }],
});

/** [what, at the limit, beyond it] */
const limits: readonly (readonly [string, readonly object[], readonly object[]])[] = [
  ['50 blocks a message', times(50, () => ({ type: 'divider' })), times(51, () => ({ type: 'divider' }))],
  [
    '3000 characters a section',
    [{ type: 'section', text: mrkdwn(long(3000)) }],
    [{ type: 'section', text: mrkdwn(long(3001)) }],
  ],
  ['at least one character a text', [{ type: 'section', text: mrkdwn('x') }], [{ type: 'section', text: mrkdwn('') }]],
  [
    '10 fields a section',
    [{ type: 'section', fields: times(10, () => mrkdwn('f')) }],
    [{ type: 'section', fields: times(11, () => mrkdwn('f')) }],
  ],
  [
    '2000 characters a field',
    [{ type: 'section', fields: [mrkdwn(long(2000))] }],
    [{ type: 'section', fields: [mrkdwn(long(2001))] }],
  ],
  [
    '150 characters a header',
    [{ type: 'header', text: plain(long(150)) }],
    [{ type: 'header', text: plain(long(151)) }],
  ],
  ['plain text in a header', [{ type: 'header', text: plain('Title') }], [{ type: 'header', text: mrkdwn('Title') }]],
  [
    '10 elements a context',
    [{ type: 'context', elements: times(10, () => mrkdwn('c')) }],
    [{ type: 'context', elements: times(11, () => mrkdwn('c')) }],
  ],
  [
    '25 elements an actions block',
    [actions(...times(25, (index) => button({}, index)))],
    [actions(...times(26, (index) => button({}, index)))],
  ],
  [
    '75 characters on a button',
    [actions(button({ text: plain(long(75)) }))],
    [actions(button({ text: plain(long(76)) }))],
  ],
  [
    '2000 characters in a button value',
    [actions(button({ value: long(2000) }))],
    [actions(button({ value: long(2001) }))],
  ],
  [
    '3000 characters in a button url',
    [actions(button({ url: `https://x/${long(2990)}` }))],
    [actions(button({ url: `https://x/${long(2991)}` }))],
  ],
  [
    '75 characters an accessibility label',
    [actions(button({ accessibility_label: long(75) }))],
    [actions(button({ accessibility_label: long(76) }))],
  ],
  [
    '255 characters an action_id',
    [actions(button({ action_id: long(255) }))],
    [actions(button({ action_id: long(256) }))],
  ],
  ['255 characters a block_id', [{ type: 'divider', block_id: long(255) }], [{ type: 'divider', block_id: long(256) }]],
  ['known button styles', [actions(button({ style: 'danger' }))], [actions(button({ style: 'warning' }))]],
  ['100 options a menu', [select({ options: times(100, option) })], [select({ options: times(101, option) })]],
  [
    '100 groups a menu',
    [select({ option_groups: times(100, (index) => ({ label: plain('G'), options: [option(index)] })) })],
    [select({ option_groups: times(101, (index) => ({ label: plain('G'), options: [option(index)] })) })],
  ],
  [
    'options or groups, not both',
    [select({ options: [option(1)] })],
    [select({ options: [option(1)], option_groups: [{ label: plain('G'), options: [option(1)] }] })],
  ],
  [
    'an initial option that is offered',
    [select({ options: [option(1)], initial_option: option(1) })],
    [select({ options: [option(1)], initial_option: option(2) })],
  ],
  [
    '75 characters an option',
    [select({ options: [{ text: plain(long(75)), value: 'v' }] })],
    [select({ options: [{ text: plain(long(76)), value: 'v' }] })],
  ],
  [
    '75 characters an option value',
    [select({ options: [{ text: plain('t'), value: long(75) }] })],
    [select({ options: [{ text: plain('t'), value: long(76) }] })],
  ],
  [
    '75 characters an option description',
    [select({ options: [{ ...option(1), description: plain(long(75)) }] })],
    [select({ options: [{ ...option(1), description: plain(long(76)) }] })],
  ],
  [
    '150 characters a placeholder',
    [select({ options: [option(1)], placeholder: plain(long(150)) })],
    [select({ options: [option(1)], placeholder: plain(long(151)) })],
  ],
  [
    '5 options an overflow',
    [actions({ type: 'overflow', options: times(5, option) })],
    [actions({ type: 'overflow', options: times(6, option) })],
  ],
  [
    '10 radio buttons',
    [actions({ type: 'radio_buttons', options: times(10, option) })],
    [actions({ type: 'radio_buttons', options: times(11, option) })],
  ],
  [
    '10 checkboxes',
    [actions({ type: 'checkboxes', options: times(10, option) })],
    [actions({ type: 'checkboxes', options: times(11, option) })],
  ],
  [
    '100 characters a confirm title',
    [actions(button({ confirm: { ...confirm, title: plain(long(100)) } }))],
    [actions(button({ confirm: { ...confirm, title: plain(long(101)) } }))],
  ],
  [
    '300 characters a confirm text',
    [actions(button({ confirm: { ...confirm, text: mrkdwn(long(300)) } }))],
    [actions(button({ confirm: { ...confirm, text: mrkdwn(long(301)) } }))],
  ],
  [
    '30 characters a confirm button',
    [actions(button({ confirm: { ...confirm, deny: plain(long(30)) } }))],
    [actions(button({ confirm: { ...confirm, deny: plain(long(31)) } }))],
  ],
  [
    '2000 characters an input label',
    [{ ...input({ type: 'plain_text_input' }), label: plain(long(2000)) }],
    [{ ...input({ type: 'plain_text_input' }), label: plain(long(2001)) }],
  ],
  [
    '2000 characters an input hint',
    [{ ...input({ type: 'plain_text_input' }), hint: plain(long(2000)) }],
    [{ ...input({ type: 'plain_text_input' }), hint: plain(long(2001)) }],
  ],
  [
    '3000 characters of input',
    [input({ type: 'plain_text_input', max_length: 3000 })],
    [input({ type: 'plain_text_input', max_length: 3001 })],
  ],
  [
    '2000 characters an alternative text',
    [{ type: 'image', image_url: 'https://x/y.png', alt_text: long(2000) }],
    [{ type: 'image', image_url: 'https://x/y.png', alt_text: long(2001) }],
  ],
  [
    '12000 characters a markdown block',
    [{ type: 'markdown', text: long(12_000) }],
    [{ type: 'markdown', text: long(12_001) }],
  ],
  [
    '100 table rows',
    [{ type: 'table', rows: times(100, () => [cell('a')]) }],
    [{ type: 'table', rows: times(101, () => [cell('a')]) }],
  ],
  [
    '20 table columns',
    [{ type: 'table', rows: [times(20, () => cell('a'))] }],
    [{ type: 'table', rows: [times(21, () => cell('a'))] }],
  ],
  [
    '10000 characters a table',
    [{ type: 'table', rows: [[cell(long(10_000))]] }],
    [{ type: 'table', rows: [[cell(long(9_999)), cell('ab')]] }],
  ],
  [
    'data_table pages of 100',
    [{ type: 'data_table', caption: 'c', rows: [[cell('a')]], page_size: 100 }],
    [{ type: 'data_table', caption: 'c', rows: [[cell('a')]], page_size: 101 }],
  ],
  [
    '10 blocks a container',
    [container({ child_blocks: times(10, () => ({ type: 'divider' })) })],
    [container({ child_blocks: times(11, () => ({ type: 'divider' })) })],
  ],
  [
    '150 characters a container title',
    [container({ title: plain(long(150)) })],
    [container({ title: plain(long(151)) })],
  ],
  ['no container in a container', [container({})], [container({ child_blocks: [container({})] })]],
  ['150 characters a card title', [card({ title: mrkdwn(long(150)) })], [card({ title: mrkdwn(long(151)) })]],
  ['200 characters a card body', [card({ body: mrkdwn(long(200)) })], [card({ body: mrkdwn(long(201)) })]],
  [
    '3 buttons a card',
    [card({ actions: times(3, (index) => button({}, index)) })],
    [card({ actions: times(4, (index) => button({}, index)) })],
  ],
  [
    '10 cards a carousel',
    [{ type: 'carousel', elements: times(10, () => card({})) }],
    [{ type: 'carousel', elements: times(11, () => card({})) }],
  ],
  [
    '50 tasks a plan',
    [{ type: 'plan', title: 'Plan', tasks: times(50, task) }],
    [{ type: 'plan', title: 'Plan', tasks: times(51, task) }],
  ],
  ['a plain string as plan title', [{ type: 'plan', title: 'Plan' }], [{ type: 'plan', title: plain('Plan') }]],
  ['known task states', [task(1)], [{ ...task(1), status: 'running' }]],
  ['known rich text', [richText('x')], [{ type: 'rich_text', elements: [{ type: 'paragraph' }] }]],
  [
    'unique block ids',
    [
      { type: 'divider', block_id: 'a' },
      { type: 'divider', block_id: 'b' },
    ],
    [
      { type: 'divider', block_id: 'a' },
      { type: 'divider', block_id: 'a' },
    ],
  ],
  ['unique action ids in a block', [actions(button({}, 1), button({}, 2))], [actions(button({}, 1), button({}, 1))]],
  [
    'equal action ids in two blocks',
    [actions(button({}, 1)), actions(button({}, 1))],
    [actions(button({}, 1), button({}, 1))],
  ],
  ['known block types', [{ type: 'divider' }], [{ type: 'marquee' }]],
  ['known elements', [actions(button())], [actions({ type: 'plain_text_input', action_id: 'a' })]],
  ['known properties', [actions(button())], [actions(button({ colour: 'red' }))]],
  ['text or fields in a section', [{ type: 'section', fields: [mrkdwn('f')] }], [{ type: 'section' }]],
  ['at least one element', [actions(button())], [actions()]],
  ['no alert in a message', [{ type: 'divider' }], [{ type: 'alert', text: plain('Careful') }]],
];

describe('block rules', () => {
  it.each(limits)('take %s', (_what, allowed) => {
    expect(checkBlocks(allowed, 'message')).toEqual([]);
  });

  it.each(limits)('refuse what is beyond: %s', (_what, _allowed, refused) => {
    expect(checkBlocks(refused, 'message')).not.toEqual([]);
  });

  it('count characters as people do, by code point', () => {
    expect(checkBlocks([{ type: 'header', text: plain('🚀'.repeat(150)) }], 'message')).toEqual([]);
  });

  it('point to the place', () => {
    expect(checkBlocks([{ type: 'divider' }, { type: 'section', text: mrkdwn(long(3001)) }], 'message')).toEqual([
      { message: 'must be less than 3001 characters', pointer: '/blocks/1/text/text' },
    ]);
  });

  it.each<[Surface, number]>([
    ['message', 50],
    ['modal', 100],
    ['home', 100],
  ])('allow a %s %i blocks', (surface, count) => {
    expect(
      checkBlocks(
        times(count, () => ({ type: 'divider' })),
        surface,
      ),
    ).toEqual([]);
    expect(
      checkBlocks(
        times(count + 1, () => ({ type: 'divider' })),
        surface,
      ),
    ).not.toEqual([]);
  });

  it('allow an alert in a modal', () => {
    expect(checkBlocks([{ type: 'alert', text: plain('Careful'), level: 'warning' }], 'modal')).toEqual([]);
  });
});

describe('view rules', () => {
  const modal = (more: object = {}) => ({ type: 'modal', title: plain('Title'), blocks: [], ...more });

  it.each([
    ['24 characters a title', modal({ title: plain(long(24)) }), modal({ title: plain(long(25)) })],
    ['24 characters a submit button', modal({ submit: plain(long(24)) }), modal({ submit: plain(long(25)) })],
    ['24 characters a close button', modal({ close: plain(long(24)) }), modal({ close: plain(long(25)) })],
    [
      '3000 characters private metadata',
      modal({ private_metadata: long(3000) }),
      modal({ private_metadata: long(3001) }),
    ],
    ['255 characters a callback id', modal({ callback_id: long(255) }), modal({ callback_id: long(256) })],
    ['255 characters an external id', modal({ external_id: long(255) }), modal({ external_id: long(256) })],
    ['a title', modal(), { type: 'modal', blocks: [] }],
    ['blocks', modal(), { type: 'modal', title: plain('Title') }],
    [
      'a submit button with inputs',
      modal({ submit: plain('Go'), blocks: [input({ type: 'plain_text_input' })] }),
      modal({ blocks: [input({ type: 'plain_text_input' })] }),
    ],
    ['no unknown property', modal(), modal({ submit_disabled: true })],
    ['no title on the home tab', { type: 'home', blocks: [] }, { type: 'home', blocks: [], title: plain('Home') }],
  ])('want %s', (_what, allowed, refused) => {
    expect(checkView(allowed, undefined)).toEqual([]);
    expect(checkView(refused, undefined)).not.toEqual([]);
  });
});
