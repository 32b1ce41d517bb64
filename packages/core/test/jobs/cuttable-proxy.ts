// A way to a server that can be cut and mended, so that a test can take Redis away from one queue and from nobody else.
import { type Socket, connect, createServer } from 'node:net'

export interface CuttableProxy {
  readonly url: string
  /** Ends every connection and accepts no other. */
  cut(): Promise<void>
  mend(): Promise<void>
}

/** Opens a way to the server of this URL; it begins mended. */
export async function cuttableProxy(serverUrl: string): Promise<CuttableProxy> {
  const target = new URL(serverUrl)
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
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
    mend: () => listen(address.port),
  }
}
