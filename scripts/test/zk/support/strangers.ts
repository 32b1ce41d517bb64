// What may listen on a terminal's port and is none.
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

export interface Stranger extends AsyncDisposable {
  readonly port: number
}

/** A TCP server that treats each client so. */
export async function stranger(meet: (socket: Socket) => void): Promise<Stranger> {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => undefined).on('close', () => open.delete(socket))
    meet(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: portOf(server),
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  await using nobody = await stranger(() => undefined)
  return nobody.port
}

function portOf(server: Server): number {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server listens nowhere')
  return address.port
}
