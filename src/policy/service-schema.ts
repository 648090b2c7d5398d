import { z } from 'zod';
import { text } from '../documents/text';
import { approval } from './schema';
import { day, identifier, slug } from './schema-words';

const named = z.union([text(), z.looseObject({ name: text() })]);

/** `configs/services/<name>.yaml`: an open format of which these keys act. */
export const serviceSchema = z.strictObject({
  service: z.looseObject({
    name: slug,
    owner: identifier.optional(),
    /** A connection of the kind `git`: where its code is. */
    repository: slug.optional(),
    /** Its folder there. */
    path: text()
      .max(1_000)
      .regex(
        /^(?!\/)(?!(?:.*\/)?\.\.?(?:\/|$))[^\\:%]+$/,
        'has to be a folder of the repository, such as services/checkout',
      )
      .optional(),
    /** How a version is called as a tag there: `v{version}`. */
    version_tag: text()
      .max(100)
      .regex(/^[^{}]*\{version\}[^{}]*$/, 'has to have {version} in it, such as "v{version}"')
      .optional(),
    /** A rule set of its own: its seats add to the company's and the environment's. */
    approvals: z.array(approval).max(50).optional(),
    compliance: z
      .looseObject({
        pci_dss: text().optional(),
        sox: text().optional(),
        gdpr: text().optional(),
        hipaa: text().optional(),
        /** The newest privacy impact assessment. */
        privacy_assessment: z.looseObject({ date: day }).optional(),
        encryption: z.looseObject({ at_rest: z.boolean().optional(), in_transit: z.boolean().optional() }).optional(),
        /** Where the log of access is. */
        access_log: z.union([z.boolean(), text()]).optional(),
      })
      .optional(),
    deployment: z
      .looseObject({
        regions: z.array(text()).optional(),
        requires_dual_approval: z.boolean().optional(),
        blackout_windows: z
          .array(
            z.looseObject({
              start: day,
              end: day,
              timezone: text().optional(),
              reason: text().optional(),
              /** Kinds and labels that it does not hold back. */
              except: z.array(identifier).optional(),
            }),
          )
          .max(100)
          .optional(),
      })
      .optional(),
    monitoring: z.looseObject({ custom_metrics: z.array(named).optional() }).optional(),
    dependencies: z
      .looseObject({ internal: z.array(named).optional(), external: z.array(named).optional() })
      .optional(),
  }),
});

export type ServiceDocument = z.infer<typeof serviceSchema>['service'];
