// The HTTP service, for scripts that run it beside a worker in one process, and for tests.
export { buildApp } from './app.ts'
export { startApi } from './listen.ts'
export type { RunningApi } from './listen.ts'
