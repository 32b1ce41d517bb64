// What the API does, for a command line that serves no HTTP: the same checks of what it is given, and the same files. The subpath
// "/beside-http".
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { validationError, type NewAccount, type PunchFilter, type PunchSort } from '@org/core'
import fastify, { type FastifyError, type InjectOptions } from 'fastify'
import type { PunchFormat } from './export/punch-file.ts'
import { ajvOptions, faultsOf, validation } from './plugins/validation.ts'
import { RegisterRequest } from './schemas/account.ts'
import { toPunchFilter } from './schemas/punch-filter.ts'
import { PunchExportQuery } from './schemas/punch.ts'
export { punchFile, type PunchFormat } from './export/punch-file.ts'

/** What is to be exported. */
export interface PunchExport {
  readonly format: PunchFormat
  readonly sort: PunchSort
  readonly filter: PunchFilter
}

/** An account as `POST /auth/register` takes it. Throws VALIDATION_ERROR with every fault. */
export function checkRegistration(input: {
  readonly [Field in keyof NewAccount]: string
}): Promise<NewAccount> {
  const request = { method: 'POST', url: '/', payload: { ...input } } as const
  return accepted(request, (app, accept) => {
    app.post('/', { schema: { body: RegisterRequest } }, async ({ body }) => accept(body))
  })
}

/** What is to be exported, as `GET /attendance/export` takes it. Throws VALIDATION_ERROR with every fault. */
export function checkPunchExport(query: Readonly<Record<string, string>>): Promise<PunchExport> {
  const request = { method: 'GET', url: '/', query: { ...query } } as const
  return accepted(request, (app, accept) => {
    app.get('/', { schema: { querystring: PunchExportQuery } }, async ({ query }) => {
      const { format, sort, ...asked } = query
      accept({ format, sort, filter: toPunchFilter(asked) })
    })
  })
}

type CheckingApp = ReturnType<typeof checkingApp>

function checkingApp() {
  return fastify({ ajv: ajvOptions }).withTypeProvider<TypeBoxTypeProvider>()
}

/** Lets the API's own machinery check a request, in an application of one route that no network reaches. */
async function accepted<T>(
  request: InjectOptions,
  addRoute: (app: CheckingApp, accept: (value: T) => void) => void,
): Promise<T> {
  const app = checkingApp()
  try {
    let outcome: { readonly value: T } | undefined
    let refusal: FastifyError | undefined
    await app.register(validation)
    app.setErrorHandler<FastifyError>((error, _request, reply) => {
      refusal = error
      return reply.code(400).send({})
    })
    addRoute(app, (value) => {
      outcome = { value }
    })
    await app.inject(request)
    if (outcome !== undefined) return outcome.value
    if (refusal?.validation !== undefined) throw validationError(faultsOf(refusal))
    throw refusal ?? new Error('a request was neither accepted nor refused')
  } finally {
    await app.close()
  }
}
