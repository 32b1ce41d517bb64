// docs/configuration.md: every environment variable of the service, from the schema that reads them.
import { CONFIG } from '@org/core'
import { table } from './markdown.ts'

const INTRODUCTION = `All settings are environment variables; an empty one counts as not set. A wrong value stops the start with one list of
everything that is wrong. With nothing set the service runs as one process on SQLite; \`DATABASE_URL\` on MySQL or MariaDB together
with \`REDIS_URL\` is queue mode, in which any number of API and worker processes share the work.`

const AFTERWORD = `\\* Has no substitute in queue mode, where all processes share it.

**secret**: never printed, logged or returned.`

/** What JSON Schema and our own words say of a variable. */
interface Variable {
  readonly description: string
  readonly type: string
  readonly default: string
  readonly secret: boolean
  readonly neededInQueueMode: boolean
}

/** The page. Throws for a variable without a description. */
export function configurationPage(): string {
  const rows = Object.entries(CONFIG.properties).map(([name, schema]) =>
    rowOf(name, variableOf(name, schema)),
  )
  return [
    '# Configuration',
    INTRODUCTION,
    table(['variable', 'type', 'default', 'what it does'], rows),
    AFTERWORD,
  ].join('\n\n')
}

function rowOf(name: string, variable: Variable): string[] {
  const star = variable.neededInQueueMode ? ' \\*' : ''
  const secret = variable.secret ? ' **secret**' : ''
  return [`\`${name}\`${star}`, variable.type, variable.default, `${variable.description}${secret}`]
}

function variableOf(name: string, schema: object): Variable {
  const description: unknown = Reflect.get(schema, 'description')
  if (typeof description !== 'string') throw new Error(`${name} has no description`)
  const byDefault: unknown = Reflect.get(schema, 'default')
  return {
    description,
    type: typeOf(schema),
    default: byDefault === undefined ? '' : `\`${JSON.stringify(byDefault).replaceAll('"', '')}\``,
    secret: Reflect.get(schema, 'secret') === true,
    neededInQueueMode: Reflect.get(schema, 'neededInQueueMode') === true,
  }
}

/** The type in words, with its bounds. */
function typeOf(schema: object): string {
  const type: unknown = Reflect.get(schema, 'type')
  if (type !== 'integer') return type === 'boolean' ? '`true` or `false`' : 'text'
  const [least, most] = [Reflect.get(schema, 'minimum'), Reflect.get(schema, 'maximum')]
  return `${String(least)}–${String(most)}`
}
