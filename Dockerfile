# One image for API and worker: `docker build -t zkteco-device-api .`; the worker is the same image with another command
# (compose.yaml). `--target simulator` builds a simulated terminal instead.
#
# TypeScript is run as it stands, as in every test: Node 24 strips the types, so there is no build step whose output nobody
# has tested. What is here is held against the tree, and its install is run, by scripts/test/deployment*.test.ts.

FROM node:24-slim AS manifests
WORKDIR /app
RUN npm install --global pnpm@10.34.9
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY scripts/toolchain/pnpmfile.cjs scripts/toolchain/
COPY packages/zk-proto/package.json packages/zk-proto/
COPY packages/zk-sim/package.json packages/zk-sim/
COPY packages/data/package.json packages/data/
COPY packages/core/package.json packages/core/
COPY packages/api/package.json packages/api/
COPY packages/worker/package.json packages/worker/

FROM manifests AS dependencies
RUN pnpm install --prod --frozen-lockfile --filter "@org/api..." --filter "@org/worker..."

FROM manifests AS simulator-dependencies
RUN pnpm install --prod --frozen-lockfile --filter "@org/zk-sim..."

FROM node:24-slim AS simulator
ENV NODE_ENV=production
WORKDIR /app
COPY --from=simulator-dependencies /app ./
COPY packages/zk-proto/src packages/zk-proto/src
COPY packages/zk-sim/src packages/zk-sim/src
COPY packages/zk-sim/page packages/zk-sim/page
COPY packages/zk-sim/recorded packages/zk-sim/recorded
USER 1000:1000
EXPOSE 4370/tcp 4370/udp
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["node", "-e", "require('node:net').connect(4370, '127.0.0.1').on('connect', () => process.exit(0)).on('error', () => process.exit(1))"]
CMD ["node", "packages/zk-sim/src/cli.ts", "--host", "0.0.0.0"]

FROM node:24-slim AS service
ENV NODE_ENV=production HOST=0.0.0.0 ALIVE_FILE=/tmp/zk-alive
WORKDIR /app
COPY --from=dependencies /app ./
COPY packages/zk-proto/src packages/zk-proto/src
COPY packages/data/src packages/data/src
COPY packages/core/src packages/core/src
COPY packages/api/src packages/api/src
COPY packages/worker/src packages/worker/src
COPY scripts/deploy/healthcheck.mjs scripts/deploy/
# The image's own account "node", by number, so that whoever enforces non-root can see it.
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "scripts/deploy/healthcheck.mjs"]
# Without a shell in between: SIGTERM reaches the process itself, which finishes what it is at and ends.
CMD ["node", "--max-semi-space-size=16", "packages/api/src/main.ts"]
