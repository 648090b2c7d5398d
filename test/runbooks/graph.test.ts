import { runbookGraph } from '../../src/runbooks/graph';
import { actionSchema, runbookSchema } from '../../src/runbooks/schema';
import { hostileValues } from '../helpers/hostile-values';

const http = { uses: 'http/request', with: { connection: 'api', path: '/x' } };
const none = { runbooks: new Map(), actions: new Map() };

test('draws steps in order, what runs at once side by side, undos dotted, and what runs inside as boxes', () => {
  const inner = actionSchema.parse({
    name: 'sync',
    steps: [
      { id: 'a', ...http },
      { id: 'b', ...http, undo: http },
    ],
  });
  const runbook = runbookSchema.parse({
    name: 'ship',
    resolve: [{ id: 'look', ...http }],
    steps: [
      {
        id: 'both',
        uses: 'parallel',
        steps: [
          { id: 'left', ...http },
          { id: 'right', ...http },
        ],
      },
      { id: 'ask', uses: 'approval', if: 'inputs.sure', with: { from: ['leads'], about: 'Go on' } },
      { id: 'sync', uses: 'actions/sync' },
      { id: 'each', uses: 'foreach', with: { in: ['x'] }, steps: [{ id: 'one', ...http }] },
      { id: 'child', uses: 'deploy', with: { service: 'a', environment: 'b', version: 'c' }, undo: 'rollback' },
    ],
    finally: [{ ...http }],
  });
  expect(runbookGraph(runbook, { ...none, actions: new Map([['sync', inner]]) })).toBe(`flowchart TD
  subgraph g1["resolve, before anybody is asked"]
    s2["look: http/request"]
  end
  subgraph g3["ship"]
    subgraph g4["both: parallel (at the same time)"]
      s5["left: http/request"]
      s6["right: http/request"]
    end
    s7{{"ask: approval, if inputs.sure"}}
    subgraph g8["sync: actions/sync (action sync)"]
      s9["a: http/request"]
      s10["b: http/request"]
      u11["undo: http/request"]
      s10 -. undo .-> u11
      s9 --> s10
    end
    subgraph g12["each: foreach (for each target)"]
      s13["one: http/request"]
    end
    s14["child: deploy"]
    u15["undo: rollback"]
    s14 -. undo .-> u15
    g4 --> s7
    s7 --> g8
    g8 --> g12
    g12 --> s14
  end
  subgraph g16["finally, however it ended"]
    s17["finally_1: http/request"]
  end
  g1 --> g3
  g3 --> g16`);
});

test.each([...hostileValues, '"] --> x["', '%%{init: {}}%%', '#quot;', '`**bold**`', '<img src=x>', 'a;b', '$$x$$'])(
  'a name that is %j stays text in its label',
  (name) => {
    const shown = [...name].slice(0, 100).join('').trim() || 'x';
    const runbook = runbookSchema.parse({ name: 'x', help: shown, steps: [{ name: shown, if: shown, ...http }] });
    const lines = runbookGraph(runbook, none).split('\n');
    expect(lines).toHaveLength(4);
    for (const line of lines.slice(1, 3)) {
      const [, text] = /^\s*(?:subgraph )?[a-z]\d+\["(.*)"\]$/.exec(line)!;
      expect(text!.replace(/#\d+;/g, '')).toMatch(/^[\p{L}\p{N} .,:/_()+=…-]*$/u);
    }
  },
);
