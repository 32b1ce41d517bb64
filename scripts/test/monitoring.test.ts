// The dashboard and the alert rules ask for nothing that /metrics does not tell, and leave no number of it unseen; every alert is
// explained to whoever is woken by it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERRORS, METRICS, type MetricDeclaration } from '@org/core'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseQuery, type Selected } from './support/promql.ts'

const root = new URL('../..', import.meta.url).pathname
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const Target = Type.Object({ expr: Type.String(), legendFormat: Type.String() })
const Panel = Type.Object({
  id: Type.Integer(),
  type: Type.String(),
  title: Type.String({ minLength: 1 }),
  targets: Type.Optional(Type.Array(Target, { minItems: 1 })),
  gridPos: Type.Object({ x: Type.Integer(), y: Type.Integer(), w: Type.Integer(), h: Type.Integer() }),
})
const Dashboard = Type.Object({ uid: Type.String(), panels: Type.Array(Panel) })
const dashboard = Value.Parse(Dashboard, JSON.parse(read('docs/deploy/grafana-dashboard.json')))
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? [])

const Rule = Type.Object({
  alert: Type.String(),
  expr: Type.String(),
  for: Type.Optional(Type.String({ pattern: '^[0-9]+[smh]$' })),
  labels: Type.Object({ severity: Type.Enum(['warning', 'critical']) }),
  annotations: Type.Object({ summary: Type.String({ minLength: 10 }) }),
})
const Rules = Type.Object({ groups: Type.Array(Type.Object({ rules: Type.Array(Rule) })) })
const rules = Value.Parse(Rules, parse(read('docs/deploy/prometheus-alerts.yaml'))).groups.flatMap(
  (group) => group.rules,
)

/** What Prometheus itself tells of everything it scrapes. */
const ITS_OWN = new Set(['up'])
const ITS_LABELS = ['job', 'instance']

const declared: ReadonlyMap<string, MetricDeclaration> = new Map(Object.entries(METRICS))

/** The declaration behind a name in a query; a histogram is asked for by its parts. */
function declarationOf(metric: string): MetricDeclaration | undefined {
  const plain = declared.get(metric)
  if (plain !== undefined) return plain.type === 'histogram' ? undefined : plain
  const [, base = ''] = /^(\w+)_(?:bucket|sum|count)$/.exec(metric) ?? []
  const parts = declared.get(base)
  return parts?.type === 'histogram' ? parts : undefined
}

function labelsOf(metric: string): readonly string[] {
  const own = Object.keys(declarationOf(metric)?.labels ?? {})
  return [...own, ...ITS_LABELS, ...(metric.endsWith('_bucket') ? ['le'] : [])]
}

/** What is wrong with one selection; empty where it asks for what there is. */
function faultsOf({ metric, matchers }: Selected): string[] {
  if (!ITS_OWN.has(metric) && declarationOf(metric) === undefined) return [`there is no metric ${metric}`]
  return matchers.flatMap(({ label, operator, value }) => {
    if (!labelsOf(metric).includes(label)) return [`${metric} has no label ${label}`]
    if (operator.includes('~')) return isPattern(value) ? [] : [`${value} is no pattern`]
    const values = declarationOf(metric)?.labels[label]?.values ?? valuesOf(label)
    return values === undefined || values.includes(value) ? [] : [`${label} of ${metric} is never ${value}`]
  })
}

function valuesOf(label: string): readonly string[] | undefined {
  if (label === 'outcome') return ['success', ...Object.keys(ERRORS)]
  if (label === 'status') return Object.values(ERRORS).map(({ status }) => String(status))
  return label === 'job' ? ['zkteco-device-api'] : undefined
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text).source !== ''
  } catch {
    return false
  }
}

/** What is wrong with a query. */
function faultsIn(expression: string): string[] {
  const { selected, grouping } = parseQuery(expression)
  const known = new Set(selected.flatMap(({ metric }) => labelsOf(metric)))
  return [
    ...selected.flatMap(faultsOf),
    ...grouping.filter((label) => !known.has(label)).map((label) => `nothing asked for has a label ${label}`),
  ]
}

describe('the check itself', () => {
  it.each([
    ['zk_job', 'there is no metric zk_job'],
    ['http_request_duration_seconds', 'there is no metric http_request_duration_seconds'],
    ['zk_jobs_count', 'there is no metric zk_jobs_count'],
    ['zk_jobs{status="failed"}', 'zk_jobs has no label status'],
    ['sum(zk_jobs{state="broken"})', 'state of zk_jobs is never broken'],
    ['zk_device_operations_total{outcome="DEVICE_GONE"}', 'outcome of zk_device_operations_total is never'],
    ['sum by (device) (zk_jobs)', 'nothing asked for has a label device'],
    ['sum by (le) (rate(http_requests_total[5m]))', 'nothing asked for has a label le'],
  ])('finds what is wrong with %s', (expression, fault) => {
    expect(faultsIn(expression).join()).toContain(fault)
  })

  it('refuses what is no PromQL', () => {
    expect(() => parseQuery('sum by (queue) (zk_jobs')).toThrow('no PromQL')
  })
})

describe('the dashboard', () => {
  it.each(targets)('asks for what there is: $expr', ({ expr, legendFormat }) => {
    expect(faultsIn(expr)).toEqual([])
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
    const { selected, grouping } = parseQuery(expr)
    const carried = grouping.length > 0 ? grouping : selected.flatMap(({ metric }) => labelsOf(metric))
    expect(shown.filter((label) => !carried.includes(label))).toEqual([])
  })

  it('shows every number', () => {
    const shown = targets.flatMap(({ expr }) => parseQuery(expr).selected.map(({ metric }) => metric))
    const unseen = Object.keys(METRICS).filter(
      (name) => !shown.some((metric) => declarationOf(metric) === declared.get(name)),
    )
    expect(unseen).toEqual([])
  })

  it('has panels of their own number that do not overlap', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)}/${y + Math.floor(cell / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
  })
})

it('scrapes, as docs/metrics.md says it, under the name that the rules ask for, the path that there is', () => {
  const [, yaml = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(read('docs/metrics.md')) ?? []
  const Scraping = Type.Object({
    scrape_configs: Type.Array(
      Type.Object({
        job_name: Type.Literal('zkteco-device-api'),
        metrics_path: Type.Optional(Type.Literal('/metrics')),
        authorization: Type.Object({ credentials_file: Type.String() }),
        static_configs: Type.Array(Type.Object({ targets: Type.Array(Type.String()) })),
      }),
      { minItems: 1 },
    ),
  })
  expect(Value.Check(Scraping, parse(yaml))).toBe(true)
})

describe('the alert rules', () => {
  it.each(rules)('$alert asks for what there is', ({ expr, annotations: { summary } }) => {
    expect(faultsIn(expr)).toEqual([])
    const named = [...summary.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label)
    const { selected, grouping } = parseQuery(expr)
    const known = [...grouping, ...selected.flatMap(({ metric }) => labelsOf(metric))]
    expect(named.filter((label) => !known.includes(label))).toEqual([])
  })

  it('have each a row in docs/operations.md, and there is no row of another', () => {
    const text = read('docs/operations.md').split('## What to alert on')[1]?.split('\n## ')[0] ?? ''
    const explained = [...text.matchAll(/^\| `(\w+)` +\| \S.{15,} \| \S.{10,} \|$/gm)].map(
      ([, name = '']) => name,
    )
    expect(explained).toEqual(rules.map(({ alert }) => alert))
  })
})
