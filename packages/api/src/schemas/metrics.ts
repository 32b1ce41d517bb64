// The numbers for Prometheus, which are text.
import { Type } from 'typebox'

const EXAMPLE = `# HELP zk_jobs Jobs by queue and state; completed and failed ever since
# TYPE zk_jobs gauge
zk_jobs{queue="attendance-sync",state="active"} 2
`

/** What `GET /metrics` answers. */
export const MetricsText = {
  description: "In Prometheus' text format",
  content: { 'text/plain': { schema: Type.String({ examples: [EXAMPLE] }) } },
}
