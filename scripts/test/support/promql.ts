// What a PromQL expression asks for, read by Prometheus' own grammar: metrics with the labels that are chosen by value, and the
// labels that are named anywhere in it (grouping, matching).
import { parser } from '@prometheus-io/lezer-promql'

/** One metric as it is asked for. */
export interface Selected {
  readonly metric: string
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[]
}

export interface Query {
  readonly selected: readonly Selected[]
  /** Labels of `by`, `without`, `on`, `ignoring` and `group_…`. */
  readonly grouping: readonly string[]
}

/** Throws for what is no PromQL. */
export function parseQuery(expression: string): Query {
  // Grafana puts a duration in here.
  const text = expression.replaceAll('$__rate_interval', '5m')
  const textOf = (node: { readonly from: number; readonly to: number }) => text.slice(node.from, node.to)
  const selected: Selected[] = []
  const grouping: string[] = []
  parser.parse(text).iterate({
    enter({ type, node }) {
      if (type.isError) throw new Error(`no PromQL at ${node.from}: ${expression}`)
      if (type.name === 'VectorSelector') {
        const name = node.getChild('Identifier')
        if (name === null) throw new Error(`a selector without a metric: ${expression}`)
        const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []
        selected.push({ metric: textOf(name), matchers: matchers.map((it) => matcherOf(textOf(it))) })
      }
      if (type.name === 'GroupingLabels')
        grouping.push(...node.getChildren('LabelName').map((label) => textOf(label)))
    },
  })
  return { selected, grouping }
}

function matcherOf(text: string): Selected['matchers'][number] {
  const [, label = '', operator = '', value = ''] = /^(\w+)\s*(=~|!~|!=|=)\s*"(.*)"$/.exec(text) ?? []
  if (label === '') throw new Error(`no matcher that this test can read: ${text}`)
  return { label, operator, value }
}
