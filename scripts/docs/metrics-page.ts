// docs/metrics.md: every number of /metrics, from the declaration that makes them.
import { METRICS, type MetricDeclaration } from '@org/core'
import { table } from './markdown.ts'

const INTRODUCTION = `\`GET /metrics\` of every API process tells these in the text format of Prometheus, to an admin's token or to
\`METRICS_TOKEN\` as the bearer token. A worker has no port: what workers do is counted together with everything else.

- **service**: the number of the whole service, the same whichever process is asked. Take it from one of them, as with
  \`max by (queue, state) (zk_jobs)\`; a sum over processes would count it several times.
- **process**: the number of the process that was asked. Scrape every API process and add them up.

What cannot be read at the moment (jobs and terminals while the database is away, counters that workers share while Redis is away) is
left out, so that an old number is never taken for a new one. Counters begin anew when a process starts, those of the service when
Redis is emptied (embedded: when the process starts); \`rate\` and \`increase\` know how to deal with that.`

const AFTERWORD = `Labels are few and known beforehand: no device, person, address or path that a caller made up becomes one. Prometheus adds \`job\`
and \`instance\`.

## Scraping, dashboard, alerts

\`\`\`yaml
scrape_configs:
  - job_name: zkteco-device-api
    authorization:
      credentials_file: /etc/prometheus/zkteco-metrics-token
    static_configs:
      - targets: ['127.0.0.1:3000']
\`\`\`

- [deploy/grafana-dashboard.json](deploy/grafana-dashboard.json): import it in Grafana and choose the Prometheus data source.
- [deploy/prometheus-alerts.yaml](deploy/prometheus-alerts.yaml): alert rules for \`rule_files\`, for the job name above. What each means and what to
  do about it: [operations.md](operations.md#what-to-alert-on).

A test holds every query in both files against this table.`

/** The page. */
export function metricsPage(): string {
  const declared: [string, MetricDeclaration][] = Object.entries(METRICS)
  const rows = declared.map(([name, { type, of, help, labels }]) => [
    `\`${name}\``,
    type,
    of,
    Object.keys(labels)
      .map((label) => `\`${label}\``)
      .join(', '),
    help,
  ])
  return [
    '# Metrics',
    INTRODUCTION,
    table(['metric', 'type', 'of', 'labels', 'what it tells'], rows),
    '## Labels',
    table(['metric', 'label', 'what it says', 'values'], declared.flatMap(labelRows)),
    AFTERWORD,
  ].join('\n\n')
}

function labelRows([name, { labels, buckets }]: [string, MetricDeclaration]): string[][] {
  const rows = Object.entries(labels).map(([label, { description, values = [] }]) => [
    `\`${name}\``,
    `\`${label}\``,
    description,
    values.map((value) => `\`${value}\``).join(', '),
  ])
  if (buckets === undefined) return rows
  const bounds = [...buckets, '+Inf'].map((bound) => `\`${bound}\``).join(', ')
  return [...rows, [`\`${name}_bucket\``, '`le`', 'Answered within so many seconds', bounds]]
}
