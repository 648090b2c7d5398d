/** Name of the variable with the file that events are written to. */
export const eventsVariable = 'STEP_EVENTS';

/**
 * A callback plugin that writes what happens as JSON lines. Ansible's exit codes cannot tell a host that was not
 * reached from a playbook that does not parse; its events can.
 */
export const callbackPlugin = `
import json, os
from ansible.plugins.callback import CallbackBase
from ansible.utils.vars import merge_hash

DOCUMENTATION = '''
name: signalbox_events
type: aggregate
short_description: events as JSON lines
description: events as JSON lines
'''

class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'signalbox_events'
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self.events = open(os.environ['${eventsVariable}'], 'a', encoding='utf-8')
        self.plays = 0
        self.seen, self.bad, self.changed = set(), set(), set()
        self.facts, self.growing = {}, set()

    def tell(self, **event):
        self.events.write(json.dumps(event, default=str) + '\\n')
        self.events.flush()

    def v2_playbook_on_start(self, playbook):
        self.plays = len(playbook.get_plays())

    def v2_playbook_on_play_start(self, play):
        # With one play, a new beginning is the next batch of hosts, so those of the last one are done.
        if self.plays == 1 and self.seen:
            good = self.seen - self.bad
            self.tell(
                event='done', ok=sorted(good - self.changed), changed=sorted(good & self.changed),
                facts=self.facts, growing=sorted(self.growing),
            )
        self.seen = set()

    def saw(self, result):
        self.seen.add(result._host.get_name())
        if result._result.get('changed'):
            self.changed.add(result._host.get_name())
        for part in result._result.get('results') or [result._result]:
            self.learn(part.get('ansible_stats') if isinstance(part, dict) else None)

    def learn(self, stats):
        # The same sums as Ansible's own, which it tells at the very end only.
        if not stats or stats.get('per_host'):
            return
        for name, value in stats['data'].items():
            if not stats['aggregate'] or name not in self.facts:
                self.facts[name] = value
            elif isinstance(value, dict) and isinstance(self.facts[name], dict):
                self.facts[name] = merge_hash(self.facts[name], value)
            elif isinstance(value, type(self.facts[name])):
                self.facts[name] = self.facts[name] + value
            if stats['aggregate']:
                self.growing.add(name)

    def v2_runner_on_ok(self, result):
        self.saw(result)

    def v2_runner_on_skipped(self, result):
        self.saw(result)

    def wrong(self, result, kind):
        self.saw(result)
        self.bad.add(result._host.get_name())
        words = result._result.get('msg') or result._result.get('stderr') or ''
        self.tell(event=kind, host=result._host.get_name(), task=str(result._task.get_name()), message=str(words)[:500])

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if ignore_errors:
            self.saw(result)
        else:
            self.wrong(result, 'failed')

    def v2_runner_on_unreachable(self, result):
        self.wrong(result, 'unreachable')

    def v2_playbook_on_stats(self, stats):
        hosts = {name: stats.summarize(name) for name in stats.processed}
        facts = (getattr(stats, 'custom', None) or {}).get('_run', {})
        self.tell(event='stats', hosts=hosts, facts=facts, growing=sorted(self.growing))
`;
