# syntax=docker/dockerfile:1
# The command line with the packages of this repository, and the cluster's configuration (cluster/reprise.config.ts):
#   docker build --tag reprise .
#   docker run --rm reprise --help
# An orchestrator or a worker of docker-compose.yml, not root, with probes on port 8080 of the container's own loopback.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY . .
# No install scripts: nothing here needs one.
RUN npm ci --ignore-scripts --no-audit --no-fund && node scripts/setup.mjs
# The compiler, the tests' tools and the Node that the repository brings are not needed any more.
RUN npm prune --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-bookworm-slim AS runtime
ENV NODE_ENV=production \
    REPRISE_CONFIG=/app/cluster/reprise.config.ts \
    REPRISE_VIEWS=/tmp/reprise-views.db
WORKDIR /app
COPY --from=build /app/package.json /app/package-lock.json /app/LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/core ./core
COPY --from=build /app/plugins ./plugins
COPY --from=build /app/cli ./cli
COPY --from=build /app/docs/examples ./docs/examples
COPY --from=build /app/cluster ./cluster
# The one place beside /tmp that is written to; a volume that is mounted there takes its owner over.
RUN mkdir .reprise && chown node:node .reprise
USER node
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=6 \
  CMD ["node", "cluster/healthcheck.mjs", "http://127.0.0.1:8080/readyz"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "cli/bin/run.js"]
CMD ["worker", "start", "--health-port", "8080"]
