import { policyOf, problemsOf } from './helpers';

const withKey = (line: string): { readonly [path: string]: string } => ({
  'configs/services/pay.yaml': `service:\n  name: pay\n  owner: owners\n  compliance:\n    ${line}\n`,
});

test.each([
  ['SOX: required', 'sox'],
  ['soxx: required', 'sox'],
  ['pci-dss: level_1', 'pci_dss'],
  ['PCI_DSS: level_1', 'pci_dss'],
  ['pci: level_1', 'pci_dss'],
  ['hippa: required', 'hipaa'],
  ['gdrp: enabled', 'gdpr'],
])('a regime that is nearly named is an error, because its duties would be off: %s', (line, meant) => {
  const said = problemsOf('environments: { staging: {} }\n', withKey(line));
  expect(said).toHaveLength(1);
  expect(said[0]).toContain(`did you mean "${meant}"?`);
});

test.each(['sox: required', 'soc2: required', 'soc: type_2', 'iso_27001: yes', 'fedramp: moderate'])(
  'a regime by its name, and one of the organisation’s own, can be read: %s',
  (line) => {
    expect(policyOf('environments: { staging: {} }\n', withKey(line)).services.has('pay')).toBe(true);
  },
);
