// The least that fastify can do with an answer: a program of its own with one route that sends the bytes it was given. Started by
// http.ts, which sends it the body and is told the port.
import { once } from 'node:events'
import { fastify } from 'fastify'

const [body]: unknown[] = await once(process, 'message')
if (typeof body !== 'string') throw new TypeError('expected the body to send')
const app = fastify()
app.get('/', (_, reply) => reply.type('application/json; charset=utf-8').send(body))
await app.listen({ host: '127.0.0.1', port: 0 })
process.on('disconnect', () => process.exit())
const address = app.server.address()
process.send?.(typeof address === 'object' ? address?.port : address)
