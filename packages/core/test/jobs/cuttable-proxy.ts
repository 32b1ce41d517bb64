// A way to a server that can be cut, silenced and mended, so that a test can take Redis away from one process and from nobody
// else.
import { type Socket, connect, createServer } from 'node:net'

export interface CuttableProxy {
  readonly url: string
  /** Ends every connection and accepts no other. */
  cut(): Promise<void>
  /** From now on takes connections and bytes, and keeps the bytes to itself until it is mended. */
  silence(): void
  mend(): Promise<void>
}

/** Opens a way to the server of this URL; it begins mended. */
export async function cuttableProxy(serverUrl: string): Promise<CuttableProxy> {
  const target = new URL(serverUrl)
  const sockets = new Set<Socket>()
  const ways = new Map<Socket, Socket>()
  let silent = false
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        ways.delete(near)
        near.destroy()
        far.destroy()
      })
    }
    ways.set(near, far)
    if (!silent) near.pipe(far)
    far.pipe(near)
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const url = new URL(serverUrl)
  url.port = String(address.port)
  return {
    url: url.href,
    cut: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
    silence: () => {
      silent = true
      for (const [near, far] of ways) near.unpipe(far)
    },
    async mend() {
      if (silent) for (const [near, far] of ways) near.pipe(far)
      silent = false
      if (!server.listening) await listen(address.port)
    },
  }
}
